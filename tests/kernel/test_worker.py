"""Running the outbox's rows: in this process without a bell, and as `hub worker` does, with one that breaks."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import redis.asyncio

from hub import clock, outbox, worker
from hub.config import Settings, variable
from hub.db import close_pool, relay_transaction, tenant_transaction
from hub.embedded.ephemeral import EphemeralValkey
from hub.embedded.process import spawn
from hub.ids import uuid7
from hub.worker import drain_now, run_row, sweep
from tests.factories import Tenant, make_tenant
from tests.support.databases import Database
from tests.support.pool import pool_of
from tests.support.proxy import Proxy

ROOT = Path(__file__).parents[2]
SOON = 25.0

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TASK_MODULES", ("tests.kernel.worker_tasks",))
    worker.load_tasks()


@pytest.fixture
async def tenant(db: object) -> Tenant:
    return await make_tenant()


async def enqueue(tenant: Tenant, task: str) -> tuple[UUID, UUID]:
    """The row, and the subject under which its task leaves notes."""
    subject_id = uuid7()
    async with tenant_transaction(tenant.id) as scope:
        return await outbox.enqueue(scope, task, subject_id=subject_id), subject_id


async def notes(tenant: Tenant, subject_id: UUID) -> list[str]:
    async with tenant_transaction(tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE tenant_id = $1 AND subject_id = $2 ORDER BY at, id",
            tenant.id,
            subject_id,
        )
    return [row[0].removeprefix("test.") for row in rows]


async def row_of(row_id: UUID) -> dict[str, object]:
    async with relay_transaction() as scope:
        row = await scope.fetchrow("SELECT * FROM outbox WHERE id = $1", row_id)
    assert row is not None
    return dict(row)


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = SOON) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  # what is awaited is a row, often written by another process
            await asyncio.sleep(0.02)


async def until_done(row_id: UUID, seconds: float = SOON) -> None:
    async def done() -> bool:
        return (await row_of(row_id))["done_at"] is not None

    await eventually(done, seconds)


# Without a bell


async def test_what_is_due_is_run_once(tenant: Tenant) -> None:
    row_id, subject_id = await enqueue(tenant, "test.note")
    assert await drain_now() == 1
    assert await drain_now() == 0
    assert await run_row(row_id) is False
    assert await notes(tenant, subject_id) == ["noted"]
    assert (await row_of(row_id))["done_at"] is not None


async def test_a_failure_is_told_without_its_words(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    row_id, subject_id = await enqueue(tenant, "test.fail")
    with caplog.at_level(logging.DEBUG):
        assert await run_row(row_id) is True
    row = await row_of(row_id)
    assert (row["error"], row["done_at"], row["lease_until"]) == ("LookupError", None, None)
    assert "worker_tasks.py" in caplog.text
    assert "Lucia" not in caplog.text
    assert await run_row(row_id) is False
    with clock.moved(timedelta(seconds=3)):
        await run_row(row_id)
    assert await notes(tenant, subject_id) == ["began", "began"]


async def test_a_row_without_a_task_waits_for_a_newer_worker(tenant: Tenant) -> None:
    row_id, _ = await enqueue(tenant, "test.from_the_future")
    await run_row(row_id)
    row = await row_of(row_id)
    assert (row["error"], row["dead_at"]) == ("LookupError", None)


async def test_a_short_task_that_takes_long_is_a_failure(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SHORT_SECONDS", 0.05)
    row_id, _ = await enqueue(tenant, "test.linger")
    await run_row(row_id)
    assert (await row_of(row_id))["error"] == "TimeoutError"


async def test_a_long_task_keeps_its_row(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=1))
    row_id, subject_id = await enqueue(tenant, "test.wait")

    async def began() -> bool:
        return await notes(tenant, subject_id) == ["began"]

    running = asyncio.create_task(run_row(row_id))
    await eventually(began)
    for _ in range(15):
        await asyncio.sleep(0.1)
        async with relay_transaction() as scope:
            assert await outbox.due(scope) == []
    assert await run_row(row_id) is False
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    row = await row_of(row_id)
    assert (row["lease_until"], row["attempts"], row["error"]) == (None, 1, None)
    assert await run_row(row_id) is True
    assert await notes(tenant, subject_id) == ["began", "began", "noted"]


async def test_a_sweep_without_a_bell_counts_what_is_due(tenant: Tenant) -> None:
    await enqueue(tenant, "test.note")
    assert await sweep() == 1
    await drain_now()
    assert await sweep() == 0


async def test_long_tasks_have_a_queue_of_their_own() -> None:
    assert {"test.wait", "test.note_long"} == set(worker.long_tasks()) & {
        "test.wait",
        "test.note_long",
        "test.note",
    }


async def test_housekeeping_that_fails_is_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise LookupError("Lucia Esposito")

    with caplog.at_level(logging.DEBUG):
        await worker._housekeeping(fail)({})
    assert "LookupError" in caplog.text
    assert "Lucia" not in caplog.text


async def test_a_worker_may_run_once(db: Database, settings: Settings, tenant: Tenant) -> None:
    row_id, _ = await enqueue(tenant, "test.note")
    async with pool_of(1, db):
        await close_pool()
        await worker.run_once(settings)
    assert (await row_of(row_id))["done_at"] is not None


# With a bell, in a process of its own


# arq closes its pool by a name that redis has given up.
WARNINGS = ("-W", "error", "-W", "ignore:Call to deprecated close:DeprecationWarning")


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *WARNINGS, "-m", "tests.kernel.worker_process"),
        cwd=ROOT,
        env={**os.environ, **environment(settings)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        # Read to the end, so that what went wrong stands in the test's report.
        assert process.stderr is not None
        sys.stderr.write((await process.stderr.read()).decode())
        await process.wait()


def environment(settings: Settings) -> dict[str, str]:
    def keys(name: str) -> str:
        made = [
            f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in getattr(settings, name)
        ]
        return ",".join(made)

    texts = ("database_url", "worker_database_url", "redis_url", "smtp_url", "base_url")
    return {variable(name): getattr(settings, name) for name in texts} | {
        variable(name): keys(name) for name in ("secret_keys", "field_keys")
    }


@pytest.fixture
def own_valkey() -> Iterator[EphemeralValkey]:
    """One that a test may stop."""
    with EphemeralValkey() as server:
        yield server


@pytest.fixture
async def bell(valkey: str, settings: Settings) -> AsyncIterator[Settings]:
    outbox.open_bell(valkey, worker.long_tasks())
    yield settings
    await outbox.close_bell()


async def test_the_bell_wakes_a_worker(
    bell: Settings, tenant: Tenant, capfd: pytest.CaptureFixture[str]
) -> None:
    async with worker_process(bell) as process:
        first, _ = await enqueue(tenant, "test.note")
        await until_done(first)
        long, subject_id = await enqueue(tenant, "test.note_long")
        await until_done(long)
        assert await notes(tenant, subject_id) == ["noted"]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), SOON) == 0
    assert "Traceback" not in capfd.readouterr().err


async def test_a_failure_in_a_worker_is_told_without_its_words(
    bell: Settings, tenant: Tenant, capfd: pytest.CaptureFixture[str]
) -> None:
    async with worker_process(bell):
        row_id, _ = await enqueue(tenant, "test.fail")

        async def failed() -> bool:
            return (await row_of(row_id))["error"] == "LookupError"

        await eventually(failed)
    said = capfd.readouterr().err
    assert "worker_tasks.py" in said
    assert "Lucia" not in said


async def test_a_worker_that_is_stopped_gives_its_row_to_the_next(
    bell: Settings, tenant: Tenant
) -> None:
    row_id, subject_id = await enqueue(tenant, "test.wait")

    async def began() -> bool:
        return await notes(tenant, subject_id) == ["began"]

    async with worker_process(bell) as process:
        await eventually(began)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), SOON) == 0
    assert (await row_of(row_id))["lease_until"] is None
    async with worker_process(bell):
        await until_done(row_id)
    assert await notes(tenant, subject_id) == ["began", "began", "noted"]


async def test_a_worker_that_dies_loses_no_row(bell: Settings, tenant: Tenant) -> None:
    row_id, subject_id = await enqueue(tenant, "test.die")
    async with worker_process(bell) as process:
        assert await asyncio.wait_for(process.wait(), SOON) == 9
    assert (await row_of(row_id))["lease_until"] is not None
    async with worker_process(bell):
        await until_done(row_id)
    assert await notes(tenant, subject_id) == ["began", "began", "noted"]


async def test_a_wiped_bell_costs_seconds(bell: Settings, tenant: Tenant) -> None:
    rows = [await enqueue(tenant, "test.note") for _ in range(5)]
    async with redis.asyncio.Redis.from_url(bell.redis_url) as connection:
        assert await connection.dbsize() > 0
        await connection.flushdb()
    async with worker_process(bell):
        for row_id, subject_id in rows:
            await until_done(row_id)
            assert await notes(tenant, subject_id) == ["noted"]


async def test_a_bell_that_goes_away_stops_nobody(
    settings: Settings, tenant: Tenant, own_valkey: EphemeralValkey
) -> None:
    outbox.open_bell(own_valkey.url)
    try:
        async with worker_process(replace(settings, redis_url=own_valkey.url)) as process:
            await until_done((await enqueue(tenant, "test.note"))[0])
            assert own_valkey._process is not None
            own_valkey._process.kill()
            row_id, _ = await enqueue(tenant, "test.note")
            await asyncio.sleep(0.5)
            assert process.returncode is None
            restart(own_valkey)
            await until_done(row_id)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), SOON) == 0
    finally:
        await outbox.close_bell()


async def test_a_database_that_goes_away_stops_nobody(
    bell: Settings, tenant: Tenant, capfd: pytest.CaptureFixture[str]
) -> None:
    way = Proxy(bell.worker_database_url)
    first, _ = await enqueue(tenant, "test.note")
    async with worker_process(replace(bell, worker_database_url=way.url)) as process:
        await asyncio.sleep(1)
        await way.open()
        await until_done(first)
        await way.block()
        second, _ = await enqueue(tenant, "test.note")
        await asyncio.sleep(1)
        assert process.returncode is None
        await way.open()
        await until_done(second)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), SOON) == 0
        await way.block()
    assert capfd.readouterr().err.count("the database does not answer") >= 2


def restart(server: EphemeralValkey) -> None:
    """On the same port, with nothing kept."""
    assert server._process is not None
    server._process.wait()
    server._process = spawn(server.bell.command(), user=server.bell.user, folder=server.bell.data)
