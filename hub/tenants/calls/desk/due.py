"""Statements that find who is to be reminded, and write down in the same breath that it was done: once each.

Somebody was reminded of a term as soon as `reminded_at` lies behind the instant from which on to remind of it; a later
term makes it due again. Rows that somebody holds at the moment are left to the next minute.

What is due is found first and once, hence MATERIALIZED: a subselect with a limit and locks may be run again for each row.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub.db import NetworkScope, TenantScope


async def coordinators(scope: NetworkScope) -> list[UUID]:
    rows = await scope.fetch(
        "SELECT id FROM tenants WHERE 'coordinator' = ANY(kinds) AND state = 'active' ORDER BY id"
    )
    return [row["id"] for row in rows]


async def drafts(scope: TenantScope, before: Sequence[timedelta], *, limit: int) -> list[UUID]:
    """Applications that are not submitted, so long before the closing; none that was begun later than that.

    Nor one in which nothing stands yet: anybody can ask for a link to anybody's address.
    """
    rows = await scope.fetch(
        """
        WITH due AS MATERIALIZED (
          SELECT a.id FROM calls c
          JOIN applications a ON a.tenant_id = c.tenant_id AND a.call_id = c.id AND a.state = 'draft'
          WHERE c.tenant_id = $1 AND c.state = 'published' AND c.closes_at > $2::timestamptz
            AND (a.answers <> '{}' OR EXISTS (SELECT FROM application_files f
              WHERE f.tenant_id = a.tenant_id AND f.application_id = a.id))
            AND EXISTS (
            SELECT FROM unnest($3::interval[]) AS early
            WHERE c.closes_at - early <= $2::timestamptz
              AND coalesce(a.reminded_at, a.created_at) < c.closes_at - early)
          ORDER BY a.id LIMIT $4 FOR NO KEY UPDATE OF a SKIP LOCKED
        )
        UPDATE applications a SET reminded_at = $2::timestamptz FROM due WHERE a.id = due.id
        RETURNING a.id
        """,
        scope.tenant_id,
        scope.now,
        before,
        limit,
    )
    return [row["id"] for row in rows]


async def requests(scope: TenantScope, before: timedelta, *, limit: int) -> list[tuple[UUID, UUID]]:
    """(application, request for completion) without an answer, so long before the end of the term."""
    rows = await scope.fetch(
        """
        WITH due AS MATERIALIZED (
          SELECT k.id FROM application_completions k
          JOIN applications a ON a.tenant_id = k.tenant_id AND a.id = k.application_id
            AND a.state = 'submitted'
          WHERE k.tenant_id = $1 AND k.answered_at IS NULL AND k.due_at > $2::timestamptz
            AND k.due_at - $3::interval <= $2::timestamptz
            AND coalesce(k.reminded_at, k.asked_at) < k.due_at - $3::interval
          ORDER BY k.id LIMIT $4 FOR NO KEY UPDATE OF k SKIP LOCKED
        )
        UPDATE application_completions k SET reminded_at = $2::timestamptz FROM due WHERE k.id = due.id
        RETURNING k.application_id, k.id
        """,
        scope.tenant_id,
        scope.now,
        before,
        limit,
    )
    return [(row["application_id"], row["id"]) for row in rows]


async def evaluators(
    scope: TenantScope, *, every: timedelta, overdue_after: timedelta
) -> list[tuple[UUID, UUID, bool]]:
    """(call, membership, whether something is overdue) of those with open evaluations.

    Each so long after the last time, the first time so long after the assignment; and when something becomes overdue.
    """
    rows = await scope.fetch(
        """
        UPDATE call_evaluators v SET reminded_at = $2::timestamptz
        FROM (
          SELECT e.call_id, e.membership_id, min(e.assigned_at) AS oldest
          FROM calls c
          JOIN evaluations e ON e.tenant_id = c.tenant_id AND e.call_id = c.id AND e.state = 'assigned'
          JOIN applications a ON a.tenant_id = e.tenant_id AND a.id = e.application_id
            AND a.state = 'submitted'
          WHERE c.tenant_id = $1 AND c.state = 'evaluating' GROUP BY e.call_id, e.membership_id
        ) open
        WHERE v.tenant_id = $1 AND v.call_id = open.call_id AND v.membership_id = open.membership_id
          AND v.removed_at IS NULL
          AND (greatest(v.reminded_at, open.oldest) <= $2::timestamptz - $3::interval
            OR (open.oldest <= $2::timestamptz - $4::interval
              AND coalesce(v.reminded_at, open.oldest) < open.oldest + $4::interval))
        RETURNING v.call_id, v.membership_id, open.oldest <= $2::timestamptz - $4::interval
        """,
        scope.tenant_id,
        scope.now,
        every,
        overdue_after,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def not_closed(scope: TenantScope, after: timedelta) -> list[UUID]:
    """Calls that are over so long and that nobody closed."""
    rows = await scope.fetch(
        """
        UPDATE calls SET reminded_at = $2::timestamptz
        WHERE tenant_id = $1 AND state = 'published' AND closes_at <= $2::timestamptz - $3::interval
          AND (reminded_at IS NULL OR reminded_at < closes_at + $3::interval)
        RETURNING id
        """,
        scope.tenant_id,
        scope.now,
        after,
    )
    return [row["id"] for row in rows]


async def all_given(scope: TenantScope) -> list[UUID]:
    """Calls of which every evaluation that was assigned is in, since the last of which nobody was told."""
    rows = await scope.fetch(
        """
        SELECT c.id FROM calls c
        JOIN evaluations e ON e.tenant_id = c.tenant_id AND e.call_id = c.id AND e.state <> 'recused'
        JOIN applications a ON a.tenant_id = e.tenant_id AND a.id = e.application_id
          AND a.state = 'submitted'
        WHERE c.tenant_id = $1 AND c.state = 'evaluating'
        GROUP BY c.id
        HAVING bool_and(e.state = 'submitted') AND (c.reminded_at IS NULL
          OR c.reminded_at < greatest(c.evaluating_at, max(e.submitted_at)))
        """,
        scope.tenant_id,
    )
    return [row["id"] for row in rows]


async def mark_told(scope: TenantScope, call_id: UUID) -> bool:
    """False where another worker did in the meantime."""
    marked = await scope.execute(
        """
        UPDATE calls SET reminded_at = $2::timestamptz
        WHERE id = $1 AND state = 'evaluating' AND (reminded_at IS NULL OR reminded_at < $2::timestamptz)
        """,
        call_id,
        scope.now,
    )
    return bool(marked)


async def admins(scope: TenantScope) -> list[UUID]:
    rows = await scope.fetch(
        "SELECT id FROM memberships WHERE role = 'admin' AND state = 'active' ORDER BY id"
    )
    return [row["id"] for row in rows]
