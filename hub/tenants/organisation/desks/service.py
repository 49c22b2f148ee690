"""Adding, changing and verifying a desk's entry, and its temporary closures."""

from dataclasses import dataclass
from uuid import UUID

from hub import audit, clock
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.organisation import hours
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.schemas import (
    AddClosure,
    Desk,
    SaveDesk,
    is_written,
    position_of,
)
from hub.tenants.organisation.details import ChangedMeanwhile, own
from hub.tenants.organisation.guards import SomeDesksOnly
from hub.tenants.organisation.hours import Hours
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.i18n import N_

MOST_CLOSURES = 20


class DeskClosed(Conflict):
    code = "desk-closed"
    message = N_("This desk is closed, so its entry is not changed any more.")


class NotWritten(Conflict):
    code = "desk-not-written"
    title = N_("Something is still missing")
    message = N_("The desk’s entry lacks something: complete it first. Saving it verifies it, too.")


class NameTaken(Conflict):
    code = "desk-name-taken"
    message = N_(
        "Another desk of your organisation has this name. Give this one a name of its own."
    )


class NameOfClosed(NameTaken):
    message = N_("A closed desk of your organisation has this name. A new one needs another name.")


class TooManyClosures(Conflict):
    code = "too-many-closures"
    message = N_("There are 20 closures to come already. Remove one that is no longer needed.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A desk's form with what could be found out only by looking things up."""

    asked: SaveDesk
    municipality: FoundMunicipality
    hours: Hours
    provinces: tuple[str, ...]


def may_change(actor: Actor, desk_id: UUID) -> bool:
    return actor.role == "admin" and (actor.desk_ids is None or desk_id in actor.desk_ids)


async def find(scope: TenantScope, desk_id: UUID) -> Desk:
    found = await queries.desk(scope, desk_id)
    if found is None:
        raise NotFound
    return found


async def to_change(scope: TenantScope, actor: Actor, desk_id: UUID) -> Desk:
    """Locked. Raises NotFound, SomeDesksOnly and DeskClosed."""
    await find(scope, desk_id)
    if not may_change(actor, desk_id):
        raise SomeDesksOnly
    await queries.lock(scope, [desk_id])
    desk = await find(scope, desk_id)
    if desk.state == "closed":
        raise DeskClosed
    return desk


async def to_save(scope: TenantScope, actor: Actor, desk_id: UUID) -> Desk:
    """With the organisation, which is held first, as by an import: of two desks one would take the other's name."""
    await own(scope, lock=True)
    return await to_change(scope, actor, desk_id)


async def _check_name(scope: TenantScope, name: str, desk: Desk | None) -> None:
    """By what an import tells desks apart: case and accents aside, also of closed ones that were open once.

    Raises NameTaken.
    """
    if desk and fold(desk.name) == fold(name):
        return
    same = [one for one in await queries.desks(scope) if fold(one.name) == fold(name)]
    if any(one.state != "closed" for one in same):
        raise NameTaken
    if any(one.opened_on for one in same):
        raise NameOfClosed


async def add_desk(scope: TenantScope, actor: Actor, entry: Entry, key: UUID) -> UUID:
    """Its first entry verifies it. Raises KeyReused, NameTaken."""
    desk_id = uuid7()
    first = await once(scope, "desk.add", key, desk_id, content=entry.asked)
    if first:
        return first
    await own(scope, lock=True)
    await _check_name(scope, entry.asked.name, None)
    await queries.add(scope, desk_id, {**_values(entry), "verified_on": clock.day_of(scope.now)})
    await _record(scope, actor, "desk.added", desk_id)
    await touch(scope, scope.tenant_id)
    return desk_id


async def change_desk(scope: TenantScope, actor: Actor, desk_id: UUID, entry: Entry) -> None:
    """Whoever saves an entry has verified it.

    Raises NotFound, SomeDesksOnly, DeskClosed, ChangedMeanwhile, NameTaken.
    """
    desk = await to_save(scope, actor, desk_id)
    if desk.version != entry.asked.version:
        raise ChangedMeanwhile
    await _check_name(scope, entry.asked.name, desk)
    await queries.save(scope, desk_id, {**_values(entry), "verified_on": clock.day_of(scope.now)})
    await _record(scope, actor, "desk.changed", desk_id)
    await touch(scope, scope.tenant_id)


async def verify_desk(scope: TenantScope, actor: Actor, desk_id: UUID) -> None:
    """Everything in it is right. Raises NotFound, SomeDesksOnly, DeskClosed, NotWritten."""
    if not is_written(await to_change(scope, actor, desk_id)):
        raise NotWritten
    await queries.verify(scope, desk_id, clock.day_of(scope.now))
    await _record(scope, actor, "desk.verified", desk_id)
    await touch(scope, scope.tenant_id)


async def add_closure(scope: TenantScope, actor: Actor, desk_id: UUID, asked: AddClosure) -> bool:
    """False where a closure is announced for one of these days already. Raises TooManyClosures."""
    await to_change(scope, actor, desk_id)
    coming = await queries.closures(scope, desk_id, clock.day_of(scope.now))
    if any(one.starts_on <= asked.ends_on and asked.starts_on <= one.ends_on for one in coming):
        return False
    if len(coming) >= MOST_CLOSURES:
        raise TooManyClosures
    await queries.add_closure(scope, desk_id, asked.starts_on, asked.ends_on, asked.reason)
    await _record(scope, actor, "desk.closure_added", desk_id)
    return True


async def remove_closure(scope: TenantScope, actor: Actor, desk_id: UUID, closure_id: UUID) -> None:
    await to_change(scope, actor, desk_id)
    if not await queries.remove_closure(scope, desk_id, closure_id):
        raise NotFound
    await _record(scope, actor, "desk.closure_removed", desk_id)


async def _record(scope: TenantScope, actor: Actor, action: str, desk_id: UUID) -> None:
    await audit.record(scope, actor, action, "organisation", scope.tenant_id, desk=str(desk_id))


def _values(entry: Entry) -> dict[str, object]:
    """By column."""
    asked, place = entry.asked, entry.municipality
    latitude, longitude = position_of(asked.position) if asked.position else (None, None)
    return {
        "name": asked.name,
        "municipality_code": place.istat_code,
        "region_code": place.region_code,
        "address": asked.address,
        "postal_code": asked.postal_code,
        "latitude": latitude,
        "longitude": longitude,
        "phone": asked.phone,
        "email": asked.email,
        "hours": hours.to_json(entry.hours),
        "opening_hours": asked.hours_note,
        "how_to_reach": asked.how_to_reach,
        "offers": asked.offers,
        "provinces": list(entry.provinces),
    }
