"""Which workers hold deliveries, and which of them are alive.

A worker raises its beat every BEAT seconds. The others watch: one whose beat they have seen standing still for DEAD
seconds is gone, and its rows are in doubt. A worker that could not raise its own beat for TRUSTED seconds, which is
less, begins no new message, for it may be thought dead soon. Nobody compares clocks, so one that is set back or runs
ahead means nothing; and a time in which a worker could not look counts for nothing, so that a database that was away
buries nobody.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.db import RelayScope

BEAT = 3.0
TRUSTED = 15.0
DEAD = 30.0


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Seconds that pass also while the machine sleeps; never set, never back."""
    return time.clock_gettime(_CLOCK)


async def register(scope: RelayScope, worker_id: UUID, host: str) -> None:
    await scope.execute(
        "INSERT INTO mail_workers (id, host, started_at) VALUES ($1, $2, $3)",
        worker_id,
        host,
        scope.now,
    )


async def is_known(scope: RelayScope, worker_id: UUID) -> bool:
    return bool(
        await scope.fetchval("SELECT EXISTS (SELECT FROM mail_workers WHERE id = $1)", worker_id)
    )


async def raise_beat(scope: RelayScope, worker_id: UUID) -> bool:
    """False where the others have given this worker up: it must begin again under another id."""
    return (
        await scope.execute(
            "UPDATE mail_workers SET beat = beat + 1 WHERE id = $1 AND ended_at IS NULL", worker_id
        )
        == 1
    )


async def end(scope: RelayScope, worker_id: UUID) -> None:
    await scope.execute(
        "UPDATE mail_workers SET ended_at = coalesce(ended_at, $2) WHERE id = $1",
        worker_id,
        scope.now,
    )


async def give_up(scope: RelayScope, worker_id: UUID, beat: int) -> datetime | None:
    """Refuse it further beats, unless it has raised one since; returns when it was first given up, None if it lives."""
    ended_at: datetime | None = await scope.fetchval(
        """
        UPDATE mail_workers SET ended_at = coalesce(ended_at, $3)
        WHERE id = $1 AND (beat = $2 OR ended_at IS NOT NULL) RETURNING ended_at
        """,
        worker_id,
        beat,
        scope.now,
    )
    return ended_at


async def mark_settled(scope: RelayScope, worker_id: UUID) -> None:
    """Nothing is held by it any more. What ended long ago is forgotten on the way."""
    await scope.execute("UPDATE mail_workers SET settled = true WHERE id = $1", worker_id)
    await scope.execute(
        "DELETE FROM mail_workers WHERE settled AND ended_at < $1::timestamptz - interval '7 days'",
        scope.now,
    )


async def unsettled(scope: RelayScope) -> list[tuple[UUID, int, bool]]:
    """(worker, beat, ended) of all whose rows may need somebody."""
    rows = await scope.fetch(
        "SELECT id, beat, ended_at IS NOT NULL FROM mail_workers WHERE NOT settled ORDER BY id"
    )
    return [(row[0], row[1], row[2]) for row in rows]


@dataclass(slots=True)
class _Seen:
    beat: int
    still: float = 0.0


@dataclass(slots=True)
class Watch:
    """What one worker has seen of the others."""

    _seen: dict[UUID, _Seen] = field(default_factory=dict)
    _looked_at: float | None = None

    def gone(self, now: float, workers: list[tuple[UUID, int, bool]]) -> list[tuple[UUID, int]]:
        """Worker and beat of those that ended without settling, or whose beat stood still through enough looks. `now` is `steady()`."""
        # Looks that lie far apart prove nothing about the time between them.
        passed = 0.0 if self._looked_at is None else now - self._looked_at
        passed = passed if passed <= 3 * BEAT else 0.0
        self._looked_at = now
        seen: dict[UUID, _Seen] = {}
        gone = []
        for worker_id, beat, ended in workers:
            before = self._seen.get(worker_id)
            if before is None or before.beat != beat:
                before = _Seen(beat)
            else:
                before.still += passed
            seen[worker_id] = before
            if ended or before.still >= DEAD:
                gone.append((worker_id, beat))
        self._seen = seen
        return gone
