"""What became of a campaign: the sink's log held against the ledger, and against what was on the wire at each kill."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.stage import Row
from tests.faults.worker import Kill
from tests.support import sink_log
from tests.support.sink_log import Message, Session


@dataclass(frozen=True, slots=True)
class Report:
    """Recipients are counted, except for `doubled` (copies too many) and `bound`."""

    recipients: int
    lost: int
    """Nothing at the sink, and the ledger does not say that it might be so."""
    doubled: int
    bound: int
    """Messages on the wire, summed over the kills: what may be doubled at most."""
    unexplained: int
    """Doubled, though no copy but the last was on the wire at a kill."""
    undoubted: int
    """Doubled, though the ledger never had doubts."""
    unlike: int
    """Doubled under different Message-IDs."""
    missing: int
    """Nothing at the sink, whatever the ledger says."""
    doubted: int
    """Were in doubt at some time."""
    states: dict[str, int]
    kills: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        killed = ", ".join(f"{what} {count}" for what, count in sorted(self.kills.items()))
        return (
            f"{self.recipients} recipients in {self.seconds:.0f} s; killed: {killed or 'nobody'};"
            f" lost {self.lost}, doubled {self.doubled} of at most {self.bound},"
            f" in doubt at some time {self.doubted}, now {self.states}"
        )


def reckon(
    rows: Sequence[Row],
    sessions: Sequence[Session],
    wire: Sequence[Message],
    kills: Iterable[str],
    seconds: float,
) -> Report:
    """`wire` has what was on the wire at the kills, one entry a message and kill."""
    copies: dict[str, list[Message]] = defaultdict(list)
    for message in sink_log.kept(sessions):
        copies[message.recipient].append(message)
    doubled = {email: found for email, found in copies.items() if len(found) > 1}
    doubts = {row.email: row.doubts for row in rows}
    missing = {row.email for row in rows} - copies.keys()
    suspects = {id(message) for message in wire}
    return Report(
        recipients=len(rows),
        lost=sum(1 for row in rows if row.email in missing and row.state != "in_doubt"),
        doubled=sum(len(found) - 1 for found in doubled.values()),
        bound=len(wire),
        unexplained=sum(1 for found in doubled.values() if not _explained(found, suspects)),
        undoubted=sum(1 for email in doubled if not doubts.get(email)),
        unlike=sum(1 for found in doubled.values() if len({m.message_id for m in found}) > 1),
        missing=len(missing),
        doubted=sum(1 for row in rows if row.doubts),
        states=dict(Counter(row.state for row in rows)),
        kills=dict(Counter(kills)),
        seconds=seconds,
    )


def _explained(copies: Sequence[Message], suspects: set[int]) -> bool:
    """All but one of the copies were on the wire when their sender was killed."""
    return sum(1 for copy in copies if id(copy) in suspects) >= len(copies) - 1


def wire_at(sessions: Sequence[Session], kills: Iterable[Kill]) -> list[Message]:
    return [
        message
        for kill in kills
        for message in sink_log.on_the_wire(sessions, kill.port, kill.at, kill.gone_at)
    ]
