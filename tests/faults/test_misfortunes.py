"""What else happens to a worker: it is stopped, its bell is lost, the database's disk is full, its clock is set back."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from signal import Signals
from uuid import UUID

from tests.faults.stage import Stage, staged, until_ended
from tests.support import sink_log
from tests.support.fast_sink import Faults

READERS = 4_000
SECONDS = 120.0
SHORT_WORKER = (sys.executable, "-m", "tests.faults.short_worker")
SLOW = Faults(delay=0.02)

# What every statement on deliveries meets when no page can be added to the table.
DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk_full BEFORE UPDATE ON deliveries EXECUTE FUNCTION disk_full();
"""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.05)


async def has_received(stage: Stage, count: int) -> bool:
    return len(sink_log.kept(stage.sink.sessions())) >= count


def times_received(stage: Stage) -> Counter[int]:
    """How many readers have it how many times."""
    copies = Counter(message.recipient for message in sink_log.kept(stage.sink.sessions()))
    return Counter(copies.values())


async def everyone_has_it_once(stage: Stage, campaign_id: UUID, readers: int = READERS) -> None:
    assert await stage.states(campaign_id) == {"sent": readers}
    assert times_received(stage) == {1: readers}
    assert not any(row.doubts for row in await stage.ledger(campaign_id))


async def test_told_to_stop_a_worker_ends_within_seconds_and_leaves_nothing_open() -> None:
    async with staged(1, SLOW) as stage:
        worker = stage.add_worker()
        worker.start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        assert worker.stop() == 0
        states = await stage.states(campaign_id)
        received = times_received(stage)
        assert received.keys() == {1}
        assert states == {"sent": received[1], "queued": READERS - received[1]}
        assert not list((stage.folder / "host-0").glob("*.journal")), "nothing is left to settle"
        worker.start()
        await until_ended(stage, campaign_id, SECONDS)
        await everyone_has_it_once(stage, campaign_id)


async def test_a_worker_outlives_its_bell() -> None:
    async with staged(1, SLOW) as stage:
        stage.add_worker().start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        stage.servers.kill_valkey()
        await asyncio.sleep(2)
        await until(partial(has_received, stage, READERS // 4))
        stage.servers.start_valkey()
        await until_ended(stage, campaign_id, SECONDS)
        await everyone_has_it_once(stage, campaign_id)
        # Freezing is a task: it comes by the bell, rung again for what was asked while there was none.
        stage.servers.kill_valkey()
        later = await stage.start_campaign(50, "ask")
        stage.servers.start_valkey()
        await until_ended(stage, later, SECONDS)
        assert await stage.states(later) == {"sent": 50}


async def test_a_full_disk_of_the_database_is_waited_for() -> None:
    async with staged(2, SLOW) as stage:
        for _ in range(2):
            stage.add_worker().start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        await stage.tell(DISK_FULL)
        # They go on as far as they may without recording anything, and then wait.
        before = -1
        while before != (now := times_received(stage).total()):
            before = now
            await asyncio.sleep(2)
        assert now < READERS
        await stage.tell("DROP TRIGGER disk_full ON deliveries")
        await until_ended(stage, campaign_id, SECONDS)
        await everyone_has_it_once(stage, campaign_id)


async def test_a_clock_that_is_set_back_buries_nobody_and_doubles_nothing() -> None:
    async with staged(3, SLOW) as stage:
        for _ in range(3):
            stage.add_worker(SHORT_WORKER).start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        stage.workers[0].process.send_signal(Signals.SIGUSR1)
        await until_ended(stage, campaign_id, SECONDS)
        await everyone_has_it_once(stage, campaign_id)


async def test_a_clock_that_is_set_back_holds_up_nothing() -> None:
    """A worker on its own, whose clock an hour ago had not seen the campaign yet."""
    async with staged(1, SLOW) as stage:
        worker = stage.add_worker(SHORT_WORKER)
        worker.start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        worker.process.send_signal(Signals.SIGUSR1)
        await until_ended(stage, campaign_id, SECONDS)
        await everyone_has_it_once(stage, campaign_id)
