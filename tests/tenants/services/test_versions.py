"""A service through time: each change is a version, and the past stays as it was."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import msgspec
import pytest

from hub import clock
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.errors import NotFound
from hub.ids import uuid7
from hub.tenants.services import queries, service
from hub.tenants.services.errors import Begun, Changed, InThePast, NotOffered
from hub.tenants.services.schemas import Offered, Stated
from tests.factories import Member, make_membership, make_tenant

LOAN = Stated(
    kind="enterprise_loan",
    name="Microcredito",
    regions=("15", "18"),
    min_amount_cents=500_000,
    max_amount_cents=2_500_000,
    answer_days=10,
)
MORE = msgspec.structs.replace(LOAN, max_amount_cents=5_000_000)
pytestmark = pytest.mark.usefixtures("db")


def day(offset: int) -> date:
    return clock.today() + timedelta(days=offset)


@pytest.fixture
async def lender() -> Member:
    return await make_membership(await make_tenant("lender"), "admin")


async def add(lender: Member, stated: Stated = LOAN, begins: int = 0) -> UUID:
    async with tenant_transaction(lender.tenant.id) as scope:
        return await service.add(scope, lender.actor, stated, day(begins))


async def change(
    lender: Member, service_id: UUID, stated: Stated, begins: int, seen: int | None = None
) -> None:
    async with tenant_transaction(lender.tenant.id) as scope:
        await service.change(scope, lender.actor, service_id, stated, day(begins), seen=seen)


async def end(lender: Member, service_id: UUID, last_day: date | None) -> None:
    async with tenant_transaction(lender.tenant.id) as scope:
        await service.end(scope, lender.actor, service_id, last_day)


async def versions(lender: Member, service_id: UUID) -> list[Offered]:
    async with tenant_transaction(lender.tenant.id) as scope:
        return await queries.versions_of(scope, lender.tenant.id, service_id)


async def spans(lender: Member, service_id: UUID) -> list[tuple[date, date | None, int | None]]:
    return [
        (one.valid_from, one.valid_to, one.max_amount_cents)
        for one in await versions(lender, service_id)
    ]


async def most_on(lender: Member, when: date) -> list[int | None]:
    async with network_transaction() as scope:
        found = await queries.offered_on(scope, lender.tenant.id, when)
    return [one.max_amount_cents for one in found]


async def actions(lender: Member) -> list[str]:
    async with tenant_transaction(lender.tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE subject_kind = 'organisation' AND subject_id = $1 ORDER BY id",
            lender.tenant.id,
        )
    return [row[0] for row in rows]


async def test_a_change_from_a_day_closes_one_version_and_adds_the_next(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 30)
    assert await spans(lender, service_id) == [
        (day(0), day(29), 2_500_000),
        (day(30), None, 5_000_000),
    ]
    assert {one.service_id for one in await versions(lender, service_id)} == {service_id}
    assert await most_on(lender, day(29)) == [2_500_000]
    assert await most_on(lender, day(30)) == [5_000_000]
    assert await actions(lender) == ["service.added", "service.changed"]


async def test_what_was_offered_on_a_past_date_is_shown_exactly(lender: Member) -> None:
    with clock.moved(-timedelta(days=400)):
        service_id = await add(lender)
        began = clock.today()
    with clock.moved(-timedelta(days=200)):
        await change(lender, service_id, MORE, 0)
        changed = clock.today()
    with clock.moved(-timedelta(days=10)):
        await end(lender, service_id, clock.today())
        last = clock.today()
    assert await most_on(lender, began - timedelta(days=1)) == []
    assert await most_on(lender, began) == [2_500_000]
    assert await most_on(lender, changed - timedelta(days=1)) == [2_500_000]
    assert await most_on(lender, changed) == [5_000_000]
    assert await most_on(lender, last) == [5_000_000]
    assert await most_on(lender, last + timedelta(days=1)) == []


async def test_a_change_on_the_day_a_version_begins_changes_it_in_place(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 0)
    assert await spans(lender, service_id) == [(day(0), None, 5_000_000)]


async def test_a_planned_change_can_be_stated_anew_and_kept_behind_an_earlier_one(
    lender: Member,
) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 30)
    most = msgspec.structs.replace(LOAN, max_amount_cents=7_500_000)
    await change(lender, service_id, most, 30)
    soon = msgspec.structs.replace(LOAN, max_amount_cents=3_000_000)
    await change(lender, service_id, soon, 10)
    assert await spans(lender, service_id) == [
        (day(0), day(9), 2_500_000),
        (day(10), day(29), 3_000_000),
        (day(30), None, 7_500_000),
    ]


async def test_saying_the_same_again_makes_no_version(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, LOAN, 5)
    assert await spans(lender, service_id) == [(day(0), None, 2_500_000)]
    assert await actions(lender) == ["service.added"]


async def test_nothing_is_changed_in_the_past(lender: Member) -> None:
    service_id = await add(lender)
    with pytest.raises(InThePast):
        await change(lender, service_id, MORE, -1)
    with pytest.raises(InThePast):
        await end(lender, service_id, day(-1))
    with pytest.raises(InThePast):
        await add(lender, begins=-1)
    assert await spans(lender, service_id) == [(day(0), None, 2_500_000)]


async def test_an_end_takes_later_changes_with_it_and_can_be_taken_back(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 30)
    await end(lender, service_id, day(20))
    assert await spans(lender, service_id) == [(day(0), day(20), 2_500_000)]
    with pytest.raises(NotOffered):
        await change(lender, service_id, MORE, 21)
    await end(lender, service_id, None)
    assert await spans(lender, service_id) == [(day(0), None, 2_500_000)]
    assert (await actions(lender))[-2:] == ["service.ended", "service.changed"]


async def test_what_has_ended_is_over(lender: Member) -> None:
    service_id = await add(lender)
    await end(lender, service_id, day(0))
    with clock.moved(timedelta(days=1)):
        with pytest.raises(NotOffered):
            await end(lender, service_id, None)
        with pytest.raises(NotOffered):
            await change(lender, service_id, MORE, 0)


async def test_a_service_does_not_end_before_it_begins(lender: Member) -> None:
    service_id = await add(lender, begins=10)
    with pytest.raises(NotOffered):
        await end(lender, service_id, day(9))
    with pytest.raises(NotOffered):
        await change(lender, service_id, MORE, 9)
    async with tenant_transaction(lender.tenant.id) as scope:
        with pytest.raises(NotOffered):
            await service.add(scope, lender.actor, LOAN, day(3), day(2))


async def test_what_is_planned_can_be_withdrawn_and_what_began_cannot(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 30)
    first, planned = await versions(lender, service_id)
    async with tenant_transaction(lender.tenant.id) as scope:
        with pytest.raises(Begun):
            await service.withdraw(scope, lender.actor, service_id, first.id)
        with pytest.raises(NotFound):
            await service.withdraw(scope, lender.actor, service_id, uuid7())
        assert await service.withdraw(scope, lender.actor, service_id, planned.id)
    assert await spans(lender, service_id) == [(day(0), None, 2_500_000)]


async def test_a_service_that_has_not_begun_is_withdrawn_whole(lender: Member) -> None:
    service_id = await add(lender, begins=10)
    await change(lender, service_id, MORE, 30)
    first, _second = await versions(lender, service_id)
    async with tenant_transaction(lender.tenant.id) as scope:
        assert not await service.withdraw(scope, lender.actor, service_id, first.id)
    assert await versions(lender, service_id) == []


async def test_of_two_editors_at_once_one_is_told(lender: Member) -> None:
    service_id = await add(lender)
    outcomes = await asyncio.gather(
        change(lender, service_id, MORE, 30, seen=1),
        change(lender, service_id, msgspec.structs.replace(LOAN, name="Altro"), 20, seen=1),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Changed", "NoneType"]
    found = await versions(lender, service_id)
    assert len(found) == 2
    assert found[0].valid_to == found[1].valid_from - timedelta(days=1)


async def test_two_who_plan_at_once_leave_no_overlap(lender: Member) -> None:
    service_id = await add(lender)
    await asyncio.gather(
        *(
            change(
                lender,
                service_id,
                msgspec.structs.replace(LOAN, max_amount_cents=3_000_000 + offset),
                offset,
            )
            for offset in (5, 10, 15, 20)
        )
    )
    found = await versions(lender, service_id)
    assert [one.valid_from for one in found] == [day(at) for at in (0, 5, 10, 15, 20)]
    for one, following in pairwise(found):
        assert one.valid_to == following.valid_from - timedelta(days=1)
    assert found[-1].valid_to is None


async def test_an_editor_who_looked_at_an_older_state_is_told(lender: Member) -> None:
    service_id = await add(lender)
    await change(lender, service_id, MORE, 0, seen=1)
    with pytest.raises(Changed):
        await change(lender, service_id, LOAN, 0, seen=1)


async def test_another_organisation_s_service_is_not_there(lender: Member) -> None:
    service_id = await add(lender)
    other = await make_membership(await make_tenant("lender"), "admin")
    for attempt in (change(other, service_id, MORE, 0), end(other, service_id, day(0))):
        with pytest.raises(NotFound):
            await attempt
    assert await spans(lender, service_id) == [(day(0), None, 2_500_000)]


async def test_the_checklist_looks_again(lender: Member) -> None:
    await add(lender)
    async with relay_transaction() as scope:
        tasks = await scope.fetch("SELECT task, args FROM outbox")
    assert [row["task"] for row in tasks] == ["onboarding.refresh"]
    assert str(lender.tenant.id) in str(tasks[0]["args"])
