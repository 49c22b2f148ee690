"""From what a person typed to the desks that can help them."""

from collections.abc import Sequence

from hub.db import NetworkScope
from hub.errors import NotFound
from hub.tenants.directory import queries
from hub.tenants.directory.postal_code import meant_in
from hub.tenants.directory.schemas import Candidate, Found, Overview, SearchDesks
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
    if code := asked.postal_code or meant_in(asked.q):
        return await _at_postal_code(scope, code)
    if asked.q:
        typed = fold(asked.q)
        return await _named_anywhere(scope, typed, asked.region or None) if typed else Found()
    desks = await queries.desks_by_place(
        scope, region_code=asked.region or None, after=asked.after, limit=PAGE + 1
    )
    more = desks[PAGE - 1].id if len(desks) > PAGE else None
    return Found(desks=desks[:PAGE], more=more)


async def _named_anywhere(scope: NetworkScope, typed: str, region_code: str | None) -> Found:
    """In the region, or else in all of Italy: whoever left the region of an earlier search is not told of no Naples."""
    found = await _named(scope, typed, region_code)
    if region_code is None or found.place or found.candidates:
        return found
    found = await _named(scope, typed, None)
    return found._replace(elsewhere=bool(found.place or found.candidates))


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


async def _at_postal_code(scope: NetworkScope, code: str) -> Found:
    served = await queries.places_of_postal_code(scope, code)
    if not served:
        city = await queries.city_of_generic_code(scope, code) if code.endswith("100") else None
        return await _around(scope, city) if city else Found(postal_code=code, unknown_code=True)
    if len(served) == 1:
        found = await _around(scope, served[0].municipality, code)
        return found._replace(postal_code=code)
    codes = [one.municipality.istat_code for one in served]
    desks = await queries.desks_in(scope, codes, code)
    near = await queries.desks_near(
        scope, _middle(served), besides=codes, within_km=_reach(desks), limit=MOST_NEAR
    )
    return Found(postal_code=code, candidates=served, desks=desks[:PAGE], near=near)


async def _around(
    scope: NetworkScope, place: FoundMunicipality, postal_code: str | None = None
) -> Found:
    codes = [place.istat_code]
    desks = await queries.desks_in(scope, codes, postal_code)
    near = await queries.desks_near(
        scope,
        (place.latitude, place.longitude),
        besides=codes,
        within_km=_reach(desks),
        limit=MOST_NEAR,
    )
    return Found(place=place, desks=desks, near=near)


def _reach(desks: Sequence[object]) -> float:
    return AROUND_THE_CORNER_KM if desks else ANYWHERE_KM


def _middle(served: Sequence[Candidate]) -> tuple[float, float]:
    """Of several municipalities, which a postal code keeps close to each other."""
    places = [one.municipality for one in served]
    return (
        sum(place.latitude for place in places) / len(places),
        sum(place.longitude for place in places) / len(places),
    )


def _is_called(place: FoundMunicipality, folded: str) -> bool:
    return folded in {fold(place.name), fold(place.other_name or "")}
