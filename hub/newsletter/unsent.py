"""Statements on who did not get a campaign, and why; and their way back into the queue."""

from uuid import UUID

from hub.db import TenantScope
from hub.newsletter.schemas import Cause, Unsent


async def by_cause(scope: TenantScope, campaign_id: UUID, state: str | None = None) -> list[Cause]:
    """How many are in each state that is not `sent`, for each reason; the most frequent first."""
    rows = await scope.fetch(
        """
        SELECT state, cause, count(*) FROM deliveries
        WHERE campaign_id = $1 AND state IN ('retry', 'failed', 'in_doubt', 'suppressed')
          AND ($2::text IS NULL OR state = $2)
        GROUP BY state, cause ORDER BY count(*) DESC, state, cause
        """,
        campaign_id,
        state,
    )
    return [Cause(*row) for row in rows]


async def unsent(
    scope: TenantScope,
    campaign_id: UUID,
    state: str,
    cause: Cause | None,
    *,
    after: UUID | None,
    limit: int,
) -> list[Unsent]:
    """Those of one state, by id; of one reason only, where it is given."""
    condition, args = _alike(state, cause, first=2)
    rows = await scope.fetch(
        f"""
        SELECT id, email, name, state, cause, reply, attempts, due_at FROM deliveries
        WHERE campaign_id = $1 AND {condition}
          AND (${len(args) + 2}::uuid IS NULL OR id > ${len(args) + 2})
        ORDER BY id LIMIT ${len(args) + 3}
        """,
        campaign_id,
        *args,
        after,
        limit,
    )
    return [Unsent(*row) for row in rows]


async def never_sent(
    scope: TenantScope, campaign_id: UUID, *, after: UUID | None, limit: int
) -> list[Unsent]:
    """Of a cancelled campaign those who still waited, in the order in which they would have had their turn."""
    rows = await scope.fetch(
        """
        SELECT id, email, name, state, cause, reply, attempts, due_at FROM deliveries
        WHERE campaign_id = $1 AND state IN ('queued', 'retry')
          AND ($2::uuid IS NULL OR (due_at, id) > (
            SELECT due_at, id FROM deliveries WHERE campaign_id = $1 AND id = $2))
        ORDER BY due_at, id LIMIT $3
        """,
        campaign_id,
        after,
        limit,
    )
    return [Unsent(*row) for row in rows]


async def queue_again(
    scope: TenantScope, campaign_id: UUID, cause: Cause, *, after: UUID, limit: int
) -> tuple[int, UUID | None]:
    """Put the next of one state and reason back into the queue, by id; returns how many, and the last one's id.

    `attempts` stays, so that an answer that comes late still finds its row; so does the id, which makes the Message-ID.
    """
    condition, args = _alike(cause.state, cause, first=5)
    row = await scope.fetchrow(
        f"""
        WITH found AS MATERIALIZED (
          SELECT id FROM deliveries WHERE campaign_id = $1 AND {condition} AND id > $3
          ORDER BY id LIMIT $4 FOR UPDATE
        ), changed AS (
          UPDATE deliveries d SET state = 'queued', due_at = $2, updated_at = $2,
            holder = NULL, cause = NULL, reply = NULL
          FROM found WHERE d.id = found.id
        )
        SELECT count(*), (SELECT id FROM found ORDER BY id DESC LIMIT 1) FROM found
        """,
        campaign_id,
        scope.now,
        after,
        limit,
        *args,
    )
    return (row[0], row[1]) if row else (0, None)


def _alike(state: str, alike: Cause | None, *, first: int) -> tuple[str, list[str]]:
    """A condition that the index of (state, cause, id) serves, with its arguments."""
    if alike is None:
        return f"state = ${first}", [state]
    if alike.code is None:
        return f"state = ${first} AND cause IS NULL", [state]
    return f"state = ${first} AND cause = ${first + 1}", [state, alike.code]
