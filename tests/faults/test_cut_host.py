"""One of three hosts loses its network in the middle of a campaign: its database, its bell and the relay at once.

The others give it up and see to what it held; later the cable is mended, and it learns what became of its work. A
pulled cable leaves no journal to read for the others, so all that the host had not recorded is in doubt at first.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from hub.newsletter.schemas import OnDoubt
from tests.faults.reckoning import Report, reckon
from tests.faults.stage import Stage, staged, until_ended
from tests.support import sink_log
from tests.support.cutting_proxy import CuttingProxy
from tests.support.fast_sink import Faults
from tests.support.sink_log import Message, Session

RECIPIENTS = 12_000
SHORT_WORKER = (sys.executable, "-m", "tests.faults.short_worker")
SECONDS = 120.0


@dataclass(slots=True)
class Cable:
    """All that connects one host with the rest."""

    proxies: list[CuttingProxy]
    cut_at: int = 0
    mended_at: int = 0

    def pull(self) -> None:
        self.cut_at = time.monotonic_ns()
        for proxy in self.proxies:
            proxy.cut()

    def plug_in(self, *, reset: bool) -> None:
        self.mended_at = time.monotonic_ns()
        for proxy in self.proxies:
            proxy.mend(reset=reset)


@asynccontextmanager
async def cabled(stage: Stage) -> AsyncIterator[Cable]:
    """A first host behind proxies, and two others."""
    servers = stage.servers
    targets = (stage.sink.url(0), servers.worker_url, servers.valkey.url)
    proxies = [CuttingProxy(target) for target in targets]
    for proxy in proxies:
        await proxy.open()
    sink, postgres, valkey = (proxy.url for proxy in proxies)
    stage.add_worker(SHORT_WORKER, sink=sink, postgres=postgres, valkey=valkey).start()
    stage.add_worker(SHORT_WORKER).start()
    stage.add_worker(SHORT_WORKER).start()
    try:
        yield Cable(proxies)
    finally:
        for worker in stage.workers:
            worker.end()
        for proxy in proxies:
            await proxy.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.05)


async def sends(stage: Stage) -> bool:
    """Whether the first host is in the middle of it."""
    port = stage.sink.ports[0]
    mine = [session for session in stage.sink.sessions() if session.port == port]
    return len(sink_log.kept(mine)) > RECIPIENTS / 20


def suspects(
    sessions: Sequence[Session], port: int, cable: Cable, unrecorded: set[str]
) -> list[Message]:
    """What the host had begun and the ledger could not know the end of.

    On the wire at the cut, at most one a connection, as the last that began before the cut or, where the server's word
    to go on was on its way already, as the first to arrive after it; and what was answered so shortly before the cut
    that it could not be recorded any more.
    """
    found = []
    for session in sessions:
        if session.port != port or not session.lived(cable.cut_at, cable.cut_at):
            continue
        before = [each for each in session.messages if each.begun_at <= cable.cut_at]
        after = [each for each in session.messages if each.begun_at > cable.mended_at]
        found += before[-1:] + after[:1]
        found += [each for each in before[:-1] if each.recipient in unrecorded]
    return found


async def held(stage: Stage, campaign_id: UUID, journals: Iterable[Path]) -> set[str]:
    """Whom the workers of these journals are writing to, or have written to, as far as the ledger knows."""
    worker_ids = [UUID(path.stem) for path in journals]
    rows = await stage.ask(
        "SELECT email FROM deliveries WHERE campaign_id = $1 AND holder = ANY($2) AND state = 'sending'",
        campaign_id,
        worker_ids,
    )
    return {row["email"] for row in rows}


async def cut_in_the_middle(
    on_doubt: OnDoubt, *, reset: bool, mended: Callable[[Stage, UUID], Awaitable[bool]]
) -> Report:
    async with staged(3, Faults(delay=0.02)) as stage, cabled(stage) as cable:
        began = time.monotonic()
        campaign_id = await stage.start_campaign(RECIPIENTS, on_doubt)
        await until(partial(sends, stage))
        cable.pull()
        # What it had asked of the database before is done by then.
        await asyncio.sleep(0.5)
        journals = list((stage.folder / "host-0").glob("*.journal"))
        unrecorded = await held(stage, campaign_id, journals)
        await until(partial(mended, stage, campaign_id))
        cable.plug_in(reset=reset)
        await until_ended(stage, campaign_id, SECONDS)
        await until(partial(has_returned, journals))
        await until_ended(stage, campaign_id, SECONDS)
        rows, sessions = await stage.ledger(campaign_id), stage.sink.sessions()
        wire = suspects(sessions, stage.sink.ports[0], cable, unrecorded)
        report = reckon(rows, sessions, wire, ["cable"], time.monotonic() - began)
        print(report)  # noqa: T201  # shown where it fails
        return report


async def has_returned(journals: Iterable[Path]) -> bool:
    """What they had was recorded, so they are gone."""
    return not any(path.exists() for path in journals)


async def given_up(stage: Stage, campaign_id: UUID) -> bool:
    """The others have put what it held in doubt."""
    return any(row.doubts for row in await stage.ledger(campaign_id))


async def sent_again(stage: Stage, campaign_id: UUID) -> bool:
    """The others have sent all of it, once more."""
    rows = await stage.ledger(campaign_id)
    return any(row.doubts for row in rows) and all(row.state == "sent" for row in rows)


async def test_what_the_lost_host_knew_is_recorded_late_and_settles_the_doubts() -> None:
    report = await cut_in_the_middle("ask", reset=False, mended=given_up)
    assert report.states == {"sent": RECIPIENTS}
    assert report.missing == report.doubled == 0
    assert report.doubted > 0


async def test_what_others_sent_again_meanwhile_was_in_doubt() -> None:
    report = await cut_in_the_middle("resend", reset=False, mended=sent_again)
    assert report.states == {"sent": RECIPIENTS}
    assert report.missing == report.lost == 0
    assert report.doubled <= report.bound
    assert report.unexplained == report.undoubted == report.unlike == 0


async def test_connections_that_do_not_outlive_the_cut_leave_only_their_own_message_in_doubt() -> (
    None
):
    report = await cut_in_the_middle("ask", reset=True, mended=given_up)
    assert report.doubled == report.lost == 0
    assert 0 < report.states.pop("in_doubt") <= report.bound
    assert report.states.keys() == {"sent"}
