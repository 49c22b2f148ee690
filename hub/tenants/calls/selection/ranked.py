"""Statements on rankings: written in one statement, decided once, and who moves up in them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.ids import uuid7
from hub.tenants.calls.selection.schemas import Entry, Ranking, RegionTally, Selection

RANKING = """id, call_id, number, state, proposed_at, proposed_by, decided_at, decided_by, decision_note,
    content_hash"""

# An application's score is the mean of its two evaluations; of three, that of the two nearest (of two equally near
# pairs, the higher). Ties go by the mean points in the criteria in their order, then by protocol number. Six times a
# mean of two or three is whole, so that nothing is rounded. An application that lacks an evaluation gets no score,
# and the table refuses a line without a score or a reason: no ranking is written beside missing evaluations.
RANK = """
INSERT INTO ranking_entries
  (tenant_id, ranking_id, application_id, region_code, region, province, municipality, position, score, outcome,
    reason)
WITH given AS MATERIALIZED (
  SELECT id, application_id, total, ordinal FROM evaluations
  WHERE call_id = $2 AND state = 'submitted'
), totals AS (
  SELECT application_id, count(*) AS number, min(total) AS low, max(total) AS high, sum(total) AS sum,
    max(total) FILTER (WHERE ordinal < 3) - min(total) FILTER (WHERE ordinal < 3) AS difference
  FROM given GROUP BY application_id
), means AS (
  SELECT g.application_id, s.criterion_id, sum(s.points) * 6 / count(*) AS mean
  FROM given g JOIN evaluation_scores s ON s.evaluation_id = g.id
  GROUP BY g.application_id, s.criterion_id
), ties AS (
  SELECT m.application_id, array_agg(m.mean ORDER BY c.position) AS means
  FROM means m JOIN call_criteria c ON c.id = m.criterion_id
  GROUP BY m.application_id
), scored AS (
  SELECT application_id, CASE
      WHEN number = 2 AND difference <= $4 THEN sum / 2
      WHEN number = 3 AND (sum - low - high) - low < high - (sum - low - high) THEN (sum - high) / 2
      WHEN number = 3 THEN (sum - low) / 2
    END AS score
  FROM totals
), placed AS (
  SELECT a.id, a.region_code, a.municipality_code, a.state, a.excluded_reason, s.score,
    row_number() OVER (PARTITION BY a.region_code, a.state ORDER BY s.score DESC NULLS LAST,
      t.means DESC NULLS LAST, a.protocol_year, a.protocol_number) AS place
  FROM applications a
  LEFT JOIN scored s ON s.application_id = a.id AND a.state = 'submitted'
  LEFT JOIN ties t ON t.application_id = a.id
  WHERE a.call_id = $2 AND a.state IN ('submitted', 'excluded')
)
SELECT $5, $1, p.id, p.region_code, r.name, v.name, m.name, CASE WHEN p.score IS NOT NULL THEN p.place END, p.score,
  CASE WHEN p.score IS NULL OR p.score < $3 THEN 'excluded'
    WHEN p.place <= coalesce(q.places, 0) THEN 'admitted' ELSE 'reserve' END,
  CASE WHEN p.state = 'excluded' THEN p.excluded_reason
    WHEN p.score < $3 THEN 'below_minimum' END
FROM placed p
JOIN regions r ON r.code = p.region_code
LEFT JOIN municipalities m ON m.istat_code = p.municipality_code
LEFT JOIN provinces v ON v.code = m.province_code
LEFT JOIN call_quotas q ON q.call_id = $2 AND q.region_code = p.region_code
"""

_ENTRIES = """
SELECT n.application_id, a.protocol_year, a.protocol_number, a.organisation_name,
  n.municipality, n.province, n.region_code, n.region,
  n.position, n.score, n.outcome, n.reason, a.state,
  w.protocol_year AS replaces_year, w.protocol_number AS replaces_number, s.at AS moved_up_at
