"""Whatever happens inside a scope, its connection goes back clean: no leak, no open transaction, no setting."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from hub.db import (
    NetworkScope,
    RoutingScope,
    ScopeError,
    close_pool,
    network_transaction,
    relay_transaction,
    routing_transaction,
    tenant_transaction,
)
from hub.errors import Conflict, Unavailable
from hub.ids import uuid7
from hub.outbox import Outbox
from tests.factories import make_case, make_citizen, make_desk, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.support.pool import pool_of, raw_connection

SIZE = 4


@pytest.fixture
async def two(db: Database) -> tuple[UUID, UUID]:
    """Organisations with one and with two citizens."""
    ids = []
    for count in (1, 2):
        operator = await make_membership(await make_tenant())
        for _ in range(count):
            await make_citizen(operator)
        ids.append(operator.tenant.id)
    return ids[0], ids[1]


@pytest.fixture
async def complaints() -> AsyncIterator[list[object]]:
    """What asyncio would have logged: asyncpg complains there of connections that come back in a transaction."""
    loop, heard = asyncio.get_running_loop(), list[object]()
    loop.set_exception_handler(lambda _, context: heard.append(context))
    yield heard
    loop.set_exception_handler(None)


async def assert_clean(size: int = SIZE) -> None:
    """All connections can be had at once, and each is a bare login's."""
    async with asyncio.timeout(5):
        await _take(size)


async def _take(left: int) -> None:
    if left == 0:
        return
    async with raw_connection() as connection:
        assert not connection.is_in_transaction()
        row = await connection.fetchrow(
            "SELECT current_user = session_user, coalesce(current_setting('hub.tenant_id', true), '')"
        )
        assert row is not None
        assert tuple(row) == (True, "")
        await _take(left - 1)


async def citizens_of(tenant_id: UUID) -> int:
    async with tenant_transaction(tenant_id) as scope:
        return int(await scope.fetchval("SELECT count(*) FROM citizens"))


async def test_a_pool_of_one_serves_tenants_in_turn(db: Database, two: tuple[UUID, UUID]) -> None:
    async with pool_of(1, db):
        for _ in range(10):
            assert [await citizens_of(tenant_id) for tenant_id in two] == [1, 2]
        await assert_clean(1)


async def test_200_scopes_at_once_see_their_own(db: Database, two: tuple[UUID, UUID]) -> None:
    async with pool_of(SIZE, db):
        counts = await asyncio.gather(*(citizens_of(two[n % 2]) for n in range(200)))
        assert counts == [1, 2] * 100
        await assert_clean()


async def test_a_failing_commit_gives_its_connection_back(own_database: Database) -> None:
    case = await make_case(await make_membership(await make_tenant()))
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute(
            "ALTER TABLE milestones ALTER CONSTRAINT milestones_tenant_id_case_id_fkey"
            " DEFERRABLE INITIALLY DEFERRED"
        )

    async def fail() -> None:
        async with tenant_transaction(case.citizen.tenant.id) as scope:
            await scope.execute(
                "INSERT INTO milestones (id, tenant_id, case_id, kind, reached_on, recorded_at)"
                " VALUES ($1, $2, $3, 'opened', $4, $5)",
                uuid7(),
                scope.tenant_id,
                uuid7(),
                scope.now.date(),
                scope.now,
            )

    async with pool_of(SIZE, own_database):
        for _ in range(3 * SIZE):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await fail()
        await assert_clean()
        async with tenant_transaction(case.citizen.tenant.id) as scope:
            assert await scope.fetchval("SELECT count(*) FROM milestones") == 0


@pytest.mark.parametrize("error", [Conflict, asyncpg.DivisionByZeroError])
async def test_an_exception_undoes_everything(
    db: Database, two: tuple[UUID, UUID], error: type[Exception]
) -> None:
    async def fail() -> None:
        async with tenant_transaction(two[0]) as scope:
            assert await scope.execute("DELETE FROM citizens") == 1
            if error is Conflict:
                raise Conflict
            await scope.execute("SELECT 1 / 0")

    async with pool_of(SIZE, db):
        for _ in range(2 * SIZE):
            with pytest.raises(error):
                await fail()
        await assert_clean()
        assert await citizens_of(two[0]) == 1


async def test_work_after_a_swallowed_error_is_not_lost_in_silence(
    db: Database, two: tuple[UUID, UUID]
) -> None:
    """PostgreSQL answers the COMMIT of a failed transaction with a ROLLBACK, and raises nothing."""

    async def swallow() -> None:
        async with tenant_transaction(two[0]) as scope:
            await scope.execute("DELETE FROM citizens")
            with suppress(asyncpg.DivisionByZeroError):
                await scope.execute("SELECT 1 / 0")

    with pytest.raises(ScopeError):
        await swallow()
    assert await citizens_of(two[0]) == 1


