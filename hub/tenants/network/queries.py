"""Statements on the network as a whole: each reads something of all organisations, so that their number stays the same.

The sandbox is no part of the network.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hub import clock
from hub.api.paging import Position
from hub.db import NetworkScope, TenantScope
from hub.ids import made_at
from hub.tenants.calls.desk.schemas import Province
from hub.tenants.network.schemas import (
    NEAR_DAYS,
    SILENT_DAYS,
    Blocked,
    EndingProtocol,
    Entry,
    Figures,
    FurtherDesk,
    ListedOrganisation,
    Narrow,
    RunningSetup,
    SilentDesk,
    Waiting,
)
from hub.tenants.organisation.desks import queries as desk_queries
from hub.tenants.organisation.desks.schemas import Desk, missing
from hub.tenants.protocols.schemas import UNFINISHED

_SILENT = """
desks d
JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
WHERE d.state = 'active' AND coalesce(d.last_consultation_on, d.opened_on) < $1
"""
# An open point that no second person has agreed to leave open.
_BLOCKS = """
p.state <> 'done' AND NOT EXISTS (
  SELECT FROM setup_exceptions x
  WHERE x.tenant_id = p.tenant_id AND x.setup_id = p.setup_id AND x.code = p.code AND x.state = 'agreed')
"""
# The open points of a set-up, each with how it stands, in the order of the checklist.
_OPEN_POINTS = """
coalesce(jsonb_agg(jsonb_build_array(p.code, p.changed_at, p.due_on, (
    SELECT x.state FROM setup_exceptions x WHERE x.tenant_id = p.tenant_id
      AND x.setup_id = p.setup_id AND x.code = p.code AND x.state IN ('asked', 'agreed')))
  ORDER BY p.position) FILTER (WHERE p.state <> 'done'), '[]')
"""
# A desk that an active organisation adds by itself: no set-up will open it.
_FURTHER = """
d.state = 'setting_up'
AND NOT EXISTS (SELECT FROM setups u WHERE u.id = d.setup_id AND u.state = 'running')
"""
# A further desk of an active host that has asked the Ente to open it: a set-up opens its own.
_ASKED_TO_OPEN = """
d.state = 'setting_up'
AND NOT EXISTS (SELECT FROM setups u WHERE u.tenant_id = d.tenant_id AND u.state = 'running')
AND EXISTS (SELECT FROM audit_log l
  WHERE l.tenant_id = d.tenant_id AND l.subject_id = d.tenant_id AND l.subject_kind = 'organisation'
    AND l.action = 'desk.opening_asked' AND l.codes ->> 'desk' = d.id::text)