FROM ranking_entries n
JOIN applications a ON a.id = n.application_id
LEFT JOIN ranking_successions s ON s.admitted_id = n.application_id
LEFT JOIN applications w ON w.id = s.withdrawn_id
"""
_PLACE = "n.region_code, coalesce(n.position, 2147483647), a.protocol_year, a.protocol_number"


async def insert_ranking(scope: TenantScope, call_id: UUID, proposed_by: UUID) -> UUID:
    ranking_id = uuid7()
    await scope.execute(
        """
        INSERT INTO rankings (id, tenant_id, call_id, number, proposed_at, proposed_by)
        SELECT $1, $2, $3, 1 + coalesce(max(number), 0), $4, $5 FROM rankings WHERE call_id = $3
        """,
        ranking_id,
        scope.tenant_id,
        call_id,
        scope.now,
        proposed_by,
    )
    return ranking_id


async def rank(scope: TenantScope, ranking_id: UUID, call: Selection) -> int:
    """Write the entries; returns how many. Raises asyncpg.CheckViolationError where an evaluation is missing."""
    return await scope.execute(
        RANK, ranking_id, call.id, call.minimum_points, call.difference_limit, scope.tenant_id
    )


async def current_ranking(
    scope: TenantScope, call_id: UUID, *, lock: bool = False
) -> Ranking | None:
    """The one that was proposed or approved."""
    row = await scope.fetchrow(
        f"""
        SELECT {RANKING} FROM rankings WHERE call_id = $1 AND state <> 'rejected'
        {"FOR NO KEY UPDATE" if lock else ""}
        """,
        call_id,
    )
    return msgspec.convert(dict(row), Ranking) if row else None


async def last_rejected(scope: TenantScope, call_id: UUID) -> Ranking | None:
    row = await scope.fetchrow(
        f"""
        SELECT {RANKING} FROM rankings WHERE call_id = $1 AND state = 'rejected'
        ORDER BY number DESC LIMIT 1
        """,
        call_id,
    )
    return msgspec.convert(dict(row), Ranking) if row else None


async def decide(
    scope: TenantScope,
    ranking_id: UUID,
    state: str,
    by: UUID,
    *,
    note: str = "",
    content_hash: bytes | None = None,
) -> None:
    await scope.execute(
        """
        UPDATE rankings SET state = $2, decided_at = $3, decided_by = $4, decision_note = $5,
          content_hash = $6
        WHERE id = $1
        """,
        ranking_id,
        state,
        scope.now,
        by,
        note,
        content_hash,
    )


async def apply_outcomes(scope: TenantScope, ranking_id: UUID) -> int:
    """Give each application the state that the ranking gives it; those withdrawn since stay withdrawn."""
    return await scope.execute(
        """
        UPDATE applications a SET state = n.outcome, excluded_reason = n.reason, updated_at = $2,
          version = a.version + 1
        FROM ranking_entries n
        WHERE n.ranking_id = $1 AND a.id = n.application_id AND a.state = 'submitted'
        """,
        ranking_id,
        scope.now,
    )


async def left_places(scope: TenantScope, ranking_id: UUID) -> list[UUID]:
    """Who has a place in the ranking and has withdrawn, without a successor so far; in the order of the ranking."""
    rows = await scope.fetch(
        """
        SELECT n.application_id FROM ranking_entries n
        JOIN applications a ON a.id = n.application_id AND a.state = 'withdrawn'
        WHERE n.ranking_id = $1 AND n.outcome = 'admitted'
          AND NOT EXISTS (SELECT FROM ranking_successions s WHERE s.withdrawn_id = n.application_id)
        ORDER BY n.region_code, n.position
        """,
        ranking_id,
    )
    return [row[0] for row in rows]


async def place_of(scope: TenantScope, application_id: UUID) -> tuple[UUID, str] | None:
    """The approved ranking in which the application was admitted, at once or later, and its region."""
    row = await scope.fetchrow(
        """
        SELECT r.id, n.region_code FROM ranking_entries n
        JOIN rankings r ON r.id = n.ranking_id AND r.state = 'approved'
        WHERE n.application_id = $1 AND (n.outcome = 'admitted'
          OR EXISTS (SELECT FROM ranking_successions s WHERE s.admitted_id = n.application_id))
        """,
        application_id,
    )
    return (row[0], row[1]) if row else None


async def lock_ranking(scope: TenantScope, ranking_id: UUID) -> None:
    await scope.execute("SELECT FROM rankings WHERE id = $1 FOR NO KEY UPDATE", ranking_id)


async def has_successor(scope: TenantScope, application_id: UUID) -> bool:
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM ranking_successions WHERE withdrawn_id = $1)", application_id
    )
    return found


async def admit_first_reserve(
    scope: TenantScope, ranking_id: UUID, region_code: str
) -> UUID | None:
    """Waits for one that is withdrawing at this moment, and takes the next if it does."""
    found: UUID | None = await scope.fetchval(
        """
        SELECT a.id FROM ranking_entries n
        JOIN applications a ON a.id = n.application_id AND a.state = 'reserve'
        WHERE n.ranking_id = $1 AND n.region_code = $2 AND n.outcome = 'reserve'
        ORDER BY n.position LIMIT 1 FOR NO KEY UPDATE OF a
        """,
        ranking_id,
        region_code,
    )
    if found:
        await scope.execute(
            """
            UPDATE applications SET state = 'admitted', updated_at = $2, version = version + 1
            WHERE id = $1
            """,
            found,
            scope.now,
        )
    return found


async def record_succession(
    scope: TenantScope, ranking_id: UUID, withdrawn_id: UUID, admitted_id: UUID
) -> None:
    await scope.execute(
        """
        INSERT INTO ranking_successions (id, tenant_id, ranking_id, withdrawn_id, admitted_id, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        uuid7(),
        scope.tenant_id,
        ranking_id,
        withdrawn_id,
        admitted_id,
        scope.now,
    )


