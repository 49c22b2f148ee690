"""From what a person typed to the desks that can help them."""

from hub.db import NetworkScope
from hub.errors import NotFound
from hub.tenants.directory import queries
from hub.tenants.directory.schemas import Found, Overview, SearchDesks
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.queries import FoundMunicipality

PAGE = 20
MOST_CANDIDATES = 20
MOST_NEAR = 5
# With a desk in one's own municipality, only what is around the corner is worth a mention.
AROUND_THE_CORNER_KM = 25.0
ANYWHERE_KM = 2000.0


async def overview(scope: NetworkScope) -> Overview:
    return Overview(
        regions=await queries.regions(scope),
        places=await queries.places(scope),
        figures=await queries.figures(scope),
        contact=await queries.coordinator_email(scope),
    )


async def search(scope: NetworkScope, asked: SearchDesks) -> Found:
    """Raises NotFound for the code of no municipality."""
    if asked.place:
        place = await queries.find_place(scope, asked.place)
        if place is None:
            raise NotFound
        return await _around(scope, place)
    if asked.q:
        typed = fold(asked.q)
        return await _named(scope, typed, asked.region or None) if typed else Found()
    desks = await queries.desks_by_place(
        scope, region_code=asked.region or None, after=asked.after, limit=PAGE + 1
    )
    more = desks[PAGE - 1].id if len(desks) > PAGE else None
    return Found(desks=desks[:PAGE], more=more)


async def _named(scope: NetworkScope, typed: str, region_code: str | None) -> Found:
    """One municipality that begins so, or one that is called exactly so, is the one; else the person chooses."""
    found = await queries.candidates(
        scope, typed, region_code=region_code, limit=MOST_CANDIDATES + 1
    )
    exact = [one for one in found if _is_called(one.municipality, typed)]
    if len(found) == 1 or len(exact) == 1:
        chosen = (exact or found)[0]
        others = [one for one in found if one is not chosen]
        return (await _around(scope, chosen.municipality))._replace(candidates=others)
    return Found(candidates=found)


async def _around(scope: NetworkScope, place: FoundMunicipality) -> Found:
    desks = await queries.desks_in(scope, place.istat_code)
    reach = AROUND_THE_CORNER_KM if desks else ANYWHERE_KM
    near = await queries.desks_near(scope, place, within_km=reach, limit=MOST_NEAR)
    return Found(place=place, desks=desks, near=near)


def _is_called(place: FoundMunicipality, folded: str) -> bool:
    return folded in {fold(place.name), fold(place.other_name or "")}
