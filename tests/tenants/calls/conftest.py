from __future__ import annotations

import httpx
import pytest

from tests.factories import Member
from tests.support.web import sign_in
from tests.tenants.calls.making import make_ente


@pytest.fixture
async def admin(db: object) -> Member:
    """Of an Ente of its own."""
    return (await make_ente())[1]


@pytest.fixture
async def desk(client: httpx.AsyncClient, admin: Member) -> httpx.AsyncClient:
    """The admin's browser."""
    await sign_in(client, admin)
    return client
