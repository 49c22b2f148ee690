"""Statements on the people who evaluate: who they are, what each has, and what is still to be given out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.calls.selection.schemas import (
    Administrations,
    Evaluator,
    EvaluatorOf,
    Lacking,
    Readiness,
    codes_of,
)

# Of each application that is still in the running: how many evaluations it wants, and has.
_STANDING = """
SELECT a.id, count(e.id) FILTER (WHERE e.state = 'submitted') AS given,
  count(e.id) FILTER (WHERE e.state = 'assigned') AS waiting,
  CASE WHEN count(e.id) FILTER (WHERE e.state = 'submitted' AND e.ordinal < 3) = 2
      AND max(e.total) FILTER (WHERE e.ordinal < 3) - min(e.total) FILTER (WHERE e.ordinal < 3)
        > c.difference_limit
    THEN 3 ELSE 2 END AS wanted
FROM calls c
JOIN applications a ON a.call_id = c.id AND a.state = 'submitted'
LEFT JOIN evaluations e ON e.application_id = a.id AND e.call_id = c.id AND e.state <> 'recused'
WHERE c.id = $1
GROUP BY a.id, c.difference_limit
"""


async def administrations_of_members(scope: NetworkScope, tenant_id: UUID) -> Administrations:
    """For each active member of that organisation, the codes of all administrations he or she belongs to.

    Only the network may look into the memberships of others, which is why it is asked beforehand.
    """
    rows = await scope.fetch(
        """
        SELECT m.id, t.fiscal_code, t.ipa_code
        FROM memberships m
        JOIN memberships o ON o.account_id = m.account_id AND o.state = 'active'
        JOIN tenants t ON t.id = o.tenant_id
        WHERE m.tenant_id = $1 AND m.state = 'active'
        """,
        tenant_id,
    )
    found: dict[UUID, frozenset[str]] = {}
    for membership_id, *codes in rows:
        found[membership_id] = found.get(membership_id, frozenset()) | codes_of(*codes)
    return found


async def evaluators(scope: TenantScope, call_id: UUID) -> list[Evaluator]:
    """Also those removed; evaluations of applications that left the running are not counted."""
    rows = await scope.fetch(
        """
        SELECT v.id, v.membership_id, m.name, m.state = 'active' AS active, v.removed_at, v.reminded_at,
          count(a.id) FILTER (WHERE e.state = 'assigned' AND a.state = 'submitted') AS waiting,
          count(a.id) FILTER (WHERE e.state = 'submitted') AS given,
          count(a.id) FILTER (WHERE e.state = 'recused') AS recused
        FROM call_evaluators v
        JOIN memberships m ON m.id = v.membership_id
        LEFT JOIN evaluations e ON e.call_id = v.call_id AND e.membership_id = v.membership_id
        LEFT JOIN applications a ON a.id = e.application_id
        WHERE v.call_id = $1
        GROUP BY v.id, m.id ORDER BY v.removed_at IS NOT NULL, m.name, v.id
        """,
        call_id,
    )
    return [msgspec.convert(dict(row), Evaluator) for row in rows]


async def evaluator(scope: TenantScope, call_id: UUID, evaluator_id: UUID) -> UUID | None:
    """The membership of one that is not removed."""
    found: UUID | None = await scope.fetchval(
        """
        SELECT membership_id FROM call_evaluators
        WHERE id = $1 AND call_id = $2 AND removed_at IS NULL
        """,
        evaluator_id,
        call_id,
    )
    return found


async def colleagues(scope: TenantScope) -> list[tuple[UUID, str, str]]:
    """Who could be named: id, name and role of the active members."""
    rows = await scope.fetch(
        "SELECT id, name, role FROM memberships WHERE state = 'active' ORDER BY name, id"
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def name_evaluator(
    scope: TenantScope, call_id: UUID, membership_id: UUID, named_by: UUID
) -> UUID | None:
    """The row's id; None where the person is named already."""
    found: UUID | None = await scope.fetchval(
        """
        INSERT INTO call_evaluators AS v (id, tenant_id, call_id, membership_id, named_at, named_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, call_id, membership_id) DO UPDATE
          SET removed_at = NULL, named_at = excluded.named_at, named_by = excluded.named_by
          WHERE v.removed_at IS NOT NULL
        RETURNING id
        """,
        uuid7(),
        scope.tenant_id,
        call_id,
        membership_id,
        scope.now,
        named_by,
    )
    return found


async def remove_evaluator(scope: TenantScope, evaluator_id: UUID) -> None:
    await scope.execute(
        "UPDATE call_evaluators SET removed_at = $2 WHERE id = $1", evaluator_id, scope.now
    )


async def mark_reminded(scope: TenantScope, evaluator_id: UUID, *, before: datetime) -> bool:
    """False for one that was reminded since `before`."""
    marked = await scope.execute(
        """
        UPDATE call_evaluators SET reminded_at = $2
        WHERE id = $1 AND (reminded_at IS NULL OR reminded_at < $3)
        """,
        evaluator_id,
        scope.now,
        before,
    )
    return bool(marked)


async def take_back(scope: TenantScope, call_id: UUID, membership_id: UUID, reason: str) -> int:
    """Take from one evaluator whatever is not given yet; returns how many it was."""
    return await scope.execute(
        """
        UPDATE evaluations SET state = 'recused', recused_reason = $3, version = version + 1
        WHERE call_id = $1 AND membership_id = $2 AND state = 'assigned'
        """,
        call_id,
        membership_id,
        reason,
    )


