"""Statements of the desk: each reads something of all the Ente's calls at once, so that their number stays the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.tenants.calls.desk.schemas import DeskCall, OpenRequest, Progress, Province, Tally

_CALLS = """
SELECT c.id, c.slug, c.title, c.state, c.regions, c.opens_at, c.closes_at, c.evaluating_at, c.decided_at,
  (SELECT coalesce(jsonb_object_agg(q.region_code, q.places), '{}') FROM call_quotas q
    WHERE q.tenant_id = c.tenant_id AND q.call_id = c.id) AS quotas,
  (SELECT count(*)::int FROM call_questions q
    WHERE q.tenant_id = c.tenant_id AND q.call_id = c.id AND q.state = 'open') AS questions,
  (SELECT k.proposed_by FROM rankings k
    WHERE k.tenant_id = c.tenant_id AND k.call_id = c.id AND k.state = 'proposed') AS proposed_by
FROM calls c
"""


async def running(scope: TenantScope, *, limit: int) -> list[DeskCall]:
    """All that is not decided: what closes first comes first, drafts without an end last."""
    rows = await scope.fetch(
        f"""
        {_CALLS} WHERE c.tenant_id = $1 AND c.state <> 'decided'
        ORDER BY c.closes_at NULLS LAST, c.id LIMIT $2
        """,
        scope.tenant_id,
        limit,
    )
    return [_call(row) for row in rows]


async def decided(scope: TenantScope, *, after: UUID | None, limit: int) -> list[DeskCall]:
    """The last first, from behind the call `after` on."""
    rows = await scope.fetch(
        f"""
        {_CALLS} WHERE c.tenant_id = $1 AND c.state = 'decided'
          AND ($2::uuid IS NULL OR (c.decided_at, c.id) < (
            SELECT last.decided_at, last.id FROM calls last WHERE last.id = $2))
        ORDER BY c.decided_at DESC, c.id DESC LIMIT $3
        """,
        scope.tenant_id,
        after,
        limit,
    )
    return [_call(row) for row in rows]


async def tallies(scope: TenantScope, call_ids: Sequence[UUID]) -> list[Tally]:
    rows = await scope.fetch(
        """
        SELECT call_id, state, region_code, count(*) FROM applications
        WHERE tenant_id = $1 AND call_id = ANY($2::uuid[]) GROUP BY call_id, state, region_code
        """,
        scope.tenant_id,
        call_ids,
    )
    return [Tally(*row) for row in rows]


async def progress(
    scope: TenantScope, call_ids: Sequence[UUID], *, overdue_before: datetime
) -> list[Progress]:
    """Of evaluators that are not removed, by name. What waits for an application out of the running is not counted."""
    rows = await scope.fetch(
        """
        SELECT v.call_id, v.membership_id, m.name, coalesce(sum(e.given), 0)::int,
          coalesce(sum(e.open), 0)::int, coalesce(sum(e.overdue), 0)::int
        FROM call_evaluators v
        JOIN memberships m ON m.tenant_id = v.tenant_id AND m.id = v.membership_id
        LEFT JOIN (
          SELECT e.call_id, e.membership_id,
            count(*) FILTER (WHERE e.state = 'submitted') AS given,
            count(*) FILTER (WHERE e.state = 'assigned' AND a.state = 'submitted') AS open,
            count(*) FILTER (WHERE e.state = 'assigned' AND a.state = 'submitted'
              AND e.assigned_at <= $3) AS overdue
          FROM evaluations e
          JOIN applications a ON a.tenant_id = e.tenant_id AND a.id = e.application_id
          WHERE e.tenant_id = $1 AND e.call_id = ANY($2::uuid[]) AND e.state <> 'recused'
          GROUP BY e.call_id, e.membership_id
        ) e ON e.call_id = v.call_id AND e.membership_id = v.membership_id
        WHERE v.tenant_id = $1 AND v.call_id = ANY($2::uuid[]) AND v.removed_at IS NULL
        GROUP BY v.id, m.name ORDER BY m.name, v.id
        """,
        scope.tenant_id,
        call_ids,
        overdue_before,
    )
    return [Progress(*row) for row in rows]


async def without_evaluator(scope: TenantScope, call_ids: Sequence[UUID]) -> dict[UUID, int]:
    """By call, how many applications want an evaluator that nobody is: two always, three where two differ too much."""
    rows = await scope.fetch(
        """
        SELECT call_id, count(*)::int FROM (
          SELECT a.call_id FROM calls c
          JOIN applications a ON a.tenant_id = c.tenant_id AND a.call_id = c.id AND a.state = 'submitted'
          LEFT JOIN evaluations e ON e.tenant_id = a.tenant_id AND e.application_id = a.id
            AND e.state <> 'recused'
          WHERE c.tenant_id = $1 AND c.id = ANY($2::uuid[]) AND c.state = 'evaluating'
          GROUP BY a.call_id, a.id, c.difference_limit
          HAVING count(e.id) < CASE
            WHEN count(e.total) FILTER (WHERE e.ordinal < 3) = 2
              AND max(e.total) FILTER (WHERE e.ordinal < 3)
                - min(e.total) FILTER (WHERE e.ordinal < 3) > c.difference_limit
            THEN 3 ELSE 2 END
        ) lacking GROUP BY call_id
        """,
        scope.tenant_id,
        call_ids,
    )
    return {row[0]: row[1] for row in rows}


async def open_requests(
    scope: TenantScope, call_ids: Sequence[UUID], *, limit: int
) -> list[OpenRequest]:
    """Those whose term ends first, or ended longest ago."""
    rows = await scope.fetch(
        """
        SELECT a.call_id, a.id, a.protocol_year, a.protocol_number, a.organisation_name, k.due_at
        FROM application_completions k
        JOIN applications a ON a.tenant_id = k.tenant_id AND a.id = k.application_id
        WHERE k.tenant_id = $1 AND k.answered_at IS NULL AND a.state = 'submitted'
          AND a.call_id = ANY($2::uuid[])
        ORDER BY k.due_at, k.id LIMIT $3
        """,
        scope.tenant_id,
        call_ids,
        limit,
    )
    return [OpenRequest(*row) for row in rows]


async def provinces(scope: TenantScope) -> list[Province]:
    """All of them, by region and name: how many desks are open there, and how many the Ente's applicants propose."""
    rows = await scope.fetch(
        """
        SELECT p.code, p.name, p.region_code, r.name, lies.latitude, lies.longitude,
          coalesce(open.desks, 0), coalesce(wanted.admitted, 0), coalesce(wanted.pending, 0)
        FROM provinces p
        JOIN regions r ON r.code = p.region_code
        JOIN (
          SELECT province_code, avg(latitude) AS latitude, avg(longitude) AS longitude
          FROM municipalities WHERE latitude IS NOT NULL AND NOT approximate GROUP BY province_code
        ) lies ON lies.province_code = p.code
        LEFT JOIN (
          SELECT m.province_code, count(*)::int AS desks FROM desks d
          JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active'
          JOIN municipalities m ON m.istat_code = d.municipality_code
          WHERE d.state = 'active' GROUP BY m.province_code
        ) open ON open.province_code = p.code
        LEFT JOIN (
          SELECT m.province_code,
            (count(*) FILTER (WHERE a.state = 'admitted'))::int AS admitted,
            (count(*) FILTER (WHERE a.state <> 'admitted'))::int AS pending
          FROM applications a
          JOIN application_desks d ON d.tenant_id = a.tenant_id AND d.application_id = a.id
          JOIN municipalities m ON m.istat_code = d.municipality_code
          WHERE a.tenant_id = $1 AND a.state IN ('submitted', 'reserve', 'admitted')
          GROUP BY m.province_code
        ) wanted ON wanted.province_code = p.code
        ORDER BY r.name, p.name
        """,
        scope.tenant_id,
    )
    return [Province(*row) for row in rows]


def _call(row: Any) -> DeskCall:
    return msgspec.convert(dict(row), DeskCall)
