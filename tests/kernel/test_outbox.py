from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from hub import clock, outbox
from hub.db import (
    network_transaction,
    relay_transaction,
    routing_transaction,
    tenant_transaction,
)
from hub.ids import uuid7
from hub.outbox import Job
from tests.factories import Tenant, make_tenant

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def tenant(db: object) -> Tenant:
    return await make_tenant()


async def enqueue(tenant: Tenant, **more: timedelta) -> UUID:
    async with tenant_transaction(tenant.id) as scope:
        return await outbox.enqueue(scope, "test.do", case_id=tenant.id, **more)  # type: ignore[arg-type]  # `after` only


async def take(row_id: UUID) -> Job | None:
    async with relay_transaction() as scope:
        return await outbox.lease(scope, row_id)


async def take_it(row_id: UUID) -> Job:
    job = await take(row_id)
    assert job is not None
    return job


async def due() -> list[UUID]:
    async with relay_transaction() as scope:
        return [row_id for _, row_id, _ in await outbox.due(scope)]


async def state(row_id: UUID) -> asyncpg.Record:
    async with relay_transaction() as scope:
        row = await scope.fetchrow("SELECT * FROM outbox WHERE id = $1", row_id)
    assert row is not None
    return row


async def test_a_row_comes_with_its_transaction_or_not_at_all(tenant: Tenant) -> None:
    async def fail() -> None:
        async with tenant_transaction(tenant.id) as scope:
            await outbox.enqueue(scope, "test.do")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await due() == []
    row_id = await enqueue(tenant)
    assert await due() == [row_id]


async def test_a_row_belongs_to_the_tenant_whose_work_it_is(tenant: Tenant) -> None:
    receiver = await make_tenant("lender")
    assert (await take_it(await enqueue(tenant))).tenant_id == tenant.id
    async with network_transaction() as network:
        mail = await outbox.enqueue(network, "test.do")
        for_one = await outbox.enqueue(network, "test.do", tenant_id=receiver.id)
    async with routing_transaction(tenant.id) as routing:
        own = await outbox.enqueue(routing, "test.do")
        told = await outbox.enqueue(routing, "test.do", tenant_id=receiver.id)
    owners = [(await take_it(row_id)).tenant_id for row_id in (mail, for_one, own, told)]
    assert owners == [None, receiver.id, tenant.id, receiver.id]


async def test_a_tenant_cannot_give_work_to_another(tenant: Tenant) -> None:
    other = await make_tenant()
    async with tenant_transaction(tenant.id) as scope:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await outbox.enqueue(scope, "test.do", tenant_id=other.id)
        await scope.execute("ROLLBACK")
        await scope.execute("BEGIN")


async def test_a_row_is_in_one_pair_of_hands(tenant: Tenant) -> None:
    row_id = await enqueue(tenant)
    jobs = await asyncio.gather(*(take(row_id) for _ in range(8)))
    taken = [job for job in jobs if job]
    assert taken == [Job(row_id, tenant.id, "test.do", {"case_id": str(tenant.id)}, 1)]
    assert await due() == []


async def test_an_unknown_row_is_not_to_be_had() -> None:
    assert await take(uuid7()) is None


async def test_a_row_waits_for_its_time(tenant: Tenant) -> None:
    row_id = await enqueue(tenant, after=timedelta(minutes=5))
    assert await take(row_id) is None
    with clock.moved(timedelta(minutes=6)):
        assert await due() == [row_id]
        assert await take(row_id) is not None


async def test_a_finished_row_is_finished(tenant: Tenant) -> None:
    job = await take_it(await enqueue(tenant))
    async with relay_transaction() as scope:
        await outbox.finish(scope, job)
        await outbox.fail(scope, job, "TooLate")
    with clock.moved(timedelta(hours=1)):
        assert await due() == []
        assert await take(job.id) is None
    row = await state(job.id)
    assert (row["error"], row["lease_until"]) == (None, None)


