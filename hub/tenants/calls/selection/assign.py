"""Who evaluates what: two persons for each application, a third where these differ too much, evenly spread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from hub.db import TenantScope, network_transaction
from hub.errors import NotFound
from hub.tenants.calls.selection import panel, queries
from hub.tenants.calls.selection.schemas import Administrations, Lacking

ALWAYS, THIRD = (1, 2), 3


@dataclass(frozen=True, slots=True)
class Place:
    """An evaluation that nobody has been given yet. `seen` are those who had that application already."""

    application_id: UUID
    ordinal: int
    codes: frozenset[str]
    seen: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Assigned:
    """How many evaluations were given out, and for how many nobody was found."""

    given: int
    lacking: int


async def administrations_of(tenant_id: UUID) -> Administrations:
    """To which administrations the organisation's people belong; asked before the transaction that assigns."""
    async with network_transaction() as scope:
        return await panel.administrations_of_members(scope, tenant_id)


async def assign(
    scope: TenantScope,
    call_id: UUID,
    administrations: Administrations,
    *,
    application_id: UUID | None = None,
) -> Assigned:
    """Give out what is lacking, of one application or of the whole call; whatever is given out already stays.

    Nobody gets an application twice, nor one of an administration he or she belongs to. Raises NotFound.
    """
    call = await queries.selection(scope, call_id, lock=True)
    if call is None:
        raise NotFound
    places = [
        place
        for lacking in await panel.lacking(scope, call_id, application_id)
        for place in _places(lacking)
    ]
    if not places:
        return Assigned(0, 0)
    loads = await panel.free_evaluators(scope, call_id)
    given = spread(places, loads, administrations)
    if given:
        await panel.add_evaluations(scope, call_id, given)
    return Assigned(len(given), len(places) - len(given))


def spread(
    places: Iterable[Place], loads: Mapping[UUID, int], administrations: Administrations
) -> list[tuple[UUID, int, UUID]]:
    """(application, ordinal, evaluator): always to whoever has least; of these to whoever waited longest."""
    load = dict(loads)
    last = dict.fromkeys(load, -1)
    seen: dict[UUID, set[UUID]] = {}
    given: list[tuple[UUID, int, UUID]] = []
    for place in places:
        known = seen.setdefault(place.application_id, set(place.seen))
        able = [
            who
            for who in load
            if who not in known
            and who in administrations
            and not place.codes & administrations[who]
        ]
        if not able:
            continue
        chosen = min(able, key=lambda who: (load[who], last[who]))
        known.add(chosen)
        load[chosen] += 1
        last[chosen] = len(given)
        given.append((place.application_id, place.ordinal, chosen))
    return given


def _places(lacking: Lacking) -> list[Place]:
    wanted = (*ALWAYS, THIRD) if lacking.third else ALWAYS
    return [
        Place(lacking.application_id, ordinal, lacking.codes, lacking.seen)
        for ordinal in wanted
        if ordinal not in lacking.ordinals
    ]
