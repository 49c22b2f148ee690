"""Whoever opens a desk here looks at the whole network afterwards, and so has a database of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar

from hub.db import network_transaction, tenant_transaction
from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Desk, make_desk, make_tenant
from tests.support.databases import Database

OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
def visitor(app: Litestar, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Somebody who has chosen English, and comes when no earlier test's network is remembered."""
    app.state.pop("directory_overview", None)
    client.cookies.set(LOCALE_COOKIE, "en")
    return client


@pytest.fixture
def open_desk(own_database: Database) -> OpenDesk:
    async def opened(
        municipality: str = "Napoli",
        *,
        host: str | None = None,
        state: str = "active",
        host_state: str = "active",
        located: bool = True,
        sandbox: bool = False,
        patron: str | None = None,
        **columns: object,
    ) -> Desk:
        """A desk in the middle of a municipality, with a host of its own."""
        tenant = await make_tenant("host", name=host, state=host_state)
        desk = await make_desk(tenant, name=f"Sportello di {municipality}", state=state)
        async with network_transaction() as scope:
            await scope.execute(
                "UPDATE tenants SET sandbox = $2, patron_province = $3 WHERE id = $1",
                tenant.id,
                sandbox,
                patron,
            )
        async with network_transaction() as scope:
            place = await scope.fetchrow(
                "SELECT istat_code, region_code, latitude, longitude FROM municipalities"
                " WHERE name = $1",
                municipality,
            )
        assert place is not None
        columns |= {"municipality_code": place["istat_code"], "region_code": place["region_code"]}
        columns["latitude"] = place["latitude"] if located else None
        columns["longitude"] = place["longitude"] if located else None
        changes = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
        async with tenant_transaction(tenant.id) as scope:
            await scope.execute(
                f"UPDATE desks SET {changes} WHERE id = $1", desk.id, *columns.values()
            )
        return desk

    return opened
