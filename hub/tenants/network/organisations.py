"""The Ente's list of its organisations: how each stands, what has to be done about it, and how many of them there are.

The sandbox is no part of the network.
"""

from datetime import date
from typing import Any
from uuid import UUID

from hub.db import NetworkScope
from hub.tenants.network.pending import ASKED_TO_OPEN, BLOCKS, FURTHER, OPEN_POINTS, blocked
from hub.tenants.network.schemas import ListedOrganisation, Narrow

# How an organisation stands, for the Ente: the first that applies.
_STANDING = """
CASE WHEN s.state = 'running' THEN 'setup'
  WHEN t.state = 'active' AND s.state = 'active' AND EXISTS (
    SELECT FROM setup_points p
    WHERE p.tenant_id = s.tenant_id AND p.setup_id = s.id AND p.state = 'undone') THEN 'undone'
  ELSE t.state END
"""
_MEMBERS = f"""
SELECT t.id, t.name, t.name_search, t.kinds, t.coming_kinds, t.state, t.municipality_code, t.region_code,
  s.id AS setup_id, s.due_on, {_STANDING} AS standing
FROM tenants t
LEFT JOIN LATERAL (
  SELECT s.id, s.tenant_id, s.state, s.due_on FROM setups s WHERE s.tenant_id = t.id
  ORDER BY s.state = 'running' DESC, s.started_at DESC LIMIT 1
) s ON true
WHERE NOT t.sandbox AND NOT 'coordinator' = ANY(t.kinds)
"""
# What the Ente's people have to do about an organisation: $4 which of it, $5 today, $6 who asks.
_NEEDED = f"""
CASE $4
  WHEN 'overdue' THEN standing = 'setup' AND due_on < $5::date
  WHEN 'ready' THEN standing = 'setup' AND NOT EXISTS (SELECT FROM setup_points p
    WHERE p.tenant_id = listed.id AND p.setup_id = listed.setup_id AND {BLOCKS})
  WHEN 'exception' THEN standing = 'setup' AND EXISTS (SELECT FROM setup_exceptions x
    WHERE x.tenant_id = listed.id AND x.setup_id = listed.setup_id AND x.state = 'asked'
      AND x.asked_by <> $6::uuid)
  WHEN 'desk' THEN state = 'active' AND EXISTS (SELECT FROM desks d
    WHERE d.tenant_id = listed.id AND {ASKED_TO_OPEN})
  WHEN 'further' THEN state = 'active' AND EXISTS (SELECT FROM desks d
    WHERE d.tenant_id = listed.id AND {FURTHER})
END
"""
_NARROWED = f"""
SELECT * FROM ({_MEMBERS}) listed
WHERE ($1 = '' OR name_search LIKE $1 || '%' OR name_search LIKE '% ' || $1 || '%')
  AND ($2::text IS NULL OR $2 = ANY(kinds))
  AND ($3::text IS NULL OR region_code = $3)
  AND ($4::text IS NULL OR {_NEEDED})
"""


async def organisations(
    scope: NetworkScope,
    narrow: Narrow,
    *,
    standing: str | None,
    after: UUID | None,
    limit: int,
) -> list[ListedOrganisation]:
    """In the order of their names."""
    rows = await scope.fetch(
        f"""
        SELECT o.id, o.name, o.kinds, o.coming_kinds, o.standing, m.name, r.name,
          (SELECT count(*)::int FROM desks d WHERE d.tenant_id = o.id AND d.state <> 'closed'),
          (SELECT count(*)::int FROM desks d
            WHERE d.tenant_id = o.id AND o.state = 'active' AND {ASKED_TO_OPEN}),
          o.due_on,
          (SELECT {OPEN_POINTS} FROM setup_points p
            WHERE p.tenant_id = o.id AND p.setup_id = o.setup_id
              AND (o.standing = 'setup' OR o.standing = 'undone' AND p.state = 'undone'))
        FROM (
          SELECT * FROM ({_NARROWED}) narrowed
          WHERE ($7::text IS NULL OR standing = $7)
            AND ($8::uuid IS NULL OR (name_search, id) > (
              SELECT last.name_search, last.id FROM tenants last WHERE last.id = $8))
          ORDER BY name_search, id LIMIT $9
        ) o
        LEFT JOIN municipalities m ON m.istat_code = o.municipality_code
        LEFT JOIN regions r ON r.code = o.region_code
        ORDER BY o.name_search, o.id
        """,
        *narrow,
        standing,
        after,
        limit,
    )
    return [_listed(tuple(row), narrow.today) for row in rows]


def _listed(row: tuple[Any, ...], today: date) -> ListedOrganisation:
    *head, kinds, coming, standing, place, region, desks, waiting, due_on, open_points = row
    points = blocked(open_points, today)
    if standing != "setup":
        # A point that came undone is late for nobody: its day was the activation's.
        points = tuple(point._replace(overdue=False) for point in points)
    return ListedOrganisation(
        head[0],
        head[1],
        tuple(kinds),
        tuple(coming),
        standing,
        place,
        region,
        desks,
        waiting,
        due_on,
        points,
    )


async def counts_by_standing(scope: NetworkScope, narrow: Narrow) -> dict[str, int]:
    rows = await scope.fetch(
        f"SELECT standing, count(*) FROM ({_NARROWED}) narrowed GROUP BY standing", *narrow
    )
    return {row[0]: row[1] for row in rows}
