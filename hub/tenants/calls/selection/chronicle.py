"""Statements on what was done in a selection, in order of time: for an application's page and for the minutes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.calls.selection.schemas import Deed

# `by` is a colleague's name; without one it was an applicant or the hub itself.
_DEED = """
SELECT l.at, l.action, l.subject_kind, l.codes, m.name AS by,
  named.name AS about, a.protocol_year, a.protocol_number
"""
_WHO = """
LEFT JOIN memberships m ON m.id = l.membership_id
"""


async def deeds_of(scope: TenantScope, application_id: UUID) -> list[Deed]:
    """What befell one application, the latest first."""
    rows = await scope.fetch(
        f"""
        {_DEED}
        FROM (
          SELECT $1::uuid AS id, NULL::uuid AS member
          UNION ALL SELECT id, NULL FROM evaluations WHERE application_id = $1
        ) s
        JOIN audit_log l ON l.subject_id = s.id
        {_WHO}
        LEFT JOIN memberships named ON named.id = s.member
        JOIN applications a ON a.id = $1
        ORDER BY l.at DESC, l.id DESC
        """,
        application_id,
    )
    return [_deed(row) for row in rows]


async def all_deeds(
    scope: TenantScope, call_id: UUID, of: Sequence[UUID], *, of_the_call: bool
) -> list[Deed]:
    """What anyone decided about these applications, from the first to the last; and, if asked, about the call itself."""
    rows = await scope.fetch(
        f"""
        {_DEED}
        FROM (
          SELECT id, NULL::uuid AS application_id, NULL::uuid AS member FROM calls WHERE id = $1 AND $3
          UNION ALL SELECT id, id, NULL FROM applications WHERE id = ANY($2)
          UNION ALL SELECT id, application_id, NULL FROM evaluations WHERE application_id = ANY($2)
          UNION ALL SELECT id, NULL, membership_id FROM call_evaluators WHERE call_id = $1 AND $3
          UNION ALL SELECT id, NULL, NULL FROM rankings WHERE call_id = $1 AND $3
          UNION ALL SELECT id, NULL, NULL FROM call_questions WHERE call_id = $1 AND $3
        ) s
        JOIN audit_log l ON l.subject_id = s.id
        {_WHO}
        LEFT JOIN memberships named ON named.id = s.member
        LEFT JOIN applications a ON a.id = s.application_id
        ORDER BY l.at, l.id
        """,
        call_id,
        list(of),
        of_the_call,
    )
    return [_deed(row) for row in rows]


async def applications_told(
    scope: TenantScope, call_id: UUID, *, skip: int, limit: int
) -> list[Mapping[str, Any]]:
    """Those that came in, by protocol number, with what became of each and why."""
    rows = await scope.fetch(
        """
        SELECT a.id, a.protocol_number, a.protocol_year, a.organisation_name, r.name AS region,
          a.submitted_at, a.state, a.excluded_reason, a.excluded_note
        FROM applications a JOIN regions r ON r.code = a.region_code
        WHERE a.call_id = $1 AND a.state <> 'draft' ORDER BY a.protocol_year, a.protocol_number
        OFFSET $2 LIMIT $3
        """,
        call_id,
        skip,
        limit,
    )
    return [dict(row) for row in rows]


async def completions_told(scope: TenantScope, of: Sequence[UUID]) -> list[Mapping[str, Any]]:
    rows = await scope.fetch(
        """
        SELECT a.protocol_number, a.protocol_year, k.asked_at, m.name AS asked_by, k.request, k.due_at,
          k.answered_at
        FROM application_completions k
        JOIN applications a ON a.id = k.application_id
        JOIN memberships m ON m.id = k.asked_by
        WHERE k.application_id = ANY($1) ORDER BY k.asked_at, k.id
        """,
        list(of),
    )
    return [dict(row) for row in rows]


async def evaluations_told(scope: TenantScope, of: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Who gave what: of an application only once every evaluation that it wants is in. And who did not evaluate, and why."""
    rows = await scope.fetch(
        """
        SELECT a.protocol_number, a.protocol_year, m.name AS evaluator, e.state, e.recused_reason, e.note,
          e.total, array(
            SELECT s.points FROM evaluation_scores s JOIN call_criteria k ON k.id = s.criterion_id
            WHERE s.evaluation_id = e.id ORDER BY k.position) AS points
        FROM (
          SELECT e.*, count(*) FILTER (WHERE e.state = 'submitted') OVER same AS given,
            CASE WHEN max(e.total) FILTER (WHERE e.ordinal < 3) OVER same
                - min(e.total) FILTER (WHERE e.ordinal < 3) OVER same > c.difference_limit
              THEN 3 ELSE 2 END AS wanted
          FROM evaluations e JOIN calls c ON c.id = e.call_id
          WHERE e.application_id = ANY($1) WINDOW same AS (PARTITION BY e.application_id)
        ) e
        JOIN applications a ON a.id = e.application_id
        JOIN memberships m ON m.id = e.membership_id
        WHERE e.state = 'recused' OR (e.state = 'submitted' AND e.given >= e.wanted)
        ORDER BY a.protocol_year, a.protocol_number, e.state = 'recused', e.ordinal, e.id
        """,
        list(of),
    )
    return [dict(row) for row in rows]


async def commission_told(scope: TenantScope, call_id: UUID) -> list[Mapping[str, Any]]:
    rows = await scope.fetch(
        """
        SELECT m.name, v.named_at, n.name AS named_by, v.removed_at
        FROM call_evaluators v
        JOIN memberships m ON m.id = v.membership_id
        JOIN memberships n ON n.id = v.named_by
        WHERE v.call_id = $1 ORDER BY v.named_at, v.id
        """,
        call_id,
    )
    return [dict(row) for row in rows]


async def rankings_told(scope: TenantScope, call_id: UUID) -> list[Mapping[str, Any]]:
    """Also those that were sent back."""
    rows = await scope.fetch(
        """
        SELECT k.id, k.number, k.state, k.proposed_at, p.name AS proposed_by, k.decided_at,
          d.name AS decided_by, k.decision_note, k.content_hash
        FROM rankings k
        JOIN memberships p ON p.id = k.proposed_by
        LEFT JOIN memberships d ON d.id = k.decided_by
        WHERE k.call_id = $1 ORDER BY k.number
        """,
        call_id,
    )
    return [dict(row) for row in rows]


def _deed(row: Any) -> Deed:
    return Deed(*row)
