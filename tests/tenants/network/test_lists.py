"""Every list of the Ente's stays at a fixed number of statements, however many organisations there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from hub.config import Settings
from tests.factories import make_membership, make_tenant
from tests.support import web
from tests.support.databases import Database
from tests.support.statements import counted
from tests.tenants.network.crowd import write_crowd

FEW, MANY = 20, 10_000
LISTS = (
    "/network",
    "/network/organisations",
    "/network/organisations?state=setup&kind=host&region=15&q=comune",
    "/network/silent",
    "/network/protocols",
    "/network/imports",
    "/selections",
)


@pytest.fixture
async def ente(
    own_database: Database, app: Litestar, settings: Settings
) -> AsyncIterator[tuple[Database, httpx.AsyncClient, UUID]]:
    tenant = await make_tenant("coordinator")
    admin = await make_membership(tenant, "admin")
    async with web.new_client(app, settings) as client:
        await web.sign_in(client, admin)
        yield own_database, client, tenant.id


async def test_lists_run_as_many_statements_for_ten_thousand_as_for_twenty(
    ente: tuple[Database, httpx.AsyncClient, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, client, ente_id = ente
    few: dict[str, list[str]] = {}
    await write_crowd(database, ente_id, 1, FEW)
    for path in LISTS:
        few[path] = await _statements(client, path, monkeypatch)
    await write_crowd(database, ente_id, FEW + 1, MANY)
    for path in LISTS:
        assert await _statements(client, path, monkeypatch) == few[path], path


async def _statements(
    client: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    await client.get(path)
    with counted(monkeypatch) as found:
        answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text[:500])
    assert len(found.ran) < 25, found.ran
    return found.ran