async def test_a_failed_row_waits_longer_each_time_and_is_dead_in_the_end(tenant: Tenant) -> None:
    row_id = await enqueue(tenant)
    pauses, elapsed = [], timedelta(0)
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        with clock.moved(elapsed):
            job = await take_it(row_id)
            assert job.attempt == attempt
            async with relay_transaction() as scope:
                await outbox.fail(scope, job, "SmtpError")
                pauses.append((await state_in(scope, row_id))["due_at"] - scope.now)
            assert await take(row_id) is None
        elapsed += pauses[-1] + timedelta(seconds=1)
    assert pauses[:4] == [timedelta(seconds=number) for number in (2, 4, 8, 16)]
    assert max(pauses) == outbox.LONGEST_PAUSE
    row = await state(row_id)
    assert row["error"] == "SmtpError"
    assert row["dead_at"] is not None
    with clock.moved(timedelta(days=30)):
        assert await take(row_id) is None
        assert await due() == []


async def test_what_waits_for_a_server_is_not_given_up_within_the_hour(tenant: Tenant) -> None:
    row_id, elapsed, row = await enqueue(tenant), timedelta(0), None
    while row is None or row["dead_at"] is None:
        with clock.moved(elapsed):
            job = await take_it(row_id)
            async with relay_transaction() as scope:
                await outbox.fail(scope, job, "RelayUnavailable", passes=True)
        row = await state(row_id)
        assert (row["dead_at"] is not None) is (elapsed >= outbox.PATIENCE)
        elapsed = row["due_at"] - row["created_at"] + timedelta(seconds=1)
    assert row["attempts"] > 3 * outbox.MAX_ATTEMPTS


async def state_in(scope: object, row_id: UUID) -> asyncpg.Record:
    assert hasattr(scope, "fetchrow")
    row: asyncpg.Record = await scope.fetchrow("SELECT * FROM outbox WHERE id = $1", row_id)
    return row


async def test_a_lost_lease_is_anothers_turn(tenant: Tenant) -> None:
    first = await take_it(await enqueue(tenant))
    with clock.moved(outbox.LEASE + timedelta(seconds=1)):
        assert await due() == [first.id]
        assert (await take_it(first.id)).attempt == 2


async def test_whoever_lost_the_row_decides_nothing_about_it(tenant: Tenant) -> None:
    first = await take_it(await enqueue(tenant))
    with clock.moved(outbox.LEASE * 2):
        second = await take_it(first.id)
        held = await state(first.id)
        async with relay_transaction() as scope:
            await outbox.renew(scope, first)
            await outbox.give_back(scope, first)
            await outbox.fail(scope, first, "Late")
        assert await state(first.id) == held
        async with relay_transaction() as scope:
            await outbox.finish(scope, second)
    assert (await state(first.id))["done_at"] is not None


async def test_a_renewed_lease_lasts(tenant: Tenant) -> None:
    job = await take_it(await enqueue(tenant))
    with clock.moved(outbox.LEASE * 0.9):
        async with relay_transaction() as scope:
            await outbox.renew(scope, job)
    with clock.moved(outbox.LEASE * 1.5):
        assert await due() == []


async def test_a_row_given_back_is_due_at_once(tenant: Tenant) -> None:
    job = await take_it(await enqueue(tenant))
    async with relay_transaction() as scope:
        await outbox.give_back(scope, job)
    assert await due() == [job.id]


async def test_a_row_that_ends_every_worker_is_buried(tenant: Tenant) -> None:
    row_id, elapsed = await enqueue(tenant), timedelta(0)
    for _ in range(outbox.MAX_ATTEMPTS):
        with clock.moved(elapsed):
            async with relay_transaction() as scope:
                assert await outbox.bury_lost(scope) == 0
            await take_it(row_id)
        elapsed += outbox.LEASE + timedelta(seconds=1)
    with clock.moved(elapsed):
        async with relay_transaction() as scope:
            assert await outbox.bury_lost(scope) == 1
        assert await due() == []
        assert await take(row_id) is None
    assert (await state(row_id))["error"] == "Lost"


async def test_what_is_done_is_forgotten_after_a_while(tenant: Tenant) -> None:
    done, waiting = await enqueue(tenant), await enqueue(tenant)
    async with relay_transaction() as scope:
        await outbox.finish(scope, Job(done, None, "test.do", {}, 1))
    with clock.moved(outbox.KEEP_DONE + timedelta(hours=1)):
        async with relay_transaction() as scope:
            assert await outbox.forget_done(scope) == 1
        assert await due() == [waiting]
