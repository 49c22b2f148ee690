"""A campaign during which one of three hosts loses its network: its database, its bell and the relay at once.

The others give it up and see to what it held; later the cable is mended, and it learns what became of its work. A
pulled cable leaves no journal to read for the others, so all that the host had not recorded is in doubt at first.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from hub.newsletter.schemas import OnDoubt
from tests.faults.reckoning import Report, reckon
from tests.faults.stage import Stage, until, until_ended
from tests.support import sink_log
from tests.support.sink_log import Message, Session

RECIPIENTS = 9_000
HOSTS = 3


class Cable(ABC):
    """All that connects the first host with the rest. Nothing comes through between its two instants (CLOCK_MONOTONIC, ns)."""

    kind: str
    cut_at: int
    mended_at: int

    def pull(self) -> None:
        self._cut()
        self.cut_at = time.monotonic_ns()

    def plug_in(self) -> None:
        self.mended_at = time.monotonic_ns()
        self._mend()

    @abstractmethod
    def _cut(self) -> None: ...

    @abstractmethod
    def _mend(self) -> None: ...


async def cut_in_the_middle(stage: Stage, cable: Cable, on_doubt: OnDoubt) -> Report:
    """Mended once the others have done what they do: doubted what it held or, told to resend, sent all of it again."""
    mended = sent_again if on_doubt == "resend" else given_up
    began = time.monotonic()
    campaign_id = await stage.start_campaign(RECIPIENTS, on_doubt)
    await until(partial(sends, stage))
    cable.pull()
    # What it had asked of the database before is done by then.
    await asyncio.sleep(0.5)
    journals = list((stage.folder / "host-0").glob("*.journal"))
    unrecorded = await held(stage, campaign_id, journals)
    await until(partial(mended, stage, campaign_id))
    cable.plug_in()
    await until_ended(stage, campaign_id)
    await until(partial(has_returned, journals))
    await until_ended(stage, campaign_id)
    rows, sessions = await stage.ledger(campaign_id), stage.sink.sessions()
    wire = suspects(sessions, stage.sink.ports[0], cable, unrecorded)
    return reckon(rows, sessions, wire, [cable.kind], time.monotonic() - began)


async def sends(stage: Stage) -> bool:
    """Whether the first host is in the middle of it."""
    port = stage.sink.ports[0]
    mine = [session for session in stage.sink.sessions() if session.port == port]
    return len(sink_log.kept(mine)) > RECIPIENTS / 20


async def held(stage: Stage, campaign_id: UUID, journals: Iterable[Path]) -> set[str]:
    """Whom the workers of these journals are writing to, or have written to, as far as the ledger knows."""
    worker_ids = [UUID(path.stem) for path in journals]
    rows = await stage.ask(
        "SELECT email FROM deliveries WHERE campaign_id = $1 AND holder = ANY($2) AND state = 'sending'",
        campaign_id,
        worker_ids,
    )
    return {row["email"] for row in rows}


async def given_up(stage: Stage, campaign_id: UUID) -> bool:
    """The others have put what it held in doubt."""
    return any(row.doubts for row in await stage.ledger(campaign_id))


async def sent_again(stage: Stage, campaign_id: UUID) -> bool:
    """The others have sent all of it, once more."""
    rows = await stage.ledger(campaign_id)
    return any(row.doubts for row in rows) and all(row.state == "sent" for row in rows)


async def has_returned(journals: Iterable[Path]) -> bool:
    """What they had was recorded, so they are gone."""
    return not any(path.exists() for path in journals)


def suspects(
    sessions: Sequence[Session], port: int, cable: Cable, unrecorded: set[str]
) -> list[Message]:
    """What the host had begun and the ledger could not know the end of.

    On the wire at the cut, at most one a connection, as the last that began before or, where the server's word to go
    on was on its way already, as the first to arrive once it was mended; and what was answered so shortly before the
    cut that it could not be recorded any more.
    """
    found = []
    for session in sessions:
        if session.port != port or not session.lived(cable.cut_at, cable.cut_at):
            continue
        before = [each for each in session.messages if each.begun_at <= cable.mended_at]
        after = [each for each in session.messages if each.begun_at > cable.mended_at]
        found += before[-1:] + after[:1]
        found += [each for each in before[:-1] if each.recipient in unrecorded]
    return found
