"""Who may enter an application's pages: a browser with its cookie, and nobody else, whoever is signed in."""

from typing import Any

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from hub.db import TenantScope
from hub.errors import NotFound
from hub.ids import parse_uuid
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.links import (
    COOKIE,
    HTTPS_COOKIE,
    Grant,
    grant_of,
    read_cookie,
    room_cookie,
)
from hub.tenants.calls.applications.schemas import Application
from hub.tokens import BadToken

PageRequest = Request[Any, Any, Any]
_RENEWED = "application_cookie"


class NoAccess(NotFound):
    """There is no such application, or this browser has not opened it by its link: the two look the same."""

    code = "application-not-opened"


def granted(request: PageRequest, application_id: str) -> Grant:
    """What the cookie says, before anything is read. Raises NoAccess."""
    cookie = request.cookies.get(HTTPS_COOKIE if is_secure(request) else COOKIE, "")
    try:
        grant = read_cookie(cookie)
    except BadToken:
        raise NoAccess from None
    if grant.application_id != parse_uuid(application_id):
        raise NoAccess
    return grant


async def enter(
    scope: TenantScope, request: PageRequest, grant: Grant, *, lock: bool = False
) -> Application:
    """The application, and with the answer a cookie that lasts as long again. Raises NoAccess."""
    application = await queries.find(scope, grant.application_id, lock=lock)
    if application is None:
        raise NoAccess
    if grant == grant_of(application):
        cookie = room_cookie(grant, secure=is_secure(request))
        request.scope["state"][_RENEWED] = cookie.to_header(header="")
    return application


def is_secure(request: PageRequest) -> bool:
    return bool(request.app.state.get("secure_cookies", False))


class RenewCookie(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                # As for people who have signed in: nobody finds it in this browser later.
                headers.setdefault("Cache-Control", "no-store")
                if renewed := scope["state"].get(_RENEWED):
                    headers.add("set-cookie", renewed)
            await send(message)

        await next_app(scope, receive, wrapped)
