"""The session cookie, and the middleware that turns it into `request.user` (Actor or Visitor) and `request.auth` (id)."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from hub.db import network_transaction
from hub.tenants.accounts import service
from hub.tenants.accounts.queries import SESSION_LONGEST

COOKIE = "hub_session"
# A cookie so named cannot be planted by another subdomain: nobody is made to work in a stranger's session.
HTTPS_COOKIE = f"__Host-{COOKIE}"
# These need nobody, and must answer while the database does not.
PUBLIC_PREFIXES = ("/static/", "/status")


class SessionMiddleware(ASGIMiddleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = scope["auth"] = None
        secret = secret_of(ASGIConnection(scope))
        if secret and not scope["path"].startswith(PUBLIC_PREFIXES):
            async with network_transaction() as network:
                found = await service.find_session(network, secret)
            if found:
                scope["auth"], scope["user"] = found
        await next_app(scope, receive, send)


def secret_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    secure = bool(connection.app.state.get("secure_cookies", False))
    return connection.cookies.get(_name(secure=secure)) or None


def _name(*, secure: bool) -> str:
    return HTTPS_COOKIE if secure else COOKIE


def session_id(request: Request[Any, Any, Any]) -> UUID | None:
    found = request.scope.get("auth")
    return found if isinstance(found, UUID) else None


def session_cookie(secret: str, *, secure: bool) -> Cookie:
    return Cookie(
        _name(secure=secure),
        value=secret,
        path="/",
        max_age=int(SESSION_LONGEST.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )


def ended_cookie(*, secure: bool) -> Cookie:
    return Cookie(
        _name(secure=secure),
        value="",
        path="/",
        max_age=0,
        httponly=True,
        secure=secure,
        samesite="lax",
    )