"""


_FURTHER_DESKS = f"""
desks d
JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
WHERE {_FURTHER}
"""


async def figures(scope: NetworkScope, today: date) -> Figures:
    row = await scope.fetchrow(
        f"""
        WITH running AS (
          SELECT s.id, s.tenant_id, s.due_on,
            NOT EXISTS (SELECT FROM setup_points p
              WHERE p.tenant_id = s.tenant_id AND p.setup_id = s.id AND {_BLOCKS}) AS ready
          FROM setups s WHERE s.state = 'running'
        ), members AS (
          SELECT
            count(*) FILTER (WHERE 'host' = ANY(kinds) AND 'host' <> ALL(coming_kinds)) AS hosts,
            count(*) FILTER (WHERE 'lender' = ANY(kinds) AND 'lender' <> ALL(coming_kinds)) AS lenders,
            count(*) FILTER (WHERE 'tutor' = ANY(kinds) AND 'tutor' <> ALL(coming_kinds)) AS tutors
          FROM tenants WHERE state = 'active' AND NOT sandbox
        ), further AS (
          SELECT count(*) AS desks FROM {_FURTHER_DESKS}
        )
        SELECT
          (SELECT count(*) FROM desks d JOIN tenants t ON t.id = d.tenant_id
            WHERE d.state = 'active' AND t.state = 'active' AND NOT t.sandbox),
          (SELECT count(*) FROM desks d JOIN running r ON r.tenant_id = d.tenant_id AND r.id = d.setup_id
            WHERE d.state = 'setting_up')
          + further.desks,
          further.desks,
          hosts, lenders, tutors,
          (SELECT count(*) FROM running),
          (SELECT count(*) FROM running WHERE ready),
          (SELECT count(*) FROM running WHERE due_on < $2),
          (SELECT count(DISTINCT p.tenant_id) FROM setup_points p
            JOIN setups s ON s.tenant_id = p.tenant_id AND s.id = p.setup_id AND s.state = 'active'
            JOIN tenants t ON t.id = p.tenant_id AND t.state = 'active' AND NOT t.sandbox
            WHERE p.state = 'undone'),
          (SELECT count(*) FROM {_SILENT})
        FROM members, further
        """,
        today - timedelta(days=SILENT_DAYS),
        today,
    )
    return Figures(*row) if row else Figures(*[0] * 11)


async def waiting(scope: NetworkScope, ente_id: UUID, membership_id: UUID, today: date) -> Waiting:
    row = await scope.fetchrow(
        f"""
        SELECT
          (SELECT count(*) FROM protocols WHERE tenant_id = $1 AND state = 'to_check'),
          (SELECT count(*) FROM setup_exceptions x
            JOIN setups s ON s.tenant_id = x.tenant_id AND s.id = x.setup_id AND s.state = 'running'
            WHERE x.state = 'asked' AND x.asked_by <> $2),
          (SELECT count(*) FROM protocols p
            JOIN tenants t ON t.id = p.organisation_id AND t.state <> 'closed'
            WHERE p.tenant_id = $1 AND p.state = 'signed' AND p.expires_on BETWEEN $3 AND $4),
          (SELECT count(*) FROM desks d
            JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
            WHERE {_ASKED_TO_OPEN})
        """,
        ente_id,
        membership_id,
        today,
        today + timedelta(days=NEAR_DAYS),
    )
    return Waiting(*row) if row else Waiting(0, 0, 0, 0)


async def running_setups(scope: NetworkScope, today: date, *, limit: int) -> list[RunningSetup]:
    """What is due first comes first, each with the points that are open."""
    rows = await scope.fetch(
        f"""
        SELECT t.id, t.name, s.kinds, m.name AS place, r.name AS region, s.started_at, s.due_on,
          counted.done, counted.points, counted.open
        FROM (SELECT * FROM setups WHERE state = 'running' ORDER BY due_on, id LIMIT $1) s
        JOIN tenants t ON t.id = s.tenant_id
        LEFT JOIN municipalities m ON m.istat_code = t.municipality_code
        LEFT JOIN regions r ON r.code = t.region_code
        CROSS JOIN LATERAL (
          SELECT (count(*) FILTER (WHERE NOT ({_BLOCKS})))::int AS done, count(*)::int AS points,
            {_OPEN_POINTS} AS open
          FROM setup_points p WHERE p.tenant_id = s.tenant_id AND p.setup_id = s.id
        ) counted
        ORDER BY s.due_on, s.id
        """,
        limit,
    )
    return [_running(row, today) for row in rows]


async def further_desks(scope: NetworkScope, today: date, *, limit: int) -> list[FurtherDesk]:
    """Those of active organisations that no set-up will open, the longest waiting first."""
    rows = await scope.fetch(
        f"""
        SELECT d.id, t.id AS organisation_id, t.name AS organisation, {_ASKED_TO_OPEN} AS asked
        FROM {_FURTHER_DESKS} ORDER BY d.id LIMIT $1
        """,
        limit,
    )
    desks = await desk_queries.desks_among(scope, [row["id"] for row in rows])
    return [_further(desks[row["id"]], row, today) for row in rows]


def _further(desk: Desk, row: Any, today: date) -> FurtherDesk:
    made = made_at(desk.id)
    return FurtherDesk(
        desk.id,
        desk.name,
        row["organisation_id"],
        row["organisation"],
        desk.municipality,
        row["asked"],
        max((today - clock.day_of(made)).days, 0) if made else None,
        tuple(missing(desk)),
    )


def _running(row: Any, today: date) -> RunningSetup:
    *head, kinds, place, region, started_at, due_on, done, points, open_points = row
    return RunningSetup(
        head[0],
        head[1],
        tuple(kinds),
        place,
        region,
        started_at,
        due_on,
        done,
        points,
        _blocked(open_points, today),
    )


def _blocked(open_points: Sequence[Any], today: date) -> tuple[Blocked, ...]:
    blocked = []
    for code, changed_at, due, exception in open_points:
        due_day = date.fromisoformat(due)
        # As JSON has it: an instant in whatever zone the session is in.
        days = (today - clock.day_of(datetime.fromisoformat(changed_at))).days
        blocked.append(Blocked(code, max(days, 0), due_day, due_day < today, exception))
    return tuple(blocked)


async def activations(scope: NetworkScope, since: date) -> dict[date, int]:
    """Desks opened, by the first day of their month, from `since` on."""
    rows = await scope.fetch(
        """
        SELECT date_trunc('month', d.opened_on)::date, count(*) FROM desks d
        JOIN tenants t ON t.id = d.tenant_id AND NOT t.sandbox
        WHERE d.opened_on >= $1 AND d.state <> 'setting_up' GROUP BY 1
        """,
        since,
    )
    return {row[0]: row[1] for row in rows}


async def last_opening(scope: NetworkScope) -> date | None:
    """The day on which a desk last opened."""
    day: date | None = await scope.fetchval(
        """
        SELECT max(d.opened_on) FROM desks d
        JOIN tenants t ON t.id = d.tenant_id AND NOT t.sandbox WHERE d.state <> 'setting_up'
        """
    )
    return day


async def provinces(scope: NetworkScope) -> list[Province]:
    """All of them, by region and name: with how many desks, open or being set up."""
    rows = await scope.fetch(
        """
        SELECT p.code, p.name, p.region_code, r.name, lies.latitude, lies.longitude,
          coalesce(there.open, 0), coalesce(there.setting_up, 0), 0
        FROM provinces p
        JOIN regions r ON r.code = p.region_code
        JOIN (
          SELECT province_code, avg(latitude) AS latitude, avg(longitude) AS longitude
          FROM municipalities WHERE latitude IS NOT NULL AND NOT approximate GROUP BY province_code
        ) lies ON lies.province_code = p.code
        LEFT JOIN (
          SELECT m.province_code,
            (count(*) FILTER (WHERE d.state = 'active' AND t.state = 'active'))::int AS open,
            (count(*) FILTER (WHERE d.state = 'setting_up'))::int AS setting_up
          FROM desks d
          JOIN tenants t ON t.id = d.tenant_id AND t.state <> 'closed' AND NOT t.sandbox
          JOIN municipalities m ON m.istat_code = d.municipality_code
          GROUP BY m.province_code
        ) there ON there.province_code = p.code
        ORDER BY r.name, p.name
        """
    )
    return [Province(*row) for row in rows]


async def silent_desks(
    scope: NetworkScope, today: date, *, after: UUID | None, limit: int
) -> list[SilentDesk]:
    """The longest silent first, from behind the desk `after` on."""
    rows = await scope.fetch(
        f"""
        SELECT d.id, d.name, t.id, t.name, r.name, d.opened_on, d.last_consultation_on,
          $4::date - coalesce(d.last_consultation_on, d.opened_on)
        FROM (
          SELECT d.id FROM {_SILENT} AND ($2::uuid IS NULL
            OR (coalesce(d.last_consultation_on, d.opened_on), d.id) > (
              SELECT coalesce(last.last_consultation_on, last.opened_on), last.id
              FROM desks last WHERE last.id = $2))
          ORDER BY coalesce(d.last_consultation_on, d.opened_on), d.id LIMIT $3
        ) chosen
        JOIN desks d ON d.id = chosen.id
        JOIN tenants t ON t.id = d.tenant_id
        JOIN regions r ON r.code = d.region_code
        ORDER BY coalesce(d.last_consultation_on, d.opened_on), d.id
        """,
        today - timedelta(days=SILENT_DAYS),
        after,
        limit,
        today,
    )
    return [SilentDesk(*row) for row in rows]


async def ending_protocols(
    scope: NetworkScope, ente_id: UUID, today: date, *, limit: int
) -> list[EndingProtocol]:
    """What ends first comes first, what has ended and was not renewed before it."""
    rows = await scope.fetch(
        """
        SELECT p.id, t.id, t.name, p.expires_on, EXISTS (SELECT FROM protocols n
            WHERE n.tenant_id = p.tenant_id AND n.renews_id = p.id AND n.state = ANY($4))
        FROM protocols p
        JOIN tenants t ON t.id = p.organisation_id AND t.state <> 'closed'
        WHERE p.tenant_id = $1 AND p.state = 'signed' AND p.expires_on <= $2
        ORDER BY p.expires_on, p.id LIMIT $3
        """,
        ente_id,
        today + timedelta(days=NEAR_DAYS),
        limit,
        UNFINISHED,
    )
    return [EndingProtocol(*row) for row in rows]


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
    WHERE p.tenant_id = listed.id AND p.setup_id = listed.setup_id AND {_BLOCKS})
  WHEN 'exception' THEN standing = 'setup' AND EXISTS (SELECT FROM setup_exceptions x
    WHERE x.tenant_id = listed.id AND x.setup_id = listed.setup_id AND x.state = 'asked'
      AND x.asked_by <> $6::uuid)
  WHEN 'desk' THEN state = 'active' AND EXISTS (SELECT FROM desks d
    WHERE d.tenant_id = listed.id AND {_ASKED_TO_OPEN})
  WHEN 'further' THEN state = 'active' AND EXISTS (SELECT FROM desks d
    WHERE d.tenant_id = listed.id AND {_FURTHER})
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
            WHERE d.tenant_id = o.id AND o.state = 'active' AND {_ASKED_TO_OPEN}),
          o.due_on,
          (SELECT {_OPEN_POINTS} FROM setup_points p
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
    blocked = _blocked(open_points, today)
    if standing != "setup":
        # A point that came undone is late for nobody: its day was the activation's.
        blocked = tuple(point._replace(overdue=False) for point in blocked)
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
        blocked,
    )


async def counts_by_standing(scope: NetworkScope, narrow: Narrow) -> dict[str, int]:
    rows = await scope.fetch(
        f"SELECT standing, count(*) FROM ({_NARROWED}) narrowed GROUP BY standing", *narrow
    )
    return {row[0]: row[1] for row in rows}


async def entries(
    scope: TenantScope,
    *,
    actions: Sequence[str] | None,
    after: Position | None,
    limit: int,
) -> list[Entry]:
    """The organisation's own log, the latest first; of all actions where none are named."""
    rows = await scope.fetch(
        """
        SELECT l.id, l.at, l.action, l.subject_kind, l.subject_id, l.codes, m.name,
          coalesce(m.support, false), l.account_id IS NOT NULL AND m.id IS NULL
        FROM (
          SELECT * FROM audit_log
          WHERE tenant_id = $1 AND ($2::text[] IS NULL OR action = ANY($2))
            AND ($3::timestamptz IS NULL OR (at, id) < ($3, $4::uuid))
          ORDER BY at DESC, id DESC LIMIT $5
        ) l
        LEFT JOIN memberships m ON m.tenant_id = l.tenant_id AND m.id = l.membership_id
        ORDER BY l.at DESC, l.id DESC
        """,
        scope.tenant_id,
        None if actions is None else list(actions),
        after.at if after else None,
        after.id if after else None,
        limit,
    )
    return [Entry(*row) for row in rows]


async def story_of(scope: NetworkScope, organisation_id: UUID, *, limit: int) -> list[Entry]:
    """How an organisation came on board, the latest first: the part of its log that the Ente may read."""
    rows = await scope.fetch(
        """
        SELECT l.id, l.at, l.action, l.subject_kind, l.subject_id, l.codes, m.name,
          coalesce(m.support, false), m.tenant_id IS DISTINCT FROM l.tenant_id AND m.id IS NOT NULL
        FROM (
          SELECT * FROM audit_log WHERE tenant_id = $1 AND subject_kind = 'organisation'
          ORDER BY at DESC, id DESC LIMIT $2
        ) l
        LEFT JOIN memberships m ON m.id = l.membership_id
        ORDER BY l.at DESC, l.id DESC
        """,
        organisation_id,
        limit,
    )
    return [Entry(*row) for row in rows]