async def entries(
    scope: TenantScope,
    ranking_id: UUID,
    *,
    region_code: str | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Entry]:
    """By region and position; those excluded before they were evaluated come last."""
    rows = await scope.fetch(
        f"""
        {_ENTRIES}
        WHERE n.ranking_id = $1 AND ($2::text IS NULL OR n.region_code = $2)
          AND ($3::uuid IS NULL OR ({_PLACE}) > (
            SELECT {_PLACE} FROM ranking_entries n JOIN applications a ON a.id = n.application_id
            WHERE n.ranking_id = $1 AND n.application_id = $3))
        ORDER BY {_PLACE} LIMIT $4
        """,
        ranking_id,
        region_code,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), Entry) for row in rows]


async def all_entries(scope: TenantScope, ranking_id: UUID) -> AsyncIterator[Entry]:
    rows = scope.cursor(f"{_ENTRIES} WHERE n.ranking_id = $1 ORDER BY {_PLACE}", ranking_id)
    async for row in rows:
        yield msgspec.convert(dict(row), Entry)


async def entries_of(scope: TenantScope, ranking_id: UUID, of: Sequence[UUID]) -> list[Entry]:
    """Lines of these applications, in the order of the ranking."""
    rows = await scope.fetch(
        f"{_ENTRIES} WHERE n.ranking_id = $1 AND n.application_id = ANY($2) ORDER BY {_PLACE}",
        ranking_id,
        list(of),
    )
    return [msgspec.convert(dict(row), Entry) for row in rows]


async def entry_of(scope: TenantScope, application_id: UUID) -> Entry | None:
    """Its line in the approved ranking."""
    row = await scope.fetchrow(
        f"""
        {_ENTRIES} JOIN rankings k ON k.id = n.ranking_id AND k.state = 'approved'
        WHERE n.application_id = $1
        """,
        application_id,
    )
    return msgspec.convert(dict(row), Entry) if row else None


async def tallies(scope: TenantScope, ranking_id: UUID) -> list[RegionTally]:
    """For each region of the ranking, as it was approved."""
    rows = await scope.fetch(
        """
        SELECT n.region_code AS code, r.name, q.places,
          count(*) FILTER (WHERE n.outcome = 'admitted') AS admitted,
          count(*) FILTER (WHERE n.outcome = 'reserve') AS reserve,
          count(*) FILTER (WHERE n.outcome = 'excluded') AS excluded
        FROM ranking_entries n
        JOIN rankings k ON k.id = n.ranking_id
        JOIN regions r ON r.code = n.region_code
        LEFT JOIN call_quotas q ON q.call_id = k.call_id AND q.region_code = n.region_code
        WHERE n.ranking_id = $1 GROUP BY n.region_code, r.name, q.places ORDER BY n.region_code
        """,
        ranking_id,
    )
    return [msgspec.convert(dict(row), RegionTally) for row in rows]


async def ranked_ids(
    scope: TenantScope, ranking_id: UUID, *, after: UUID, limit: int
) -> list[UUID]:
    rows = await scope.fetch(
        """
        SELECT application_id FROM ranking_entries WHERE ranking_id = $1 AND application_id > $2
        ORDER BY application_id LIMIT $3
        """,
        ranking_id,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def admitted_ids(
    scope: TenantScope, ranking_id: UUID, *, after: UUID, limit: int
) -> list[UUID]:
    """Those whom the ranking gives a place, at once or later, and who have not withdrawn."""
    rows = await scope.fetch(
        """
        SELECT n.application_id FROM ranking_entries n
        JOIN applications a ON a.id = n.application_id AND a.state = 'admitted'
        WHERE n.ranking_id = $1 AND n.application_id > $2 ORDER BY n.application_id LIMIT $3
        """,
        ranking_id,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def addressee(scope: TenantScope, application_id: UUID) -> dict[str, Any] | None:
    """Where an applicant's mail goes, and what it speaks of."""
    row = await scope.fetchrow(
        """
        SELECT a.email, a.locale, a.state, a.protocol_number, a.protocol_year, a.organisation_name,
          c.title, c.slug
        FROM applications a JOIN calls c ON c.id = a.call_id WHERE a.id = $1
        """,
        application_id,
    )
    return dict(row) if row else None
