"""An administration with its administrator, who reads English."""

from __future__ import annotations

import httpx
import pytest

from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Member, Tenant, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.web import sign_in


@pytest.fixture
async def host(db: Database) -> Tenant:
    return await make_tenant("host")


@pytest.fixture
async def admin(host: Tenant) -> Member:
    return await make_membership(host, "admin")


@pytest.fixture
async def office(client: httpx.AsyncClient, admin: Member) -> httpx.AsyncClient:
    """The administrator's browser."""
    await sign_in(client, admin)
    client.cookies.set(LOCALE_COOKIE, "en")
    return client
