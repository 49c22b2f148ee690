"""Proof that a form was ours: a random token in a cookie and, the same, in the form; and the browser's own word.

Litestar's own middleware keeps the last thousand form bodies in a cache, passwords included, and fails on a body that
is not UTF-8; this one reads the one field it needs. The API sends the token in a header. A route opts out with
`opt={"exclude_from_csrf": True}`: one-click unsubscribe, whose own token is in its address. A route with `opt=MULTIPART`
reads its form itself, through `hub.web.multipart`, which gives the token to `check`; one that does not answers nothing.
"""

import hmac
import re
import secrets
from contextvars import ContextVar
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from hub.errors import Forbidden
from hub.web.i18n import N_

COOKIE = "hub_csrf"
FIELD = "_csrf_token"
HEADER = "x-csrf-token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART = {"multipart": True}
_PENDING = "csrf_pending"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FIELD_IN_BODY = re.compile(rb"(?:^|&)" + FIELD.encode() + rb"=([A-Za-z0-9_-]{43})(?=&|$)")

_visitor: ContextVar[Request[Any, Any, Any] | None] = ContextVar("csrf_visitor", default=None)


class StaleForm(Forbidden):
    code = "stale-form"
    message = N_(
        "This form is too old, or cookies are switched off. Please load the page again and repeat the step."
    )


class CsrfMiddleware(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "exclude_from_csrf"

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive=receive)
        token = _cookie_token(request)
        if request.method not in SAFE_METHODS:
            # Another subdomain, or another port of this host, can plant a token of its own for us. Every browser says
            # where a request comes from; programs say nothing.
            if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
                raise StaleForm
            handler = scope.get("route_handler")
            if handler is not None and handler.opt.get("multipart"):
                scope["state"][_PENDING] = True
            elif not token or not hmac.compare_digest(token, await _sent_token(request)):
                raise StaleForm
        await next_app(scope, receive, self._with_new_cookie(scope, send))

    def _with_new_cookie(self, scope: Scope, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] != "http.response.start":
                await send(message)
                return
            if scope["state"].get(_PENDING) and message["status"] < 400:
                raise RuntimeError("a form was answered whose token nobody checked")
            made = scope["state"].get(COOKIE)
            if made:
                cookie = Cookie(
                    COOKIE,
                    value=made,
                    path="/",
                    httponly=True,
                    secure=self._secure,
                    samesite="lax",
                )
                headers = MutableScopeHeaders.from_message(message)
                headers.add("set-cookie", cookie.to_header(header=""))
            await send(message)

        return wrapped


def check(request: Request[Any, Any, Any], sent: str) -> None:
    """For a form that was read elsewhere. Raises StaleForm."""
    sent = request.headers.get(HEADER, "") or sent
    token = _cookie_token(request)
    if not token or not sent.isascii() or not hmac.compare_digest(token, sent):
        raise StaleForm
    request.scope["state"].pop(_PENDING, None)


def refused(request: Request[Any, Any, Any]) -> None:
    """An error is the answer, perhaps as the way to the sign-in form: nothing was done, so no token was asked for."""
    request.scope["state"].pop(_PENDING, None)


def render_for(request: Request[Any, Any, Any]) -> None:
    """The templates rendered next in this task put this visitor's token into their forms."""
    _visitor.set(request)


def csrf_token() -> str:
    """For templates; see `render_for`. Only a page with a form makes a token, so that others set no cookie."""
    request = _visitor.get()
    if request is None:
        return ""
    state = request.scope["state"]
    token = state.get(COOKIE) or _cookie_token(request)
    if not token:
        token = state[COOKIE] = secrets.token_urlsafe(32)
    return str(token)


def _cookie_token(request: Request[Any, Any, Any]) -> str:
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


async def _sent_token(request: Request[Any, Any, Any]) -> str:
    header = request.headers.get(HEADER, "")
    if header or request.content_type[0] != FORM_TYPE:
        return header if _TOKEN.fullmatch(header) else ""
    found = _FIELD_IN_BODY.search(await request.body())
    return found.group(1).decode() if found else ""
