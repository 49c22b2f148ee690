"""What else happens to a worker: it is stopped, its bell is lost, its clock is set back, it is killed in a freeze."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from signal import Signals
from uuid import UUID

from tests.faults.short_worker import CHUNK
from tests.faults.stage import SECONDS, SHORT_WORKER, SLOW, Stage, staged, until, until_ended
from tests.faults.worker import Worker
from tests.support import sink_log

READERS = 4_000

SLOW_FREEZE = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(0.5);
  RETURN NULL;
END $$;
CREATE TRIGGER slowly AFTER INSERT ON deliveries EXECUTE FUNCTION slowly();
"""


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
        assert worker.stop() == 0, worker.last_words()
        states = await stage.states(campaign_id)
        received = times_received(stage)
        assert received.keys() == {1}
        assert states == {"sent": received[1], "queued": READERS - received[1]}, worker.last_words()
        assert not list((stage.folder / "host-0").glob("*.journal")), "nothing is left to settle"
        worker.start()
        await until_ended(stage, campaign_id)
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
        await until_ended(stage, campaign_id)
        await everyone_has_it_once(stage, campaign_id)
        # Freezing is a task: it comes by the bell, rung again for what was asked while there was none.
        stage.servers.kill_valkey()
        later = await stage.start_campaign(50, "ask")
        stage.servers.start_valkey()
        await until_ended(stage, later)
        assert await stage.states(later) == {"sent": 50}


async def test_a_clock_that_is_set_back_buries_nobody_and_doubles_nothing() -> None:
    async with staged(3, SLOW) as stage:
        for _ in range(3):
            stage.add_worker(SHORT_WORKER).start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        stage.workers[0].process.send_signal(Signals.SIGUSR1)
        await until_ended(stage, campaign_id)
        await everyone_has_it_once(stage, campaign_id)


async def test_a_clock_that_is_set_back_holds_up_nothing() -> None:
    """A worker on its own, whose clock an hour ago had not seen the campaign yet."""
    async with staged(1, SLOW) as stage:
        worker = stage.add_worker(SHORT_WORKER)
        worker.start()
        campaign_id = await stage.start_campaign(READERS, "ask")
        await until(partial(has_received, stage, READERS // 10))
        worker.process.send_signal(Signals.SIGUSR1)
        await until_ended(stage, campaign_id)
        await everyone_has_it_once(stage, campaign_id)


async def is_ready(worker: Worker) -> bool:
    return "worker is ready" in worker.last_words()


async def freezes(stage: Stage, campaign_id: UUID) -> bool:
    """Some chunks are written, and a worker is at the next: its row cannot be had."""
    rows = await stage.ask(
        """
        SELECT (SELECT frozen_to IS NOT NULL FROM campaigns WHERE id = $1) AND NOT EXISTS (
          SELECT FROM (SELECT id FROM campaigns WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED) AS free)
        """,
        campaign_id,
    )
    return bool(rows[0][0])


async def test_a_freeze_whose_worker_is_killed_goes_on_whatever_the_clock_elsewhere_says() -> None:
    """No lease holds it up: for the other worker, one that ends in half a minute would last an hour longer."""
    readers = 4 * CHUNK
    async with staged(2) as stage:
        first, second = stage.add_worker(SHORT_WORKER), stage.add_worker(SHORT_WORKER)
        await stage.tell(SLOW_FREEZE)
        for worker in (first, second):
            worker.start()
            await until(partial(is_ready, worker))
        second.process.send_signal(Signals.SIGUSR1)
        second.process.send_signal(Signals.SIGSTOP)
        campaign_id = await stage.start_campaign(readers, "ask")
        await until(partial(freezes, stage, campaign_id))
        first.kill()
        assert await stage.states(campaign_id) != {"queued": readers}, "it was in the middle"
        second.process.send_signal(Signals.SIGCONT)
        async with asyncio.timeout(SECONDS):
            while not await stage.has_ended(campaign_id):
                assert second.is_alive, second.last_words()
                await asyncio.sleep(0.2)
        await everyone_has_it_once(stage, campaign_id, readers)
