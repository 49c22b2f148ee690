"""Statements on who evaluates, on the evaluations, and on what stands between them and a ranking.

The lists of applications stand in `incoming.py`, the ranking in `ranked.py`, what the minutes tell in `chronicle.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection.schemas import (
    Administrations,
    Evaluation,
    EvaluationRow,
    Evaluator,
    EvaluatorOf,
    Lacking,
    Readiness,
    Selection,
    codes_of,
)

SELECTION = """id, tenant_id, slug, title, state, regions, minimum_points, difference_limit, closes_at,
    decided_at"""

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


async def selection(scope: TenantScope, call_id: UUID, *, lock: bool = False) -> Selection | None:
    """Locked, decisions about one call happen one after the other: every step here begins with it."""
    row = await scope.fetchrow(
        f"SELECT {SELECTION} FROM calls WHERE id = $1 {'FOR NO KEY UPDATE' if lock else ''}",
        call_id,
    )
    return msgspec.convert(dict(row), Selection) if row else None


async def criteria(scope: TenantScope, call_id: UUID) -> list[Criterion]:
    """In their order."""
    rows = await scope.fetch(
        """
        SELECT id, position, name, description, max_points, weight FROM call_criteria
        WHERE call_id = $1 ORDER BY position
        """,
        call_id,
    )
    return [Criterion(*row) for row in rows]


async def regions(scope: TenantScope) -> dict[str, str]:
    rows = await scope.fetch("SELECT code, name FROM regions ORDER BY name")
    return {row[0]: row[1] for row in rows}


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


async def account_of(scope: NetworkScope, membership_id: UUID) -> tuple[str, str, str] | None:
    """E-mail address, name and locale of somebody who still belongs to the organisation."""
    row = await scope.fetchrow(
        """
        SELECT a.email, m.name, a.locale FROM memberships m
        JOIN accounts a ON a.id = m.account_id AND a.state = 'active'
        WHERE m.id = $1 AND m.state = 'active'
        """,
        membership_id,
    )
    return (row[0], row[1], row[2]) if row else None


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


async def my_evaluations(
    scope: TenantScope,
    membership_id: UUID,
    *,
    given: bool,
    after: UUID | None,
    limit: int,
) -> list[EvaluationRow]:
    """Those to do, of applications in the running, in the order in which they were assigned; or those given, the last first."""
    rows = await scope.fetch(
        f"""
        SELECT e.id, e.call_id, c.title AS call_title, a.protocol_year, a.protocol_number,
          a.organisation_name, r.name AS region, e.state, e.declared_at, e.draft <> '{{}}' AS started,
          e.total
        FROM evaluations e
        JOIN calls c ON c.id = e.call_id
        JOIN applications a ON a.id = e.application_id
        JOIN regions r ON r.code = a.region_code
        WHERE e.membership_id = $1
          AND {"e.state = 'submitted'" if given else "e.state = 'assigned' AND a.state = 'submitted' AND c.state = 'evaluating'"}
          AND ($2::uuid IS NULL OR e.id {"<" if given else ">"} $2)
        ORDER BY e.id {"DESC" if given else ""} LIMIT $3
        """,
        membership_id,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), EvaluationRow) for row in rows]


async def my_progress(scope: TenantScope, membership_id: UUID) -> tuple[int, int]:
    """How many I have given of the calls that are being evaluated, and how many wait."""
    row = await scope.fetchrow(
        """
        SELECT count(*) FILTER (WHERE e.state = 'submitted'), count(*) FILTER (WHERE e.state = 'assigned')
        FROM evaluations e
        JOIN calls c ON c.id = e.call_id AND c.state = 'evaluating'
        JOIN applications a ON a.id = e.application_id AND a.state = 'submitted'
        WHERE e.membership_id = $1
        """,
        membership_id,
    )
    return (row[0], row[1]) if row else (0, 0)


async def evaluation(
    scope: TenantScope, evaluation_id: UUID, membership_id: UUID, *, lock: bool = False
) -> Evaluation | None:
    """One's own; others' do not exist for the person who asks."""
    row = await scope.fetchrow(
        f"""
        SELECT e.id, e.call_id, e.application_id, e.membership_id, e.ordinal, e.state, e.declared_at,
          e.recused_reason, e.draft, e.note, e.total, e.submitted_at, e.version,
          a.state AS application_state, c.state AS call_state, a.fiscal_code, a.ipa_code
        FROM evaluations e
        JOIN applications a ON a.id = e.application_id
        JOIN calls c ON c.id = e.call_id
        WHERE e.id = $1 AND e.membership_id = $2 {"FOR NO KEY UPDATE OF e" if lock else ""}
        """,
        evaluation_id,
        membership_id,
    )
    return msgspec.convert(dict(row), Evaluation) if row else None


async def declare(scope: TenantScope, evaluation_id: UUID) -> None:
    await scope.execute(
        "UPDATE evaluations SET declared_at = $2, version = version + 1 WHERE id = $1",
        evaluation_id,
        scope.now,
    )


async def recuse(scope: TenantScope, evaluation_id: UUID, reason: str) -> None:
    await scope.execute(
        """
        UPDATE evaluations SET state = 'recused', recused_reason = $2, version = version + 1
        WHERE id = $1
        """,
        evaluation_id,
        reason,
    )


async def save_points(
    scope: TenantScope, evaluation_id: UUID, points: Mapping[str, int], note: str
) -> None:
    await scope.execute(
        "UPDATE evaluations SET draft = $2, note = $3, version = version + 1 WHERE id = $1",
        evaluation_id,
        dict(points),
        note,
    )


async def give(
    scope: TenantScope, evaluation_id: UUID, points: Mapping[UUID, int], total: Decimal
) -> None:
    """For good."""
    await scope.executemany(
        """
        INSERT INTO evaluation_scores (id, tenant_id, evaluation_id, criterion_id, points)
        VALUES ($1, $2, $3, $4, $5)
        """,
        [
            (uuid7(), scope.tenant_id, evaluation_id, criterion_id, number)
            for criterion_id, number in points.items()
        ],
    )
    await scope.execute(
        """
        UPDATE evaluations SET state = 'submitted', total = $2, submitted_at = $3, version = version + 1
        WHERE id = $1
        """,
        evaluation_id,
        total,
        scope.now,
    )


async def my_scores(scope: TenantScope, evaluation_id: UUID) -> dict[UUID, int]:
    rows = await scope.fetch(
        "SELECT criterion_id, points FROM evaluation_scores WHERE evaluation_id = $1", evaluation_id
    )
    return {row[0]: row[1] for row in rows}


async def waiting_of(scope: TenantScope, call_id: UUID, membership_id: UUID) -> tuple[int, str]:
    """How many evaluations one person still has to give, and the call's title."""
    row = await scope.fetchrow(
        """
        SELECT count(e.id), c.title FROM calls c
        LEFT JOIN (evaluations e JOIN applications a ON a.id = e.application_id AND a.state = 'submitted')
          ON e.call_id = c.id AND e.membership_id = $2 AND e.state = 'assigned'
        WHERE c.id = $1 AND c.state = 'evaluating' GROUP BY c.id
        """,
        call_id,
        membership_id,
    )
    return (row[0], row[1]) if row else (0, "")


async def lock_application(scope: TenantScope, call_id: UUID, application_id: UUID) -> Any:
    """State and version of a submitted one, as they stay until the end of the transaction; None where it is not there."""
    return await scope.fetchrow(
        """
        SELECT state, version FROM applications
        WHERE id = $1 AND call_id = $2 AND state <> 'draft' FOR NO KEY UPDATE
        """,
        application_id,
        call_id,
    )


async def set_excluded(scope: TenantScope, application_id: UUID, reason: str, note: str) -> None:
    await scope.execute(
        """
        UPDATE applications SET state = 'excluded', excluded_reason = $2, excluded_note = $3,
          updated_at = $4, version = version + 1
        WHERE id = $1
        """,
        application_id,
        reason,
        note,
        scope.now,
    )


async def set_readmitted(scope: TenantScope, application_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE applications SET state = 'submitted', excluded_reason = NULL, excluded_note = NULL,
          updated_at = $2, version = version + 1
        WHERE id = $1
        """,
        application_id,
        scope.now,
    )


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
