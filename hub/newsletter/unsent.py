"""Statements on who did not get a campaign, and why; and their way back into the queue."""

from uuid import UUID

from hub.db import TenantScope
from hub.newsletter.schemas import Cause, Unsent

MOST_COUNTED = 2_000
# The index that serves these statements holds nothing else.
LISTED = "d.campaign_id = $1 AND d.state IN ('retry', 'failed', 'in_doubt', 'suppressed')"


async def by_cause(scope: TenantScope, campaign_id: UUID) -> list[Cause]:
    """How many are in each state that is not `sent`, for each reason; the most frequent first.

    Nobody counts a million rows for a page: a reason is counted up to MOST_COUNTED, and `Cause.more` says that there are
    more. Reasons are found by leaps through the index, not by reading it.
    """
    rows = await scope.fetch(
        f"""
        WITH RECURSIVE states (state) AS (VALUES ('failed'), ('in_doubt'), ('retry'), ('suppressed')),
        leaps AS (
          SELECT s.state, (SELECT min(d.cause) FROM deliveries d WHERE {LISTED} AND d.state = s.state) AS cause
          FROM states s
          UNION ALL
          SELECT l.state, (
            SELECT min(d.cause) FROM deliveries d
            WHERE {LISTED} AND d.state = l.state AND d.cause > l.cause)
          FROM leaps l WHERE l.cause IS NOT NULL
        )
        SELECT l.state, l.cause, (SELECT count(*) FROM (
            SELECT FROM deliveries d
            WHERE {LISTED} AND d.state = l.state AND d.cause = l.cause LIMIT $2) counted) AS count
        FROM leaps l WHERE l.cause IS NOT NULL
        UNION ALL
        SELECT s.state, NULL, (SELECT count(*) FROM (
            SELECT FROM deliveries d
            WHERE {LISTED} AND d.state = s.state AND d.cause IS NULL LIMIT $2) counted)
        FROM states s
        """,
        campaign_id,
        MOST_COUNTED + 1,
    )
    causes = [
        Cause(state, code, min(count, MOST_COUNTED), more=count > MOST_COUNTED)
        for state, code, count in rows
        if count
    ]
    return sorted(causes, key=lambda cause: (-cause.count, cause.state, cause.code or ""))


async def unsent(
    scope: TenantScope, campaign_id: UUID, cause: Cause, *, after: UUID | None, limit: int
) -> list[Unsent]:
    """Those of one state and reason, by id."""
    condition, args = _alike(cause, first=4)
    rows = await scope.fetch(
        f"""
        SELECT id, email, name, state, cause, reply, tries, due_at FROM deliveries
        WHERE campaign_id = $1 AND {condition} AND ($2::uuid IS NULL OR id > $2)
        ORDER BY id LIMIT $3
        """,
        campaign_id,
        after,
        limit,
        *args,
    )
    return [Unsent(*row) for row in rows]


async def never_sent(
    scope: TenantScope, campaign_id: UUID, *, after: UUID | None, limit: int
) -> list[Unsent]:
    """Of a cancelled campaign those who still waited, in the order in which they would have had their turn."""
    rows = await scope.fetch(
        """
        SELECT id, email, name, state, cause, reply, tries, due_at FROM deliveries
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

    Rows about which something is being decided at this moment are left out. `attempts` stays, so that an answer that comes late still finds its row; so does the id, which makes the Message-ID.
    """
    condition, args = _alike(cause, first=5)
    row = await scope.fetchrow(
        f"""
        WITH found AS MATERIALIZED (
          SELECT id FROM deliveries WHERE campaign_id = $1 AND {condition} AND id > $3
          ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
        ), changed AS (
          UPDATE deliveries d SET state = 'queued', due_at = $2, updated_at = $2,
            holder = NULL, tried_since = NULL, cause = NULL, reply = NULL
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


def _alike(cause: Cause, *, first: int) -> tuple[str, list[str]]:
    """A condition that the index of (state, cause, id) serves, with its arguments."""
    if cause.code is None:
        return f"state = ${first} AND cause IS NULL", [cause.state]
    return f"state = ${first} AND cause = ${first + 1}", [cause.state, cause.code]
