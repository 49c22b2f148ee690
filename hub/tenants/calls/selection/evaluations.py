"""Statements on one evaluator's own evaluations: what waits, what was given."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.ids import uuid7
from hub.tenants.calls.selection.schemas import (
    Evaluation,
    EvaluationRow,
)


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
