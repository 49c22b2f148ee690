"""From an admitted application to an organisation that is being set up, and back where it is withdrawn.

The application is the Ente's row and the organisation the network's, so it takes a transaction for each; the last
one, which orders the protocol, looks at the application again.
"""

from collections.abc import Collection
from itertools import chain, count
from uuid import UUID, uuid5

from hub import audit
from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.calls.applications.schemas import Application, Content
from hub.tenants.onboarding import organisations, setups
from hub.tenants.onboarding.begin import Contact, begin, get_going, in_order
from hub.tenants.onboarding.organisations import Details, Known
from hub.tenants.onboarding.setups import NewDesk
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.queries import municipalities_by_code

# As the desk's own form takes it.
LONGEST_NAME = 120


async def admit(scope: NetworkScope, application: Application, content: Content) -> bool:
    """Make, or find, the organisation of an application and begin its set-up. False where that was done before."""
    await organisations.wait_for_identity(scope, content.organisation.fiscal_code)
    if await setups.is_admitted(scope, application.id, first_desk_of(application.id)):
        return False
    contact = Contact(
        name=content.contacts.person_name,
        email=content.contacts.email,
        phone=content.contacts.phone,
        locale=application.locale,
    )
    organisation_id = await _organisation(scope, details_of(application, content))
    setup_id = await begin(
        scope,
        organisation_id,
        application.tenant_id,
        ["host"],
        contact,
        application_id=application.id,
    )
    desks = await _told_apart(scope, organisation_id, desks_of(application.id, content))
    await setups.add_desks(scope, organisation_id, setup_id, desks)
    await audit.record_for(
        scope,
        organisation_id,
        None,
        "organisation.admitted",
        "organisation",
        organisation_id,
        protocol=application.protocol,
        call=str(application.call_id),
        desks=len(desks),
    )
    await get_going(scope, organisation_id, application.tenant_id, contact)
    return True


def first_desk_of(application_id: UUID) -> UUID:
    return uuid5(application_id, "0")


def desks_of(application_id: UUID, content: Content) -> list[NewDesk]:
    """Their ids follow from the application's, so that they cannot be made twice."""
    return [
        NewDesk(
            uuid5(application_id, str(number)),
            desk.name,
            desk.municipality_code,
            desk.address,
            desk.opening_hours,
        )
        for number, desk in enumerate(content.desks)
    ]


async def _told_apart(
    scope: NetworkScope, organisation_id: UUID, desks: list[NewDesk]
) -> list[NewDesk]:
    """As the desk's form and an import demand it, while the organisation is held. Its people may rename them."""
    taken = {fold(name) for name in await setups.desk_names(scope, organisation_id)}
    places = await municipalities_by_code(scope, [desk.municipality_code for desk in desks])
    named = []
    for desk in desks:
        name = _free_name(desk.name, places[desk.municipality_code].name, taken)
        taken.add(fold(name))
        named.append(desk._replace(name=name))
    return named


def _free_name(wanted: str, place: str, taken: Collection[str]) -> str:
    """The name itself, with its municipality, or with a number after that."""
    endings = chain(["", f" ({place})"], (f" ({place} {number})" for number in count(2)))
    return next(
        name
        for ending in endings
        if fold(name := wanted[: LONGEST_NAME - len(ending)] + ending) not in taken
    )


def details_of(application: Application, content: Content) -> Details:
    stated, contacts = content.organisation, content.contacts
    return Details(
        name=stated.name,
        fiscal_code=stated.fiscal_code,
        ipa_code=stated.ipa_code or None,
        host_kind=stated.kind,
        municipality_code=stated.municipality_code,
        region_code=stated.region_code,
        address=stated.address,
        email=contacts.email,
        phone=contacts.phone,
        certified_email=contacts.certified_email or None,
        locale=application.locale,
    )


async def _organisation(scope: NetworkScope, details: Details) -> UUID:
    known = await organisations.find_organisation(scope, details.fiscal_code, details.ipa_code)
    if known is None:
        organisation_id = uuid7()
        await organisations.add_organisation(scope, organisation_id, ["host"], details)
        return organisation_id
    await widen(scope, known, ["host"], details)
    return known.id


async def widen(scope: NetworkScope, known: Known, kinds: list[str], details: Details) -> None:
    """One that is active, or was stopped, goes on as it is, and keeps what it says of itself."""
    whole = in_order([*known.kinds, *kinds])
    if known.state != "closed" and await organisations.was_active(scope, known.id):
        await organisations.add_kinds(scope, known.id, whole, details.host_kind)
    else:
        await organisations.bring_back(scope, known.id, whole, details)
