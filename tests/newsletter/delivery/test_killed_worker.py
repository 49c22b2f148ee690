"""A campaign outlives its workers: real processes, killed or stopped in the middle. Many of them: `tests/faults`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hub.config import Settings
from tests.factories import Member
from tests.newsletter.delivery.sending import SlowSink, frozen, left_in, until_true
from tests.newsletter.delivery.worker_process import WorkerProcess
from tests.newsletter.making import load, states, until
from tests.support.databases import Database

pytestmark = [pytest.mark.usefixtures("true_tallies"), pytest.mark.timeout(150)]

READERS = 240


@pytest.fixture
def new_worker(
    own_database: Database, settings: Settings, valkey: str, sink: SlowSink, tmp_path: Path
) -> Iterator[Callable[[], WorkerProcess]]:
    own = replace(
        settings,
        database_url=own_database.web_url,
        worker_database_url=own_database.worker_url,
        redis_url=valkey,
        smtp_url=sink.url,
        journal_folder=str(tmp_path),
    )
    with ExitStack() as stack:

        def new() -> WorkerProcess:
            worker = WorkerProcess(own)
            stack.callback(worker.end)
            return worker

        yield new


@pytest.fixture
def editor(own_database: Database, editor: Member) -> Member:
    """In a database of its own: the workers look across tenants."""
    return editor


async def test_killed_in_the_middle(
    editor: Member, sink: SlowSink, new_worker: Callable[[], WorkerProcess], tmp_path: Path
) -> None:
    """The next worker on its host knows exactly what it had on the wire, and sends all the rest."""
    campaign_id, emails = await frozen(editor, READERS)
    first = new_worker()
    await until(lambda: len(sink.order) >= 50, 60)
    sink.gate.clear()
    await until(lambda: sink.waiting == 8)
    first.kill()
    assert (await states(editor, campaign_id))["sending"] > 8
    sink.gate.set()
    new_worker()

    async def over() -> bool:
        return (await load(editor, campaign_id)).state == "sent"

    await until_true(over, 60)
    found = await states(editor, campaign_id)
    assert found == {"sent": READERS - 8, "in_doubt": 8}
    # The sink had not kept the eight; whoever sent them could not know.
    assert len(sink.order) == len(set(sink.order)) == READERS - 8
    assert set(sink.order) < set(emails)
    assert len(left_in(tmp_path)) == 1, "the living one's"


async def test_stopped_in_the_middle_and_started_again(
    editor: Member, sink: SlowSink, new_worker: Callable[[], WorkerProcess], tmp_path: Path
) -> None:
    """It finishes what is on the wire and gives back the rest; nobody gets it twice, and nobody waits."""
    sink.seconds = 0.12
    campaign_id, emails = await frozen(editor, READERS)
    first = new_worker()
    await until(lambda: len(sink.order) >= 50, 60)
    assert await first.stop() == 0
    stopped = len(sink.order)
    assert 50 <= stopped < READERS
    assert await states(editor, campaign_id) == {"sent": stopped, "queued": READERS - stopped}
    assert left_in(tmp_path) == []
    sink.seconds = 0.0
    new_worker()
    new_worker()

    async def over() -> bool:
        return (await load(editor, campaign_id)).state == "sent"

    await until_true(over, 60)
    assert Counter(sink.order) == Counter(emails)
    assert await states(editor, campaign_id) == {"sent": READERS}
