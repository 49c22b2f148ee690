"""Statements on the network as a whole: each reads something of all organisations, so that their number stays the same.

The sandbox is no part of the network.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hub import clock
from hub.api.paging import Position
from hub.db import NetworkScope, TenantScope
from hub.ids import made_at
from hub.tenants.calls.desk.schemas import Province
from hub.tenants.network.pending import ASKED_TO_OPEN, BLOCKS, FURTHER, OPEN_POINTS, blocked
from hub.tenants.network.schemas import (
    NEAR_DAYS,
    SILENT_DAYS,
    EndingProtocol,
    Entry,
    Figures,
    FurtherDesk,
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
_FURTHER_DESKS = f"""
desks d
JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
WHERE {FURTHER}
"""


async def figures(scope: NetworkScope, today: date) -> Figures:
    row = await scope.fetchrow(
        f"""
        WITH running AS (
          SELECT s.id, s.tenant_id, s.due_on,
            NOT EXISTS (SELECT FROM setup_points p
              WHERE p.tenant_id = s.tenant_id AND p.setup_id = s.id AND {BLOCKS}) AS ready
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
            WHERE {ASKED_TO_OPEN})
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
          SELECT (count(*) FILTER (WHERE NOT ({BLOCKS})))::int AS done, count(*)::int AS points,
            {OPEN_POINTS} AS open
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
        SELECT d.id, t.id AS organisation_id, t.name AS organisation, {ASKED_TO_OPEN} AS asked
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
        blocked(open_points, today),
    )


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