@pytest.mark.parametrize("warm", [True, False])
async def test_cancellation_at_any_point_leaves_the_pool_clean(
    db: Database, two: tuple[UUID, UUID], complaints: list[object], warm: bool
) -> None:
    chance = random.Random(2)

    async def work(tenant_id: UUID) -> None:
        async with tenant_transaction(tenant_id) as scope:
            for _ in range(3):
                await scope.execute("SELECT pg_sleep(0.001)")

    async def cancel_some(task: asyncio.Task[None]) -> None:
        for _ in range(chance.randint(1, 3)):
            await asyncio.sleep(chance.uniform(0, 0.006))
            task.cancel()
        await asyncio.wait([task])

    async with pool_of(SIZE, db):
        if warm:
            await assert_clean()
        for _ in range(40):
            tasks = [asyncio.create_task(work(two[n % 2])) for n in range(8)]
            await asyncio.gather(*map(cancel_some, tasks))
        await assert_clean()
        assert await citizens_of(two[1]) == 2
    # asyncpg itself is not silent about a connect that is cancelled.
    assert not warm or complaints == []


async def test_a_killed_backend_is_unavailable_once(
    db: Database, two: tuple[UUID, UUID], complaints: list[object]
) -> None:
    async def be_killed(*, then: str) -> None:
        async with tenant_transaction(two[0]) as scope:
            pid = await scope.fetchval("SELECT pg_backend_pid()")
            async with connected(db.superuser_url) as superuser:
                await superuser.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            if then == "query":
                await scope.execute("SELECT 1")
            if then == "fail":
                raise Conflict

    async with pool_of(SIZE, db):
        for then in ("query", "commit"):
            for _ in range(2 * SIZE):
                with pytest.raises(Unavailable):
                    await be_killed(then=then)
        # Nothing was asked of the lost connection that matters any more.
        with pytest.raises((Conflict, Unavailable)):
            await be_killed(then="fail")
        assert await citizens_of(two[0]) == 1
        await assert_clean()
    assert complaints == []


async def test_an_idle_connection_that_was_killed_is_replaced(
    db: Database, two: tuple[UUID, UUID]
) -> None:
    async with pool_of(1, db):
        assert await citizens_of(two[0]) == 1
        async with connected(db.superuser_url) as superuser:
            await superuser.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'hub_worker'"
            )
        outcomes = []
        for _ in range(3):
            try:
                outcomes.append(await citizens_of(two[0]))
            except Unavailable:
                outcomes.append(0)
        assert outcomes[1:] == [1, 1]


async def test_a_backend_that_dies_this_very_moment_is_unavailable(
    db: Database, two: tuple[UUID, UUID]
) -> None:
    """The server's farewell and the next statement cross; asyncpg then no longer knows where it stands."""
    async with pool_of(SIZE, db), connected(db.superuser_url) as superuser:
        for round_number in range(60):
            await asyncio.gather(
                *(citizens_of(two[0]) for _ in range(SIZE)), return_exceptions=True
            )
            await superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'hub_worker'"
            )
            await asyncio.sleep(round_number % 6 / 2000)
            outcomes = await asyncio.gather(
                *(citizens_of(two[0]) for _ in range(SIZE)), return_exceptions=True
            )
            assert {type(each) for each in outcomes} <= {int, Unavailable}
        await assert_clean()


