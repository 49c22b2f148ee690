"""What must happen elsewhere, written in the transaction that decided it (design §5).

The row is the truth: its lease, its attempts, its end. Valkey carries only the bell, `outbox:{id}:{attempt}`; when the
bell is lost, the sweeper rings again. A task may therefore run twice, and checks the state before it acts.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from arq.connections import ArqRedis
from piccolo.columns import JSONB, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table
from redis.exceptions import RedisError

from hub.db import NetworkScope, RelayScope, RoutingScope, TenantScope
from hub.ids import uuid7

log = logging.getLogger(__name__)

# One queue a class of duration: arq's re-run delay is the longest timeout on the queue.
SHORT_QUEUE = "hub:short"
LONG_QUEUE = "hub:long"

LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=1)
# A mail server may be away for a weekend's evening; what waits for it must not be given up within the hour.
PATIENCE = timedelta(days=2)
KEEP_DONE = timedelta(days=7)


class Outbox(Table, tablename="outbox"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn(null=True)
    task = Text()
    args = JSONB()
    created_at = Timestamptz()
    due_at = Timestamptz()
    attempts = Integer()
    lease_until = Timestamptz(null=True)
    done_at = Timestamptz(null=True)
    dead_at = Timestamptz(null=True)
    error = Text(null=True)


@dataclass(frozen=True, slots=True)
class Job:
    """A leased row. `args` are ids as text; `tenant_id` is None for the network's own work."""

    id: UUID
    tenant_id: UUID | None
    task: str
    args: dict[str, str]
    attempt: int

    @property
    def owner_id(self) -> UUID:
        """The tenant whose task this is. Raises LookupError for the network's own work."""
        if self.tenant_id is None:
            raise LookupError(self.task)
        return self.tenant_id


