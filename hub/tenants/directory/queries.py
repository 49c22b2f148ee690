"""Statements over directory data.

A desk is public while it is active and so is the organisation that hosts it; what is there for test referrals never is.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hub.db import NetworkScope
from hub.facts import OPEN_CASES
from hub.tenants.directory.offers import in_order
from hub.tenants.directory.schemas import Candidate, Figures, NearDesk, Place, PublicDesk, Region
from hub.tenants.organisation.hours import from_json
from hub.tenants.territory.queries import FoundMunicipality

_COLUMNS = """
d.id, d.name, d.tenant_id AS host_id, t.name AS host, t.website,
d.municipality_code, m.name AS municipality, m.province_code, d.region_code, r.name AS region,
d.address, d.postal_code,
coalesce(d.latitude, m.latitude) AS latitude, coalesce(d.longitude, m.longitude) AS longitude,
d.latitude IS NOT NULL AND d.longitude IS NOT NULL AS located,
d.phone, d.email, d.hours, d.opening_hours, d.how_to_reach, d.offers, d.provinces,
d.opened_on, d.verified_on, t.time_zone, t.accessibility_url, t.feedback_email, t.logo_id
"""
_PUBLIC = """
desks d
JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
JOIN municipalities m ON m.istat_code = d.municipality_code
JOIN regions r ON r.code = d.region_code
WHERE d.state = 'active'
"""
# Applied, or admitted and being set up for the first time.
_WAITING = """
(state = 'waiting' OR (state = 'suspended' AND activated_at IS NULL)) AND NOT sandbox
"""


def _desk(row: Sequence[Any]) -> PublicDesk:
    desk = PublicDesk(*row)
    return desk._replace(
        hours=from_json(desk.hours),
        offers=tuple(in_order(desk.offers)),
        provinces=tuple(desk.provinces),
    )


async def find_desk(scope: NetworkScope, desk_id: UUID) -> PublicDesk | None:
    row = await scope.fetchrow(f"SELECT {_COLUMNS} FROM {_PUBLIC} AND d.id = $1", desk_id)
    return _desk(row[:]) if row else None


async def desks_by_place(
    scope: NetworkScope, *, region_code: str | None, after: UUID | None, limit: int
) -> list[PublicDesk]:
    """In the alphabetical order of their municipalities, from behind the desk `after` on."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM {_PUBLIC}
          AND ($1::text IS NULL OR d.region_code = $1)
          AND ($2::uuid IS NULL OR (m.name_search, d.id) > (
            SELECT last_place.name_search, last.id FROM desks last
            JOIN municipalities last_place ON last_place.istat_code = last.municipality_code
            WHERE last.id = $2))
        ORDER BY m.name_search, d.id LIMIT $3
        """,
        region_code,
        after,
        limit,
    )
    return [_desk(row[:]) for row in rows]


async def desks_by_id(
    scope: NetworkScope,
    *,
    region_code: str | None,
    municipality_code: str | None,
    postal_code: str | None,
    offer: str | None,
    after: UUID | None,
    limit: int,
) -> list[PublicDesk]:
    """A desk that states no postal code is found by those of its municipality."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM {_PUBLIC}
          AND ($1::text IS NULL OR d.region_code = $1)
          AND ($2::text IS NULL OR d.municipality_code = $2)
          AND ($3::text IS NULL OR d.postal_code = $3 OR (d.postal_code IS NULL
            AND d.municipality_code = ANY(
              ARRAY(SELECT unnest(municipalities) FROM postal_codes WHERE code = $3))))
          AND ($4::text IS NULL OR $4 = ANY(d.offers))
          AND ($5::uuid IS NULL OR d.id > $5)
        ORDER BY d.id LIMIT $6
        """,
        region_code,
        municipality_code,
        postal_code,
        offer,
        after,
        limit,
    )
    return [_desk(row[:]) for row in rows]


async def desks_in(
    scope: NetworkScope, municipality_codes: Sequence[str], postal_code: str | None = None
) -> list[PublicDesk]:
    """By host; those at the postal code, if one is asked for, before the others."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM {_PUBLIC} AND d.municipality_code = ANY($1::text[])
        ORDER BY $2::text IS NOT NULL AND d.postal_code IS DISTINCT FROM $2, t.name, d.id
        """,
        list(municipality_codes),
        postal_code,
    )
    return [_desk(row[:]) for row in rows]


async def desks_near(
    scope: NetworkScope,
    point: tuple[float, float],
    *,
    besides: Sequence[str],
    within_km: float,
    limit: int,
) -> list[NearDesk]:
    """Desks of other municipalities than `besides`, the nearest to latitude and longitude first.

    By the haversine formula on a sphere of 6,371 km.
    """
    rows = await scope.fetch(
        f"""
        SELECT * FROM (
          SELECT {_COLUMNS},
            2 * 6371 * asin(least(1, sqrt(
              sin(radians(coalesce(d.latitude, m.latitude) - $1) / 2) ^ 2
              + cos(radians($1)) * cos(radians(coalesce(d.latitude, m.latitude)))
              * sin(radians(coalesce(d.longitude, m.longitude) - $2) / 2) ^ 2
            ))) AS km
          FROM {_PUBLIC} AND d.municipality_code <> ALL($3::text[])
        ) AS measured
        WHERE km <= $4 ORDER BY km, id LIMIT $5
        """,
        *point,
        list(besides),
        within_km,
        limit,
    )
    return [NearDesk(_desk(fields), km) for *fields, km in rows]


async def places_of_postal_code(scope: NetworkScope, code: str) -> list[Candidate]:
    """The municipalities it serves, those with desks first; none for a code that there is not."""
    rows = await scope.fetch(
        f"""
        SELECT meant.istat_code, meant.name, meant.other_name, meant.province_code,
          meant.region_code, meant.latitude, meant.longitude, open.desks
        FROM postal_codes served
        JOIN municipalities meant ON meant.istat_code = ANY(served.municipalities)
        CROSS JOIN LATERAL (
          SELECT count(*) AS desks FROM {_PUBLIC} AND d.municipality_code = meant.istat_code
        ) AS open
        WHERE served.code = $1 ORDER BY open.desks = 0, meant.name_search, meant.istat_code
        """,
        code,
    )
    return [Candidate(FoundMunicipality(*fields), desks) for *fields, desks in rows]


async def city_of_generic_code(scope: NetworkScope, code: str) -> FoundMunicipality | None:
    """The city that people write such a code for, 00100 for Rome: it has several others that begin alike, and not this one."""
    row = await scope.fetchrow(
        """
        SELECT istat_code, name, other_name, province_code, region_code, latitude, longitude
        FROM municipalities WHERE istat_code = (
          SELECT within FROM postal_codes, unnest(municipalities) AS within
          WHERE starts_with(code, left($1, 3)) GROUP BY within HAVING count(*) > 1
          ORDER BY count(*) DESC, within LIMIT 1)
        """,
        code,
    )
    return FoundMunicipality(*row) if row else None


async def province_names(scope: NetworkScope, codes: Sequence[str]) -> list[str]:
    rows = await scope.fetch(
        "SELECT name FROM provinces WHERE code = ANY($1::text[]) ORDER BY name", list(codes)
    )
    return [row["name"] for row in rows]


async def candidates(
    scope: NetworkScope, typed: str, *, region_code: str | None, limit: int
) -> list[Candidate]:
    """Municipalities of which some word begins as typed: the one called exactly so, then those with desks.

    `typed` is folded, so that nothing in it is a wildcard.
    """
    rows = await scope.fetch(
        f"""
        SELECT meant.istat_code, meant.name, meant.other_name, meant.province_code,
          meant.region_code, meant.latitude, meant.longitude, open.desks
        FROM municipalities meant
        CROSS JOIN LATERAL (
          SELECT count(*) AS desks FROM {_PUBLIC} AND d.municipality_code = meant.istat_code
        ) AS open
        WHERE (meant.name_search LIKE $1 || '%' OR meant.name_search LIKE '% ' || $1 || '%')
          AND ($2::text IS NULL OR meant.region_code = $2)
        ORDER BY meant.name_search <> $1, open.desks = 0,
          meant.name_search NOT LIKE $1 || '%', meant.name_search, meant.istat_code
        LIMIT $3
        """,
        typed,
        region_code,
        limit,
    )
    return [Candidate(FoundMunicipality(*fields), desks) for *fields, desks in rows]


async def find_place(scope: NetworkScope, municipality_code: str) -> FoundMunicipality | None:
    row = await scope.fetchrow(
        """
        SELECT istat_code, name, other_name, province_code, region_code, latitude, longitude
        FROM municipalities WHERE istat_code = $1
        """,
        municipality_code,
    )
    return FoundMunicipality(*row) if row else None


async def regions(scope: NetworkScope) -> list[Region]:
    """All of them, by name."""
    rows = await scope.fetch(
        f"""
        SELECT region.code, region.name, coalesce(open.desks, 0), coalesce(applying.hosts, 0)
        FROM regions region
        LEFT JOIN (
          SELECT d.region_code AS code, count(*) AS desks FROM {_PUBLIC} GROUP BY d.region_code
        ) AS open USING (code)
        LEFT JOIN (
          SELECT region_code AS code, count(*) AS hosts FROM tenants
          WHERE {_WAITING} AND 'host' = ANY(kinds) GROUP BY region_code
        ) AS applying USING (code)
        ORDER BY region.name
        """
    )
    return [Region(*row) for row in rows]


async def places(scope: NetworkScope) -> list[Place]:
    """Municipalities with desks, by name."""
    rows = await scope.fetch(
        f"""
        SELECT m.istat_code, m.name, m.region_code,
          avg(coalesce(d.latitude, m.latitude)), avg(coalesce(d.longitude, m.longitude)), count(*)
        FROM {_PUBLIC} GROUP BY m.istat_code ORDER BY m.name, m.istat_code
        """
    )
    return [Place(*row) for row in rows]


async def figures(scope: NetworkScope) -> Figures:
    row = await scope.fetchrow(
        f"""
        SELECT
          count(*) FILTER (WHERE 'host' = ANY(kinds) AND 'host' <> ALL(coming_kinds) AND state = 'active'),
          count(*) FILTER (WHERE 'host' = ANY(kinds) AND {_WAITING}),
          count(*) FILTER (WHERE 'lender' = ANY(kinds) AND 'lender' <> ALL(coming_kinds) AND state = 'active'),
          count(*) FILTER (WHERE 'tutor' = ANY(kinds) AND 'tutor' <> ALL(coming_kinds) AND state = 'active'),
          (SELECT count(*) FROM memberships ms JOIN tenants host ON host.id = ms.tenant_id
           WHERE ms.role = 'operator' AND ms.state = 'active'
             AND NOT ms.support
             AND 'host' = ANY(host.kinds) AND 'host' <> ALL(host.coming_kinds)
             AND host.state = 'active' AND NOT host.sandbox),
          (SELECT coalesce(sum(f.number), 0)::bigint FROM network_facts f
           JOIN tenants owner ON owner.id = f.tenant_id AND NOT owner.sandbox WHERE f.name = $1)
        FROM tenants WHERE NOT sandbox
        """,
        OPEN_CASES,
    )
    return Figures(*row) if row else Figures(0, 0, 0, 0, 0, 0)


async def coordinator_email(scope: NetworkScope) -> str | None:
    """Of the Ente, which there is one of."""
    email: str | None = await scope.fetchval(
        """
        SELECT email FROM tenants
        WHERE 'coordinator' = ANY(kinds) AND state = 'active' ORDER BY created_at LIMIT 1
        """
    )
    return email
