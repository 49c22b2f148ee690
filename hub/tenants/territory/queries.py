from collections.abc import Collection
from typing import NamedTuple

from hub.db import Scope
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.postal_codes import PostalCodes, beginning


class FoundMunicipality(NamedTuple):
    istat_code: str
    name: str
    other_name: str | None
    province_code: str
    region_code: str
    latitude: float
    longitude: float


async def find_municipalities(
    scope: Scope, typed: str, *, region_code: str | None = None, limit: int = 10
) -> list[FoundMunicipality]:
    """Municipalities of which some word begins as typed, in either language; first those that begin with it.

    Accents, capitals and apostrophes do not matter. Nothing typed finds nothing.
    """
    folded = fold(typed)
    if not folded:
        return []
    # `fold` leaves letters, digits and blanks only, so nothing typed is a wildcard.
    rows = await scope.fetch(
        """
        SELECT istat_code, name, other_name, province_code, region_code, latitude, longitude
        FROM municipalities
        WHERE (name_search LIKE $1 || '%' OR name_search LIKE '% ' || $1 || '%')
          AND ($2::text IS NULL OR region_code = $2)
        ORDER BY name_search NOT LIKE $1 || '%', name_search <> $1, name, istat_code
        LIMIT $3
        """,
        folded,
        region_code,
        limit,
    )
    return [FoundMunicipality(*row) for row in rows]


async def municipalities_by_code(
    scope: Scope, codes: Collection[str]
) -> dict[str, FoundMunicipality]:
    """Codes that are none are left out."""
    if not codes:
        return {}
    rows = await scope.fetch(
        """
        SELECT istat_code, name, other_name, province_code, region_code, latitude, longitude
        FROM municipalities WHERE istat_code = ANY($1::text[])
        """,
        list(codes),
    )
    return {row["istat_code"]: FoundMunicipality(*row) for row in rows}


async def region_names(scope: Scope) -> dict[str, str]:
    """By ISTAT code, from north to south as ISTAT counts them."""
    rows = await scope.fetch("SELECT code, name FROM regions ORDER BY code")
    return {row["code"]: row["name"] for row in rows}


async def municipality_names(scope: Scope, codes: Collection[str]) -> dict[str, str]:
    """With their province, by ISTAT code."""
    rows = await scope.fetch(
        """
        SELECT m.istat_code, m.name, p.name AS province
        FROM municipalities m JOIN provinces p ON p.code = m.province_code
        WHERE m.istat_code = ANY($1::text[])
        """,
        list(codes),
    )
    return {row["istat_code"]: f"{row['name']} ({row['province']})" for row in rows}


async def postal_codes_of(scope: Scope, municipality_code: str) -> PostalCodes:
    rows = await scope.fetch(
        """
        SELECT DISTINCT code, $1 = ANY(municipalities)
        FROM postal_codes CROSS JOIN LATERAL unnest(municipalities) AS served
        JOIN municipalities near ON near.istat_code = served
        JOIN municipalities own ON own.province_code = near.province_code
        WHERE own.istat_code = $1 ORDER BY code
        """,
        municipality_code,
    )
    own = [code for code, is_own in rows if is_own]
    return PostalCodes(own, frozenset(beginning(code) for code, _is_own in rows))