async def free_evaluators(scope: TenantScope, call_id: UUID) -> dict[UUID, int]:
    """Those who can be given more, with how many evaluations each has of applications in the running."""
    rows = await scope.fetch(
        """
        SELECT v.membership_id, count(a.id)
        FROM call_evaluators v
        JOIN memberships m ON m.id = v.membership_id AND m.state = 'active'
        LEFT JOIN evaluations e ON e.call_id = v.call_id AND e.membership_id = v.membership_id
          AND e.state <> 'recused'
        LEFT JOIN applications a ON a.id = e.application_id AND a.state = 'submitted'
        WHERE v.call_id = $1 AND v.removed_at IS NULL
        GROUP BY v.membership_id, v.named_at ORDER BY v.named_at, v.membership_id
        """,
        call_id,
    )
    return {row[0]: row[1] for row in rows}


async def lacking(scope: TenantScope, call_id: UUID, application_id: UUID | None) -> list[Lacking]:
    """Applications in the running that want more evaluators than they have, by protocol number."""
    rows = await scope.fetch(
        """
        SELECT a.id, a.fiscal_code, a.ipa_code,
          coalesce(array_agg(e.membership_id) FILTER (WHERE e.id IS NOT NULL), '{}') AS seen,
          coalesce(array_agg(e.ordinal) FILTER (WHERE e.state <> 'recused'), '{}') AS ordinals,
          count(e.id) FILTER (WHERE e.state = 'submitted' AND e.ordinal < 3) = 2
            AND max(e.total) FILTER (WHERE e.ordinal < 3) - min(e.total) FILTER (WHERE e.ordinal < 3)
              > c.difference_limit AS third
        FROM calls c
        JOIN applications a ON a.call_id = c.id AND a.state = 'submitted'
        LEFT JOIN evaluations e ON e.application_id = a.id AND e.call_id = c.id
        WHERE c.id = $1 AND ($2::uuid IS NULL OR a.id = $2)
        GROUP BY a.id, c.difference_limit
        HAVING count(e.id) FILTER (WHERE e.state <> 'recused') < CASE
          WHEN count(e.id) FILTER (WHERE e.state = 'submitted' AND e.ordinal < 3) = 2
            AND max(e.total) FILTER (WHERE e.ordinal < 3) - min(e.total) FILTER (WHERE e.ordinal < 3)
              > c.difference_limit
          THEN 3 ELSE 2 END
        ORDER BY a.protocol_year, a.protocol_number
        """,
        call_id,
        application_id,
    )
    return [
        Lacking(id_, codes_of(*codes), frozenset(seen), frozenset(ordinals), third=third)
        for id_, *codes, seen, ordinals, third in rows
    ]


async def add_evaluations(
    scope: TenantScope, call_id: UUID, given: Sequence[tuple[UUID, int, UUID]]
) -> None:
    """(application, place among its evaluators, evaluator)."""
    await scope.execute(
        """
        INSERT INTO evaluations (id, tenant_id, call_id, application_id, ordinal, membership_id, assigned_at)
        SELECT given.id, $5, $6, given.application_id, given.ordinal, given.membership_id, $7
        FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[])
          AS given (id, application_id, ordinal, membership_id)
        """,
        [uuid7() for _ in given],
        [application_id for application_id, _ordinal, _who in given],
        [ordinal for _application, ordinal, _who in given],
        [who for _application, _ordinal, who in given],
        scope.tenant_id,
        call_id,
        scope.now,
    )


async def readiness(scope: TenantScope, call_id: UUID) -> Readiness:
    row = await scope.fetchrow(
        f"""
        SELECT count(*)::int, coalesce(sum(waiting), 0)::int,
          coalesce(sum(greatest(wanted - given - waiting, 0)), 0)::int,
          (SELECT count(*)::int FROM application_completions k
           JOIN applications a ON a.id = k.application_id AND a.state = 'submitted'
           WHERE a.call_id = $1 AND k.answered_at IS NULL AND k.due_at > $2)
        FROM ({_STANDING}) standing
        """,
        call_id,
        scope.now,
    )
    return Readiness(*row) if row else Readiness(0, 0, 0, 0)


async def evaluators_of(scope: TenantScope, application_id: UUID) -> list[EvaluatorOf]:
    """Who evaluates an application; how, only once every evaluation that it wants is in."""
    rows = await scope.fetch(
        """
        SELECT name, state, submitted_at, recused_reason, CASE WHEN given >= wanted THEN total END AS total,
          CASE WHEN given >= wanted AND state = 'submitted' THEN note ELSE '' END AS note
        FROM (
          SELECT e.*, m.name, count(*) FILTER (WHERE e.state = 'submitted') OVER () AS given,
            CASE WHEN max(e.total) FILTER (WHERE e.ordinal < 3) OVER ()
                - min(e.total) FILTER (WHERE e.ordinal < 3) OVER () > c.difference_limit
              THEN 3 ELSE 2 END AS wanted
          FROM evaluations e
          JOIN memberships m ON m.id = e.membership_id
          JOIN calls c ON c.id = e.call_id
          WHERE e.application_id = $1
        ) e
        ORDER BY ordinal, assigned_at, id
        """,
        application_id,
    )
    return [msgspec.convert(dict(row), EvaluatorOf) for row in rows]
