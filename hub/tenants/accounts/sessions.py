"""The session cookie, and the middleware that turns it into `request.user` (Actor or Visitor) and `request.auth` (id).

Who still has to set up a second factor is led there from everywhere, except from what is public, where they are
nobody, and from the routes of the set-up itself, which have `opt=WITHOUT_SECOND_FACTOR`.
"""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from hub.db import network_transaction
from hub.tenants.accounts import service
from hub.tenants.accounts.actor import SecondFactorMissing, Unprotected
from hub.tenants.accounts.queries import SESSION_LONGEST

COOKIE = "hub_session"
# A cookie so named cannot be planted by another subdomain: nobody is made to work in a stranger's session.
HTTPS_COOKIE = f"__Host-{COOKIE}"
# These need nobody, and must answer while the database does not.
PUBLIC_PREFIXES = ("/static/", "/status")
WITHOUT_SECOND_FACTOR = {"without_second_factor": True}


class SessionMiddleware(ASGIMiddleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = scope["auth"] = None
        secret = secret_of(ASGIConnection(scope))
        if secret and not scope["path"].startswith(PUBLIC_PREFIXES):
            async with network_transaction() as network:
                found = await service.find_session(network, secret)
            if found:
                scope["auth"], scope["user"] = found
        if isinstance(scope["user"], Unprotected) and not _open_to_unprotected(scope):
            raise SecondFactorMissing
        await next_app(scope, receive, send)


def _open_to_unprotected(scope: Scope) -> bool:
    handler = scope.get("route_handler")
    opt = handler.opt if handler is not None else {}
    return bool(opt.get("public") or opt.get("without_second_factor"))


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
