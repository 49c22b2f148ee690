"""Statements that find which set-ups are to be reminded of, and write down in the same breath that it was done."""

from datetime import date
from uuid import UUID

from hub.clock import ROME
from hub.db import NetworkScope

# So many days before a point is due; and every so many after.
EARLY, LAST_CALL, AGAIN = 14, 3, 14


async def points(scope: NetworkScope, today: date, *, limit: int) -> list[UUID]:
    """Organisations with points that are to be reminded of today: so long before their day, and again and again after.

    A point was reminded of as soon as `reminded_at` lies not before the last day on which it was to be.
    """
    rows = await scope.fetch(
        """
        WITH asked AS (
          SELECT p.id, s.tenant_id FROM setup_points p
          JOIN setups s ON s.tenant_id = p.tenant_id AND s.id = p.setup_id AND s.state = 'running'
          CROSS JOIN LATERAL (SELECT CASE
            WHEN $1::date >= p.due_on + $4::int THEN p.due_on + ($1::date - p.due_on) / $4::int * $4::int
            WHEN $1::date >= p.due_on - $3::int THEN p.due_on - $3::int
            WHEN $1::date >= p.due_on - $2::int THEN p.due_on - $2::int END AS day) last
          WHERE p.state <> 'done' AND last.day IS NOT NULL
            AND (coalesce(p.reminded_at, s.started_at) AT TIME ZONE $5)::date < last.day
            AND NOT EXISTS (SELECT FROM setup_exceptions x WHERE x.tenant_id = p.tenant_id
              AND x.setup_id = p.setup_id AND x.code = p.code AND x.state = 'agreed')
          ORDER BY p.id LIMIT $6 FOR NO KEY UPDATE OF p SKIP LOCKED
        ), marked AS (
          UPDATE setup_points p SET reminded_at = $7 FROM asked WHERE p.id = asked.id
        )
        SELECT DISTINCT tenant_id FROM asked
        """,
        today,
        EARLY,
        LAST_CALL,
        AGAIN,
        str(ROME),
        limit,
        scope.now,
    )
    return [row[0] for row in rows]


async def overdue(scope: NetworkScope, today: date, *, limit: int) -> list[UUID]:
    """Organisations whose set-up is late as a whole, which the Ente was not told of yet."""
    rows = await scope.fetch(
        """
        WITH late AS MATERIALIZED (
          SELECT id FROM setups
          WHERE state = 'running' AND due_on < $1 AND overdue_told_at IS NULL
          ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE setups s SET overdue_told_at = $2 FROM late WHERE s.id = late.id
        RETURNING s.tenant_id
        """,
        today,
        scope.now,
        limit,
    )
    return [row[0] for row in rows]


async def in_the_network(scope: NetworkScope, after: UUID, limit: int) -> list[UUID]:
    """Organisations with a checklist, in the order of their ids."""
    rows = await scope.fetch(
        """
        SELECT DISTINCT tenant_id FROM setups
        WHERE state IN ('running', 'active') AND tenant_id > $1 ORDER BY tenant_id LIMIT $2
        """,
        after,
        limit,
    )
    return [row[0] for row in rows]
