"""Statements that put cases in other hands: a colleague's, or another desk's."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from asyncpg import Record

from hub.db import TenantScope


async def assign_case(scope: TenantScope, case_id: UUID, membership_id: UUID) -> None:
    """Also puts the case at the top of the list."""
    await scope.execute(
        """
        UPDATE cases SET assigned_to = $2, updated_at = $3, version = version + 1 WHERE id = $1
        """,
        case_id,
        membership_id,
        scope.now,
    )


async def count_open(
    scope: TenantScope, column: Literal["assigned_to", "desk_id"], whose: UUID
) -> int:
    """Real open cases of a person or a desk."""
    count: int = await scope.fetchval(
        f"SELECT count(*) FROM cases WHERE {column} = $1 AND state = 'open' AND NOT is_test", whose
    )
    return count


async def count_open_of(scope: TenantScope, membership_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Real open cases of each of these people who has any."""
    rows = await scope.fetch(
        """
        SELECT assigned_to, count(*) FROM cases
        WHERE assigned_to = ANY($1) AND state = 'open' AND NOT is_test GROUP BY assigned_to
        """,
        list(membership_ids),
    )
    return {row[0]: row[1] for row in rows}


async def desks_of_open(scope: TenantScope, membership_id: UUID) -> frozenset[UUID]:
    """At which desks a person's open cases are."""
    rows = await scope.fetch(
        "SELECT DISTINCT desk_id FROM cases WHERE assigned_to = $1 AND state = 'open'",
        membership_id,
    )
    return frozenset(row[0] for row in rows)


async def give_cases(scope: TenantScope, giver: UUID, taker: UUID) -> dict[UUID, bool]:
    """Waits for whoever writes on one of them. Returns which were handed over, and whether each is a test."""
    found = await _lock_open(scope, "assigned_to", giver)
    await scope.execute(
        """
        UPDATE cases SET assigned_to = $2, updated_at = $3, version = version + 1
        WHERE id = ANY($1)
        """,
        list(found),
        taker,
        scope.now,
    )
    return found


async def move_cases(scope: TenantScope, giver: UUID, taker: UUID) -> dict[UUID, bool]:
    """The same from desk to desk; a case's referrals go with it."""
    found = await _lock_open(scope, "desk_id", giver)
    await scope.execute(
        """
        UPDATE cases SET desk_id = $2, updated_at = $3, version = version + 1 WHERE id = ANY($1)
        """,
        list(found),
        taker,
        scope.now,
    )
    await scope.execute(
        "UPDATE referrals SET desk_id = $2 WHERE case_id = ANY($1)", list(found), taker
    )
    return found


async def _lock_open(
    scope: TenantScope, column: Literal["assigned_to", "desk_id"], whose: UUID
) -> dict[UUID, bool]:
    """The open cases of a person or a desk, and whether each is a test; in one order, for all who lock several."""
    rows = await scope.fetch(
        f"""
        SELECT id, is_test FROM cases WHERE {column} = $1 AND state = 'open' ORDER BY id FOR UPDATE
        """,
        whose,
    )
    return {row["id"]: row["is_test"] for row in rows}


async def hands_of(scope: TenantScope, case_id: UUID) -> Sequence[Record]:
    """When a case came into other hands, a colleague's or a desk's: from whom (where that is kept), to whom, and by whom."""
    return await scope.fetch(
        """
        SELECT l.at, l.action, who.name AS by, coalesce(giver.name, old.name) AS giver,
          coalesce(taker.name, new.name) AS taker
        FROM audit_log l
        LEFT JOIN memberships who ON who.tenant_id = l.tenant_id AND who.id = l.membership_id
        LEFT JOIN memberships giver
          ON giver.tenant_id = l.tenant_id AND giver.id = (l.codes ->> 'before')::uuid
        LEFT JOIN memberships taker
          ON taker.tenant_id = l.tenant_id AND taker.id = (l.codes ->> 'to')::uuid
        LEFT JOIN desks old ON old.tenant_id = l.tenant_id AND old.id = (l.codes ->> 'before')::uuid
        LEFT JOIN desks new ON new.tenant_id = l.tenant_id AND new.id = (l.codes ->> 'desk')::uuid
        WHERE l.tenant_id = $1 AND l.subject_id = $2 AND l.action IN ('case.assigned', 'case.moved')
        ORDER BY l.at, l.id
        """,
        scope.tenant_id,
        case_id,
    )
