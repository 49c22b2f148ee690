"""Who a person is: known already, perhaps known, or a citizen to open."""

from collections.abc import Sequence
from uuid import UUID

from hub import audit
from hub.crypto import encrypt, lookup_token
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.referrals.citizens import queries
from hub.referrals.citizens.codice_fiscale import birth_date_of
from hub.referrals.citizens.queries import KnownCitizen, Person
from hub.referrals.citizens.schemas import DescribeCitizen
from hub.tenants.accounts.actor import Actor
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_


class PersonKnown(Exception):
    """The person seems to be known already; someone has to say whether it is them. Nothing was saved.

    `sure` where the codice fiscale says so, and not only the name.
    """

    def __init__(self, citizens: Sequence[KnownCitizen], *, sure: bool) -> None:
        self.citizens = citizens
        self.sure = sure
        super().__init__()


async def visible_citizen(scope: TenantScope, actor: Actor, citizen_id: UUID) -> KnownCitizen:
    """Raises NotFound, also for a citizen of other desks only."""
    citizen = await queries.known_citizen(scope, actor.desk_ids, citizen_id)
    if citizen is None or not citizen.visible:
        raise NotFound
    return citizen


async def citizen_for(
    scope: TenantScope, actor: Actor, described: DescribeCitizen, municipality_code: str | None
) -> UUID:
    """A new citizen, or the one that was recognised, completed by what is new.

    Raises PersonKnown, or NotFound for a `citizen_id` that is not to be had.
    """
    person = _person(scope, described, municipality_code)
    if described.citizen_id:
        return await _recognise(scope, actor, described.citizen_id, person)
    return await _open(scope, actor, person, another_person=described.another_person)


async def _open(scope: TenantScope, actor: Actor, person: Person, *, another_person: bool) -> UUID:
    """Raises PersonKnown: surely, by codice fiscale, or perhaps, by name, unless it is `another_person`."""
    if known := await _same_code(scope, actor, person):
        raise PersonKnown([known], sure=True)
    if not another_person and person.name_search:
        alike = await queries.namesakes(
            scope,
            actor.desk_ids,
            person.name_search,
            person.birth_date,
            without_code=person.token is not None,
        )
        if alike:
            raise PersonKnown(alike, sure=False)
    citizen_id = await queries.add_citizen(scope, person, actor.membership_id)
    if citizen_id is None:
        raise Conflict(message=N_("A colleague has just opened this citizen. Please try again."))
    await audit.record(scope, actor, "citizen.opened", "citizen", citizen_id)
    return citizen_id


async def _recognise(scope: TenantScope, actor: Actor, citizen_id: UUID, person: Person) -> UUID:
    """The known citizen, completed. Out of one's desks a citizen is known by codice fiscale only."""
    citizen = await queries.known_citizen(scope, actor.desk_ids, citizen_id)
    same = await _same_code(scope, actor, person)
    if citizen is None or not (citizen.visible or (same and same.id == citizen_id)):
        raise NotFound
    if same and same.id != citizen_id:
        raise PersonKnown([same], sure=True)
    if await queries.complete_citizen(scope, citizen_id, person):
        await audit.record(scope, actor, "citizen.completed", "citizen", citizen_id)
    return citizen_id


async def _same_code(scope: TenantScope, actor: Actor, person: Person) -> KnownCitizen | None:
    if person.token is None:
        return None
    return await queries.citizen_by_token(scope, actor.desk_ids, person.token)


def _person(
    scope: TenantScope, described: DescribeCitizen, municipality_code: str | None
) -> Person:
    code = described.codice_fiscale
    return Person(
        given_name=described.given_name,
        family_name=described.family_name,
        name_search=fold(f"{described.family_name} {described.given_name}"),
        codice_fiscale=encrypt(code) if code else None,
        token=lookup_token(scope.tenant_id, code) if code else None,
        birth_date=described.birth_date or (birth_date_of(code) if code else None),
        email=described.email,
        phone=described.phone,
        municipality_code=municipality_code,
    )