async def enqueue(
    scope: TenantScope | NetworkScope | RoutingScope,
    task: str,
    *,
    tenant_id: UUID | None = None,
    after: timedelta = timedelta(0),
    **ids: UUID,
) -> UUID:
    """Write the row in the scope's transaction; the bell rings after its commit. Returns the row's id.

    `tenant_id` is the tenant whose task this is: by default the scope's own. Only the routing scope and the
    network scope may name another (row security refuses it elsewhere).
    """
    own = None if isinstance(scope, NetworkScope) else scope.tenant_id
    row_id = uuid7()
    await scope.execute(
        """
        INSERT INTO outbox (id, tenant_id, task, args, created_at, due_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        row_id,
        tenant_id or own,
        task,
        {name: str(value) for name, value in ids.items()},
        scope.now,
        scope.now + after,
    )
    if not after:
        scope.ring_after_commit(task, row_id)
    return row_id


async def lease(scope: RelayScope, row_id: UUID) -> Job | None:
    """Take the row for this worker, or None: done, dead, not due, or in another worker's hands."""
    row = await scope.fetchrow(
        """
        UPDATE outbox SET attempts = attempts + 1, lease_until = $3
        WHERE id = $1 AND done_at IS NULL AND dead_at IS NULL AND due_at <= $2
          AND (lease_until IS NULL OR lease_until < $2)
        RETURNING id, tenant_id, task, args, attempts
        """,
        row_id,
        scope.now,
        scope.now + LEASE,
    )
    return Job(row[0], row[1], row[2], row[3], row[4]) if row else None


# From here on `attempts` fences: a worker that lost its lease no longer decides about a row that another holds.


async def renew(scope: RelayScope, job: Job) -> None:
    """Keep the row while a long task is still at work."""
    await scope.execute(
        "UPDATE outbox SET lease_until = $3 WHERE id = $1 AND attempts = $2 AND done_at IS NULL",
        job.id,
        job.attempt,
        scope.now + LEASE,
    )


async def give_back(scope: RelayScope, job: Job) -> None:
    """This worker is stopping: another may take the row at once."""
    await scope.execute(
        "UPDATE outbox SET lease_until = NULL WHERE id = $1 AND attempts = $2", job.id, job.attempt
    )


async def finish(scope: RelayScope, job: Job) -> None:
    await scope.execute(
        "UPDATE outbox SET done_at = $2, lease_until = NULL, error = NULL WHERE id = $1",
        job.id,
        scope.now,
    )


async def fail(scope: RelayScope, job: Job, error: str, *, passes: bool = False) -> None:
    """Wait 2, 4, 8 … seconds, at most an hour, then try again; after MAX_ATTEMPTS the row is dead, and stays to be seen.

    `error` is a code or a class name: an exception's text may hold personal data. One that `passes` by itself, such as
    a server that is away, is waited for during PATIENCE.
    """
    pause = min(timedelta(seconds=2 ** min(job.attempt, 20)), LONGEST_PAUSE)
    await scope.execute(
        """
        UPDATE outbox SET lease_until = NULL, error = $3, due_at = $4,
          dead_at = CASE WHEN attempts >= $5 AND created_at <= $7 THEN $2::timestamptz END
        WHERE id = $1 AND attempts = $6 AND done_at IS NULL
        """,
        job.id,
        scope.now,
        error[:200],
        scope.now + pause,
        MAX_ATTEMPTS,
        job.attempt,
        scope.now - PATIENCE if passes else scope.now,
    )


async def bury_lost(scope: RelayScope) -> int:
    """Give up rows whose lease ran out at the last attempt: a task that ends its worker would end the next one too."""
    return await scope.execute(
        """
        UPDATE outbox SET lease_until = NULL, error = 'Lost', dead_at = $1
        WHERE done_at IS NULL AND dead_at IS NULL AND lease_until < $1 AND attempts >= $2
        """,
        scope.now,
        MAX_ATTEMPTS,
    )


async def due(scope: RelayScope, limit: int = 500) -> Sequence[tuple[str, UUID, int]]:
    """Task, id and attempts of rows that nobody holds: what the sweeper rings for."""
    rows = await scope.fetch(
        """
        SELECT task, id, attempts FROM outbox
        WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= $1
          AND (lease_until IS NULL OR lease_until < $1)
        ORDER BY due_at LIMIT $2
        """,
        scope.now,
        limit,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def backlog(scope: RelayScope) -> tuple[int, int]:
    """How many rows are due, and how many were given up."""
    row = await scope.fetchrow(
        """
        SELECT count(*) FILTER (WHERE dead_at IS NULL AND due_at <= $1),
          count(*) FILTER (WHERE dead_at IS NOT NULL)
        FROM outbox WHERE done_at IS NULL
        """,
        scope.now,
    )
    return (row[0], row[1]) if row else (0, 0)


async def forget_done(scope: RelayScope) -> int:
    """Delete rows that have been done for a week."""
    return await scope.execute("DELETE FROM outbox WHERE done_at < $1", scope.now - KEEP_DONE)


_bell: ArqRedis | None = None
_long_tasks: frozenset[str] = frozenset()


def open_bell(url: str, long_tasks: frozenset[str] = frozenset()) -> None:
    """Connects at the first ring, so that a Valkey that is down stops nobody.

    `long_tasks` names the tasks whose bell goes to the long queue.
    """
    global _bell, _long_tasks
    _long_tasks = long_tasks
    # A bell that hangs must not hold up the person who pressed the button.
    _bell = ArqRedis.from_url(url, socket_connect_timeout=1, socket_timeout=2)
    _bell.job_serializer = msgspec.json.encode
    _bell.job_deserializer = msgspec.json.decode


async def close_bell() -> None:
    global _bell
    if _bell is not None:
        bell, _bell = _bell, None
        await bell.aclose()


async def ring(rows: Sequence[tuple[str, UUID]], attempt: int = 0) -> None:
    """Wake a worker. Never raises for a Valkey that is away: the sweeper will ring again."""
    if _bell is None:
        return
    try:
        for task, row_id in rows:
            await _bell.enqueue_job(
                "run_outbox",
                str(row_id),
                _job_id=f"outbox:{row_id}:{attempt}",
                _queue_name=LONG_QUEUE if task in _long_tasks else SHORT_QUEUE,
            )
    except (RedisError, OSError) as error:
        log.warning("the bell is out of order: %s", type(error).__name__)
