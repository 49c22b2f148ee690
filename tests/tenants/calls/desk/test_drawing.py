"""The map of coverage: every province has its mark, and none hides another."""

from __future__ import annotations

from itertools import combinations
from math import hypot

from hub.db import tenant_transaction
from hub.tenants.calls.desk import queries
from hub.tenants.calls.desk.drawing import APART, draw
from hub.tenants.calls.desk.schemas import Province
from hub.tenants.territory.map import view_box
from tests.factories import CAMPANIA, make_desk, make_tenant
from tests.support.databases import Database
from tests.tenants.calls.making import content, make_application, make_call, make_ente


async def provinces_of(tenant_id: object) -> dict[str, Province]:
    async with tenant_transaction(tenant_id) as scope:  # type: ignore[arg-type]  # a tenant's id
        return {one.code: one for one in await queries.provinces(scope)}


async def test_every_province_has_a_mark_of_its_own(db: Database) -> None:
    ente, _ = await make_ente()
    provinces = list((await provinces_of(ente.id)).values())

    coverage = draw(provinces, {CAMPANIA})

    assert len(provinces) > 100
    assert [mark.province for mark in coverage.marks] == provinces
    left, top, width, height = map(float, view_box().split())
    for mark in coverage.marks:
        assert left < mark.x < left + width
        assert top < mark.y < top + height
    nearest = min(hypot(a.x - b.x, a.y - b.y) for a, b in combinations(coverage.marks, 2))
    assert nearest > APART * 0.9
    hatched = [line.title for line in coverage.drawing.outlines if line.kind == "waiting"]
    assert hatched == ["Campania"]


async def test_two_provinces_at_one_point_part() -> None:
    one = Province("AA", "Uno", CAMPANIA, "Campania", 40.8, 14.3, 0, 0, 0)

    first, second = draw([one, one._replace(code="BB")], ()).marks

    assert hypot(first.x - second.x, first.y - second.y) >= APART * 0.99


async def test_a_desk_goes_before_an_admission_and_that_before_an_application(
    own_database: Database,
) -> None:
    ente, _ = await make_ente()
    call_id = await make_call(ente)
    assert (await provinces_of(ente.id))["NA"].reach == "none"

    application = await make_application(ente, call_id)
    assert (await provinces_of(ente.id))["NA"].reach == "pending"

    async with tenant_transaction(ente.id) as scope:
        await scope.execute(
            "UPDATE applications SET state = 'admitted' WHERE id = $1", application.id
        )
    found = (await provinces_of(ente.id))["NA"]
    assert (found.reach, found.admitted) == ("admitted", 1)
    assert content().desks[0].municipality_code == "063049"

    await make_desk(await make_tenant("host"))
    found = (await provinces_of(ente.id))["NA"]
    assert (found.reach, found.desks) == ("desk", 1)

    others = await make_tenant("coordinator")
    assert (await provinces_of(others.id))["NA"].admitted == 0