async def test_a_full_pool_is_unavailable_after_a_while(
    db: Database, two: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.db.ACQUIRE_SECONDS", 0.05)
    async with pool_of(1, db):
        async with raw_connection():
            with pytest.raises(Unavailable):
                await citizens_of(two[0])
        assert await citizens_of(two[0]) == 1


async def test_a_backend_that_hangs_is_given_up(
    db: Database, two: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even the rollback gets no answer, the connection is not kept."""
    stopped = []

    async def hang() -> None:
        async with tenant_transaction(two[0]) as scope:
            stopped.append(await scope.fetchval("SELECT pg_backend_pid()"))
            os.kill(stopped[0], signal.SIGSTOP)
            raise Conflict

    async with pool_of(1, db):
        try:
            # Short for the one that hangs only: a busy machine may need longer for a new connection.
            with monkeypatch.context() as patience:
                patience.setattr("hub.db.ACQUIRE_SECONDS", 0.2)
                with pytest.raises(Conflict):
                    await hang()
            assert await citizens_of(two[0]) == 1
        finally:
            os.kill(stopped[0], signal.SIGCONT)


async def test_a_statement_without_an_answer_is_unavailable(
    db: Database, two: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a cable that was pulled."""
    monkeypatch.setattr("hub.db.COMMAND_SECONDS", 0.3)
    async with pool_of(1, db):
        with pytest.raises(Unavailable):
            async with tenant_transaction(two[0]) as scope:
                await scope.execute("SELECT pg_sleep(5)")
        assert await citizens_of(two[0]) == 1


async def test_without_a_pool_there_is_no_scope(db: Database) -> None:
    async with pool_of(1, db):
        await close_pool()
        with pytest.raises(ScopeError, match="no pool"):
            await citizens_of(uuid7())


async def test_a_server_that_is_away_is_unavailable(db: Database) -> None:
    async with pool_of(1, db, url="postgresql://hub_web:x@127.0.0.1:1/hub"):
        with pytest.raises(Unavailable):
            await citizens_of(uuid7())


async def test_scopes_do_not_nest(two: tuple[UUID, UUID]) -> None:
    async with tenant_transaction(two[0]) as scope:
        for inner in (
            tenant_transaction(two[1]),
            network_transaction(),
            routing_transaction(two[1]),
            relay_transaction(),
        ):
            with pytest.raises(ScopeError, match="nest"):
                await inner.__aenter__()
        assert await scope.fetchval("SELECT count(*) FROM citizens") == 1


async def test_a_scope_ends_with_its_transaction(two: tuple[UUID, UUID]) -> None:
    async with tenant_transaction(two[0]) as scope:
        pass
    with pytest.raises(asyncpg.InterfaceError):
        await scope.fetch("SELECT 1")


async def test_each_scope_is_its_role_with_its_tenant(two: tuple[UUID, UUID]) -> None:
    said = "SELECT current_user::text, current_setting('hub.tenant_id')"
    async with tenant_transaction(two[0]) as tenant:
        assert tuple(await tenant.fetchrow(said) or ()) == ("hub_app", str(two[0]))
    async with network_transaction() as network:
        assert tuple(await network.fetchrow(said) or ()) == ("hub_network", "")
    async with routing_transaction(two[1]) as routing:
        assert tuple(await routing.fetchrow(said) or ()) == ("hub_router", str(two[1]))
    async with relay_transaction() as relay:
        assert tuple(await relay.fetchrow(said) or ()) == ("hub_relay", "")
    assert not isinstance(tenant, NetworkScope | RoutingScope)


async def test_the_webs_login_cannot_become_the_relay(db: Database) -> None:
    async with pool_of(1, db, url=db.web_url):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await relay_transaction().__aenter__()
        await assert_clean(1)


async def test_piccolo_asks_inside_the_scope_and_nowhere_else(two: tuple[UUID, UUID]) -> None:
    with pytest.raises(ScopeError):
        await Outbox.count()
    with pytest.raises(ScopeError):
        await Outbox._meta.db.transaction().__aenter__()
    async with relay_transaction() as scope:
        assert await Outbox.count() == await scope.fetchval("SELECT count(*) FROM outbox")
        with pytest.raises(ScopeError):
            await Outbox.select().batch(batch_size=1)
    with pytest.raises(ScopeError):
        await Outbox.count()


async def test_rows_can_be_read_one_by_one(two: tuple[UUID, UUID]) -> None:
    async with tenant_transaction(two[1]) as scope:
        seen = [row["id"] async for row in scope.cursor("SELECT id FROM citizens WHERE $1", True)]
        assert len(seen) == 2


async def test_statements_say_how_many_rows_they_touched(two: tuple[UUID, UUID]) -> None:
    async with tenant_transaction(two[1]) as scope:
        assert await scope.execute("UPDATE citizens SET version = version + 1") == 2
        assert await scope.execute("UPDATE citizens SET version = 0 WHERE false") == 0
        assert await scope.execute("SELECT FROM citizens") == 2
        assert await scope.execute("SET LOCAL lock_timeout = '1s'") == 0


async def test_json_goes_in_and_comes_out_as_values(two: tuple[UUID, UUID]) -> None:
    value = {"topics": ["èuro", 1, None], "nested": {"yes": True}}
    async with network_transaction() as scope:
        assert await scope.fetchval("SELECT $1::jsonb", value) == value
        assert await scope.fetchval("SELECT $1::json", value) == value


async def test_desks_are_open_to_everyone_and_changed_by_their_owner(
    two: tuple[UUID, UUID],
) -> None:
    desk = await make_desk(await make_tenant())
    async with tenant_transaction(two[0]) as scope:
        assert await scope.fetchval("SELECT name FROM desks WHERE id = $1", desk.id) == desk.name
        assert await scope.execute("UPDATE desks SET name = 'ours' WHERE id = $1", desk.id) == 0


@pytest.mark.parametrize("code", ["40P01", "53100", "53200", "25006", "55P03"])
async def test_what_passes_by_itself_is_no_fault_of_ours(two: tuple[UUID, UUID], code: str) -> None:
    """Deadlock, full disk, no memory, a standby, a lock that was not to be had: 503 and not 500."""
    with pytest.raises(Unavailable):
        async with tenant_transaction(two[0]) as scope:
            await scope.execute(f"DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '{code}'; END $$")
    assert await citizens_of(two[0]) == 1


async def test_a_process_that_stops_keeps_no_lock(two: tuple[UUID, UUID]) -> None:
    async with tenant_transaction(two[0]) as scope:
        assert await scope.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"

    async def stop() -> None:
        async with tenant_transaction(two[0]) as scope:
            await scope.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            await asyncio.sleep(0.3)
            await scope.fetchval("SELECT 1")

    with pytest.raises(Unavailable):
        await stop()
    assert await citizens_of(two[0]) == 1
