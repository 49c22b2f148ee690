"""The directory with ten thousand desks."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar

from hub.ids import uuid7
from hub.tenants.directory.drawing import draw
from hub.tenants.directory.schemas import Place
from tests.support.databases import Database, connected
from tests.support.statements import counted

PATHS = (
    "/",
    "/desks",
    "/desks?region=15",
    "/desks?q=Napoli",
    "/desks?q=80142",
    "/desks?q=24060",
    "/desks?q=Amalfi",
    "/api/v1/desks?limit=100",
    "/api/v1/desks?region=15&offers=information",
    "/services",
    "/api/v1/services?region=15",
)
DESKS = """
WITH places AS (
  SELECT istat_code, region_code, row_number() OVER (ORDER BY md5(istat_code)) AS n FROM municipalities
), host AS (
  INSERT INTO tenants (id, name, name_search, kinds, host_kind, state, created_at)
  VALUES ($1, 'Grande rete', 'grande rete', '{host,lender}', 'other', 'active', now()) RETURNING id
), offered AS (
  INSERT INTO services_offered (id, service_id, tenant_id, kind, name, regions, valid_from)
  SELECT made.id, made.id, host.id, 'social_loan', 'Prestito ' || made.n, '{15}', '2020-01-01'
  FROM host, (SELECT gen_random_uuid() AS id, n FROM generate_series($2::int, $3::int) n) AS made
)
INSERT INTO desks (id, tenant_id, name, state, municipality_code, region_code, address, hours, offers)
SELECT gen_random_uuid(), host.id, 'Sportello ' || made.n, 'active', places.istat_code,
  places.region_code, 'Via Roma 1', '[[1, "09:00", "13:00"]]', '{information}'
FROM host, generate_series($2::int, $3::int) AS made (n)
JOIN places ON places.n = 1 + made.n % (SELECT count(*) FROM places)
"""


async def add_desks(database: Database, first: int, last: int) -> None:
    async with connected(database.superuser_url) as superuser:
        await superuser.execute(DESKS, uuid7(), first, last)


async def statements(
    app: Litestar, visitor: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Those of somebody who comes when the map of seconds ago is forgotten."""
    app.state.pop("directory_overview", None)
    with counted(monkeypatch) as found:
        answer = await visitor.get(path)
    assert answer.status_code == 200
    return found.ran


async def test_ten_thousand_desks_take_as_many_statements_as_ten(
    own_database: Database,
    app: Litestar,
    visitor: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Enough for every place that is asked about to have a desk in both.
    await add_desks(own_database, 1, 8000)
    few = {path: await statements(app, visitor, path, monkeypatch) for path in PATHS}
    await add_desks(own_database, 8001, 10_000)
    for path in PATHS:
        assert await statements(app, visitor, path, monkeypatch) == few[path], path
        assert len(few[path]) <= 12, path


async def test_a_list_by_id_walks_an_index(own_database: Database) -> None:
    await add_desks(own_database, 1, 10_000)
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute("ANALYZE desks, tenants, municipalities")
        plan = await superuser.fetch(
            """
            EXPLAIN SELECT d.id FROM desks d
            JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
            WHERE d.state = 'active' AND d.id > $1::uuid ORDER BY d.id LIMIT 51
            """.replace("$1", f"'{uuid7()}'")
        )
    text = "\n".join(row[0] for row in plan)
    assert "desks_pkey" in text
    assert "Seq Scan on desks" not in text


def test_a_map_of_every_municipality_is_drawn_without_comparing_each_with_each() -> None:
    """The dots lie apart, whichever squares they fall into, and no desk is lost."""
    places = [
        Place(
            f"{n:06}",
            f"P{n}",
            "15",
            36 + (n * 7919 % 1000) / 100,
            7 + (n * 104729 % 1100) / 100,
            1 + n % 5,
        )
        for n in range(3000)
    ]
    dots = draw([], places).dots
    assert sum(dot.desks for dot in dots) == sum(place.desks for place in places)
    assert sum(len(dot.names) for dot in dots) == len(places)
    assert len(dots) < len(places)
