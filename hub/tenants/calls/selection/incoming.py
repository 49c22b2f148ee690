"""Statements on the applications that came in, as the Ente lists them and looks into them."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.tenants.calls.selection.schemas import Incoming

# The score is told once every evaluation that the application wants is in: before, it would tell one evaluator what
# the other gave.
_INCOMING = """
SELECT a.id, a.state, a.protocol_year, a.protocol_number, a.submitted_at, a.organisation_name,
  a.host_kind, a.fiscal_code, a.ipa_code, m.name AS municipality, p.name AS province, r.name AS region,
  (SELECT count(*) FROM application_desks d WHERE d.application_id = a.id)::int AS desks,
  e.given AS evaluations, e.wanted, e.score, a.excluded_reason,
  EXISTS (SELECT FROM application_completions k
    WHERE k.application_id = a.id AND k.answered_at IS NULL) AS completion_open
FROM (
  SELECT * FROM applications
  WHERE call_id = $1 AND state <> 'draft'
    AND ($2 = '' OR state = $2) AND ($3 = '' OR region_code = $3)
    AND ($4::int IS NULL OR (protocol_year, protocol_number) > ($4, $5::int))
  ORDER BY protocol_year, protocol_number LIMIT $6
) a
JOIN calls c ON c.id = a.call_id
JOIN regions r ON r.code = a.region_code
LEFT JOIN municipalities m ON m.istat_code = a.municipality_code
LEFT JOIN provinces p ON p.code = m.province_code
CROSS JOIN LATERAL (
  SELECT given, wanted, CASE WHEN given < wanted THEN NULL
      WHEN given = 2 THEN sum / 2
      WHEN (sum - low - high) - low < high - (sum - low - high) THEN (sum - high) / 2
      ELSE (sum - low) / 2 END AS score
  FROM (
    SELECT count(*)::int AS given, sum(total) AS sum, min(total) AS low, max(total) AS high,
      CASE WHEN count(*) FILTER (WHERE ordinal < 3) = 2
          AND max(total) FILTER (WHERE ordinal < 3) - min(total) FILTER (WHERE ordinal < 3)
            > c.difference_limit
        THEN 3 ELSE 2 END AS wanted
    FROM evaluations e WHERE e.application_id = a.id AND e.state = 'submitted'
  ) summed
) e
ORDER BY a.protocol_year, a.protocol_number
"""
# What an export reads at most: more than a call ever gets.
EVERYTHING = 1_000_000


async def incoming(
    scope: TenantScope,
    call_id: UUID,
    *,
    state: str = "",
    region: str = "",
    after: tuple[int, int] | None = None,
    limit: int,
) -> list[Incoming]:
    """By protocol number (year, number), from behind `after` on."""
    rows = await scope.fetch(_INCOMING, call_id, state, region, *(after or (None, None)), limit)
    return [msgspec.convert(dict(row), Incoming) for row in rows]


async def every_incoming(
    scope: TenantScope, call_id: UUID, *, state: str = "", region: str = ""
) -> AsyncIterator[Incoming]:
    rows = scope.cursor(_INCOMING, call_id, state, region, None, None, EVERYTHING)
    async for row in rows:
        yield msgspec.convert(dict(row), Incoming)


async def counts(scope: TenantScope, call_id: UUID) -> dict[str, int]:
    """How many applications are in each state; drafts are their applicants' own business."""
    rows = await scope.fetch(
        """
        SELECT state, count(*) FROM applications WHERE call_id = $1 AND state <> 'draft'
        GROUP BY state
        """,
        call_id,
    )
    return {row[0]: row[1] for row in rows}


async def regions_of(scope: TenantScope, call_id: UUID) -> list[tuple[str, str]]:
    """Code and name of the regions of a call."""
    rows = await scope.fetch(
        """
        SELECT r.code, r.name FROM calls c JOIN regions r ON r.code = ANY(c.regions)
        WHERE c.id = $1 ORDER BY r.name
        """,
        call_id,
    )
    return [(row[0], row[1]) for row in rows]
