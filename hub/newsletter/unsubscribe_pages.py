"""Leaving the newsletter, without signing in. GET changes nothing; any POST leaves (RFC 8058 §3.2).

A mail program posts `List-Unsubscribe=One-Click`, form-encoded or multipart, with no cookie and no token but the one
in the address; a redirect would break it. A person presses the button of the page, which posts the same.
"""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.newsletter import consents, queries
from hub.newsletter.unsubscribe import ONE_CLICK, PAGE, Leaving, read_token, unsubscribe
from hub.tokens import BadToken
from hub.web.i18n import N_
from hub.web.page import page

PageRequest = Request[Any, Any, Any]


class UnknownLink(NotFound):
    message = N_(
        "This link is not complete. Please open it again from the newsletter, or copy it whole."
    )


@get("/unsubscribe/{token:str}", opt={"public": True})
async def ask(request: PageRequest, token: FromPath[str]) -> Template:
    leaving = _leaving(token)
    async with tenant_transaction(leaving.tenant_id) as scope:
        publisher = await queries.publisher(scope)
        email = await consents.email_of(scope, leaving.email_token)
        gone = await consents.is_suppressed(scope, leaving.email_token)
    return page(
        request,
        "newsletter/unsubscribe.html",
        publisher=publisher,
        address=masked(email) if email else None,
        done=gone,
    )


@post(
    "/unsubscribe/{token:str}",
    status_code=200,
    opt={"public": True, "exclude_from_csrf": True},
)
async def leave(request: PageRequest, token: FromPath[str]) -> Template:
    leaving = _leaving(token)
    # The body decides nothing but the note of how it was done: whoever posts here wants to leave.
    channel = PAGE if b"from=page" in await request.body() else ONE_CLICK
    async with tenant_transaction(leaving.tenant_id) as scope:
        publisher = await queries.publisher(scope)
        await unsubscribe(scope, leaving, channel)
    return page(
        request, "newsletter/unsubscribe.html", publisher=publisher, address=None, done=True
    )


def _leaving(token: str) -> Leaving:
    try:
        return read_token(token)
    except BadToken:
        raise UnknownLink from None


def masked(email: str) -> str:
    """Enough to know one's own address by: `a…@example.org`."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}…@{domain}"


ROUTES: list[ControllerRouterHandler] = [ask, leave]
