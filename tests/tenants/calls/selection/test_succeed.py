"""A place that becomes free goes to the first reserve: once, and never past one, however many withdraw at once."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Sequence
from uuid import UUID

import pytest

from hub.db import tenant_transaction
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection.succeed import succeed
from hub.worker import drain_now
from tests.factories import CAMPANIA
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.selection.making import Commission, give_all, make_commission
from tests.tenants.calls.selection.test_rank import approve, propose, states

CALABRIA = "18"


async def published(places: int, applications: int) -> tuple[Commission, list[Application]]:
    """The first `places` are admitted, the others are in reserve, in their order."""
    commission, made = await make_commission(2, applications=applications, places=places)
    await give_all(commission, {one.id: [(20, 10), (20, 10)] for one in made})
    await approve(commission, await propose(commission))
    return commission, made


async def leave(commission: Commission, application: Application) -> None:
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, application.id, "")


async def leave_in_vain(commission: Commission, application: Application) -> None:
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, application.id, "")
        raise ZeroDivisionError


async def leave_at_once(commission: Commission, leaving: Sequence[Application]) -> None:
    """Each in a transaction of its own, all begun before any of them withdraws."""
    ready = asyncio.Barrier(len(leaving))

    async def one(application: Application) -> None:
        async with tenant_transaction(commission.ente.id) as scope:
            await scope.fetchval("SELECT 1")
            await ready.wait()
            await withdraw(scope, application.id, "")

    await asyncio.gather(*(one(application) for application in leaving))


async def until_one_waits(database: Database) -> None:
    """Until a transaction of this database waits for another's lock."""
    async with connected(database.superuser_url) as superuser, asyncio.timeout(10):
        while not await superuser.fetchval(  # noqa: ASYNC110  # the server does it
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)


async def leave_while_another_leaves(
    database: Database, commission: Commission, first: Application, second: Application
) -> None:
    """The second begins when the first has done everything but commit."""
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, first.id, "")
        # In a context of its own: this one has a scope already.
        other = asyncio.create_task(leave(commission, second), context=contextvars.Context())
        await until_one_waits(database)
    await other


async def successions(commission: Commission) -> dict[UUID, UUID]:
    async with tenant_transaction(commission.ente.id) as scope:
        rows = await scope.fetch("SELECT withdrawn_id, admitted_id FROM ranking_successions")
    return {row[0]: row[1] for row in rows}


async def test_the_first_reserve_moves_up_and_is_told(db: Database, relay: SmtpSink) -> None:
    commission, made = await published(1, 3)
    await drain_now()
    relay.messages.clear()
    await leave(commission, made[0])
    assert await states(commission, made) == ["withdrawn", "admitted", "reserve"]
    assert await successions(commission) == {made[0].id: made[1].id}
    await drain_now()
    (told,) = [one.text() for one in relay.messages if made[1].email in one.recipients]
    assert "ammessa" in told


async def test_a_place_is_handed_on_again_and_again(db: Database) -> None:
    commission, made = await published(1, 3)
    await leave(commission, made[0])
    await leave(commission, made[1])
    await leave(commission, made[2])
    assert await states(commission, made) == ["withdrawn"] * 3
    assert await successions(commission) == {made[0].id: made[1].id, made[1].id: made[2].id}


async def test_a_reserve_that_withdraws_frees_no_place(db: Database) -> None:
    commission, made = await published(1, 3)
    await leave(commission, made[1])
    assert await states(commission, made) == ["admitted", "withdrawn", "reserve"]
    await leave(commission, made[0])
    assert await states(commission, made) == ["withdrawn", "withdrawn", "admitted"]


async def test_twice_is_one_effect(db: Database) -> None:
    commission, made = await published(1, 3)
    await leave(commission, made[0])
    async with tenant_transaction(commission.ente.id) as scope:
        assert await succeed(scope, made[0].id) is None
    await leave(commission, made[0])
    assert await states(commission, made) == ["withdrawn", "admitted", "reserve"]


async def test_a_region_does_not_help_another(db: Database) -> None:
    commission, made = await make_commission(
        2, applications=2, places=1, regions=(CAMPANIA, CALABRIA)
    )
    await give_all(commission, {one.id: [(20, 10), (20, 10)] for one in made})
    await approve(commission, await propose(commission))
    await leave(commission, made[0])
    assert await states(commission, made) == ["withdrawn", "admitted"]
    await leave(commission, made[1])
    assert list(await successions(commission)) == [made[0].id]


@pytest.mark.parametrize("attempt", range(5))
async def test_two_withdrawals_at_once_admit_two_reserves(db: Database, attempt: int) -> None:
    commission, made = await published(3, 6)
    await leave_at_once(commission, made[:3])
    assert await states(commission, made) == ["withdrawn"] * 3 + ["admitted"] * 3
    assert set((await successions(commission)).values()) == {one.id for one in made[3:]}


@pytest.mark.parametrize("attempt", range(5))
async def test_a_reserve_that_withdraws_at_that_moment_is_not_admitted_in_vain(
    db: Database, attempt: int
) -> None:
    """Whichever comes first, the place ends with the one behind."""
    commission, made = await published(1, 3)
    leaving = made[:2] if attempt % 2 else made[1::-1]
    await leave_at_once(commission, leaving)
    assert await states(commission, made) == ["withdrawn", "withdrawn", "admitted"]


async def test_who_withdraws_meanwhile_waits_and_takes_the_next_reserve(db: Database) -> None:
    commission, made = await published(2, 4)
    await leave_while_another_leaves(db, commission, made[0], made[1])
    assert await successions(commission) == {made[0].id: made[2].id, made[1].id: made[3].id}
    assert await states(commission, made) == ["withdrawn"] * 2 + ["admitted"] * 2


async def test_a_reserve_that_is_just_withdrawing_is_passed_over(db: Database) -> None:
    commission, made = await published(1, 3)
    await leave_while_another_leaves(db, commission, made[1], made[0])
    assert await successions(commission) == {made[0].id: made[2].id}


async def test_a_reserve_that_withdraws_while_it_moves_up_hands_its_place_on(
    db: Database,
) -> None:
    commission, made = await published(1, 3)
    await leave_while_another_leaves(db, commission, made[0], made[1])
    assert await successions(commission) == {made[0].id: made[1].id, made[1].id: made[2].id}


async def test_a_withdrawal_that_fails_admits_nobody(db: Database) -> None:
    commission, made = await published(2, 4)
    with pytest.raises(ZeroDivisionError):
        await leave_in_vain(commission, made[0])
    await leave(commission, made[1])
    assert await states(commission, made) == ["admitted", "withdrawn", "admitted", "reserve"]
