"""Organisations that join by invitation of the Ente: lenders, tutors, and hosts without a call."""

from collections.abc import Sequence
from uuid import UUID

from hub import audit
from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import organisations, setups
from hub.tenants.onboarding.begin import Contact, begin, get_going, in_order
from hub.tenants.onboarding.organisations import Details
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_


class AlreadyThere(Conflict):
    """An organisation of the network has this fiscal code."""

    code = "organisation-exists"
    message = N_("An organisation with this fiscal code is in the network already.")

    def __init__(self, organisation_id: UUID) -> None:
        self.organisation_id = organisation_id
        super().__init__()


class SetupRuns(Conflict):
    code = "setup-runs"
    message = N_("A set-up is under way already.")


async def enlist(
    scope: NetworkScope,
    actor: Actor,
    organisation_id: UUID,
    kinds: Sequence[str],
    details: Details,
    contact: Contact,
) -> None:
    """`organisation_id` is what the form's key makes of it: the same form sent twice is one organisation.

    Raises AlreadyThere.
    """
    await organisations.wait_for_identity(scope, details.fiscal_code)
    known = await organisations.find_organisation(scope, details.fiscal_code)
    if known and known.id == organisation_id:
        return
    if known:
        raise AlreadyThere(known.id)
    await organisations.add_organisation(scope, organisation_id, in_order(kinds), details)
    await _start(scope, actor, organisation_id, kinds, contact)


async def begin_again(
    scope: NetworkScope,
    actor: Actor,
    organisation_id: UUID,
    kinds: Sequence[str],
    host_kind: str | None,
    contact: Contact,
) -> None:
    """For one that is there: after an abandoned set-up, or since it takes on another kind. Desks never opened come along.

    Raises NotFound, SetupRuns.
    """
    known = await organisations.lock_organisation(scope, organisation_id)
    if known is None:
        raise NotFound
    if await setups.running_setup(scope, organisation_id):
        raise SetupRuns
    await organisations.add_kinds(scope, known.id, in_order([*known.kinds, *kinds]), host_kind)
    if known.state in ("waiting", "closed"):
        await organisations.reopen(scope, organisation_id)
    await _start(scope, actor, organisation_id, kinds, contact)


async def _start(
    scope: NetworkScope,
    actor: Actor,
    organisation_id: UUID,
    kinds: Sequence[str],
    contact: Contact,
) -> None:
    setup_id = await begin(scope, organisation_id, actor.tenant_id, kinds, contact)
    if "host" in kinds:
        returning = await _unopened(scope, organisation_id)
        await setups.take_over_desks(scope, organisation_id, setup_id, returning)
    await audit.record_for(
        scope,
        organisation_id,
        actor,
        "organisation.invited",
        "organisation",
        organisation_id,
        kinds=",".join(in_order(kinds)),
    )
    await get_going(scope, organisation_id, actor.tenant_id, contact)


async def _unopened(scope: NetworkScope, organisation_id: UUID) -> list[UUID]:
    """Desks of an abandoned set-up, without those whose name another desk has by now."""
    taken = {fold(name) for name in await setups.desk_names(scope, organisation_id)}
    found: dict[str, UUID] = {}
    for desk_id, name in await setups.abandoned_desks(scope, organisation_id):
        if fold(name) not in taken:
            found.setdefault(fold(name), desk_id)
    return list(found.values())
