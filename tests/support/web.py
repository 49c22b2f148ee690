"""The application without a server: requests go in and answers come out, in the test's own loop."""

from __future__ import annotations

import secrets
from uuid import UUID

import httpx
from litestar import Litestar

from hub.config import Settings
from hub.crypto import encrypt
from hub.db import network_transaction
from hub.ids import uuid7
from hub.tenants.accounts.queries import add_session
from hub.tenants.accounts.service import hash_secret
from hub.tenants.accounts.sessions import COOKIE as SESSION_COOKIE
from hub.web.csrf import COOKIE as CSRF_COOKIE
from hub.web.csrf import HEADER as CSRF_HEADER
from tests.factories import Member

# The secret of every admin's second factor.
SECOND_FACTOR = "ADMINSSIGNINWITHACODETHEIROWNTWO"


def new_client(app: Litestar, settings: Settings) -> httpx.AsyncClient:
    """A visitor with a cookie jar, who has loaded a form: whatever it posts passes the check for forged requests."""
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 50000)),  # type: ignore[arg-type]  # Litestar's own ASGI types
        base_url=settings.base_url,
    )
    token = secrets.token_urlsafe(32)
    client.cookies.set(CSRF_COOKIE, token)
    client.headers[CSRF_HEADER] = token
    return client


async def sign_in(client: httpx.AsyncClient, member: Member) -> None:
    """Begin a session in the member's organisation, without the form."""
    await sign_in_as(client, member.account_id, member.membership_id)


async def sign_in_as(
    client: httpx.AsyncClient, account_id: UUID, membership_id: UUID | None
) -> None:
    """Whoever is an admin has a second factor, and has shown it."""
    secret = secrets.token_urlsafe(32)
    async with network_transaction() as scope:
        await scope.execute(
            """
            INSERT INTO second_factors (id, account_id, secret, created_at, confirmed_at)
            SELECT $1, $2, $3, $4, $4
            WHERE EXISTS (SELECT FROM memberships WHERE account_id = $2 AND role = 'admin')
            ON CONFLICT (account_id) DO NOTHING
            """,
            uuid7(),
            account_id,
            encrypt(SECOND_FACTOR),
            scope.now,
        )
        await add_session(
            scope, account_id, hash_secret(secret), membership_id, second_factor_at=scope.now
        )
    client.cookies.set(SESSION_COOKIE, secret)
