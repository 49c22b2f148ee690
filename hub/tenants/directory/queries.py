"""Statements over directory data. A desk is public while it is active and so is the organisation that hosts it."""

from uuid import UUID

from hub.db import NetworkScope
from hub.facts import OPEN_CASES
from hub.tenants.directory.schemas import Candidate, Figures, NearDesk, Place, PublicDesk, Region
from hub.tenants.territory.queries import FoundMunicipality

_COLUMNS = """
d.id, d.name, d.tenant_id AS host_id, t.name AS host, t.website,
d.municipality_code, m.name AS municipality, m.province_code, d.region_code, r.name AS region,
d.address, coalesce(d.latitude, m.latitude) AS latitude, coalesce(d.longitude, m.longitude) AS longitude,
d.latitude IS NOT NULL AND d.longitude IS NOT NULL AS located,
d.phone, d.email, d.opening_hours, d.opened_on, d.verified_on
"""
_PUBLIC = """
desks d
JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active'
JOIN municipalities m ON m.istat_code = d.municipality_code
JOIN regions r ON r.code = d.region_code
WHERE d.state = 'active'
"""


async def find_desk(scope: NetworkScope, desk_id: UUID) -> PublicDesk | None:
    row = await scope.fetchrow(f"SELECT {_COLUMNS} FROM {_PUBLIC} AND d.id = $1", desk_id)
    return PublicDesk(*row) if row else None


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
    return [PublicDesk(*row) for row in rows]


async def desks_by_id(
    scope: NetworkScope,
    *,
    region_code: str | None,
    municipality_code: str | None,
    after: UUID | None,
    limit: int,
) -> list[PublicDesk]:
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM {_PUBLIC}
          AND ($1::text IS NULL OR d.region_code = $1)
          AND ($2::text IS NULL OR d.municipality_code = $2)
          AND ($3::uuid IS NULL OR d.id > $3)
        ORDER BY d.id LIMIT $4
        """,
        region_code,
        municipality_code,
        after,
        limit,
    )
    return [PublicDesk(*row) for row in rows]


async def desks_in(scope: NetworkScope, municipality_code: str) -> list[PublicDesk]:
    rows = await scope.fetch(
        f"SELECT {_COLUMNS} FROM {_PUBLIC} AND d.municipality_code = $1 ORDER BY t.name, d.id",
        municipality_code,
    )
    return [PublicDesk(*row) for row in rows]


async def desks_near(
    scope: NetworkScope, place: FoundMunicipality, *, within_km: float, limit: int
) -> list[NearDesk]:
    """Desks of other municipalities, the nearest first, by the haversine formula on a sphere of 6,371 km."""
    rows = await scope.fetch(
        f"""
        SELECT * FROM (
          SELECT {_COLUMNS},
            2 * 6371 * asin(least(1, sqrt(
              sin(radians(coalesce(d.latitude, m.latitude) - $1) / 2) ^ 2
              + cos(radians($1)) * cos(radians(coalesce(d.latitude, m.latitude)))
              * sin(radians(coalesce(d.longitude, m.longitude) - $2) / 2) ^ 2
            ))) AS km
          FROM {_PUBLIC} AND d.municipality_code <> $3
        ) AS measured
        WHERE km <= $4 ORDER BY km, id LIMIT $5
        """,
        place.latitude,
        place.longitude,
        place.istat_code,
        within_km,
        limit,
    )
    return [NearDesk(PublicDesk(*fields), km) for *fields, km in rows]


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
          WHERE state = 'waiting' AND 'host' = ANY(kinds) GROUP BY region_code
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
        """
        SELECT
          count(*) FILTER (WHERE 'host' = ANY(kinds) AND state = 'active'),
          count(*) FILTER (WHERE 'host' = ANY(kinds) AND state = 'waiting'),
          count(*) FILTER (WHERE 'lender' = ANY(kinds) AND state = 'active'),
          count(*) FILTER (WHERE 'tutor' = ANY(kinds) AND state = 'active'),
          (SELECT count(*) FROM memberships ms JOIN tenants host ON host.id = ms.tenant_id
           WHERE ms.role = 'operator' AND ms.state = 'active'
             AND 'host' = ANY(host.kinds) AND host.state = 'active'),
          (SELECT coalesce(sum(number), 0)::bigint FROM network_facts WHERE name = $1)
        FROM tenants
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
