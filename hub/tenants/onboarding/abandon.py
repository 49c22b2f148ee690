"""A set-up that comes to nothing: its desks never open, and an organisation that was new is closed."""

from collections.abc import Sequence
from uuid import UUID

from hub import audit, clock, outbox
from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import organisations, queries, setups
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import readers_of
from hub.tenants.onboarding.refresh import refresh
from hub.tenants.onboarding.schemas import points_of
from hub.web.i18n import N_

# The reason of a set-up that nobody ended: its application was withdrawn. Otherwise it is somebody's own words.
WITHDRAWN = "withdrawn"


class NoSetup(Conflict):
    code = "no-setup"
    message = N_("No set-up is under way: it was ended in the meantime.")


async def abandon(
    scope: NetworkScope,
    actor: Actor | None,
    organisation_id: UUID,
    *,
    reason: str,
    setup_id: UUID | None = None,
) -> None:
    """Twice is one effect where a `setup_id` is named. Raises NotFound, NoSetup."""
    known = await organisations.lock_organisation(scope, organisation_id)
    if known is None:
        raise NotFound
    running = await setups.running_setup(scope, organisation_id)
    if running is None or (setup_id and running[0] != setup_id):
        if setup_id:
            return
        raise NoSetup
    # A person may write the same word.
    withdrawn = actor is None and reason == WITHDRAWN
    setup = await queries.setup_by_id(scope, organisation_id, running[0])
    # As long as they are administrators: those of an organisation that is closed belong to it no more.
    readers = await readers_of(scope, organisation_id)
    await setups.end_setup(
        scope, running[0], "abandoned", actor.membership_id if actor else None, reason
    )
    await setups.close_desks(scope, running[0], clock.day_of(scope.now))
    if await organisations.was_active(scope, organisation_id):
        await organisations.take_back_kinds(scope, organisation_id)
    else:
        await organisations.set_state(scope, organisation_id, "closed")
        await organisations.end_memberships(scope, organisation_id)
        await _revoke_invitations(scope, actor, organisation_id)
    await audit.record_for(
        scope,
        organisation_id,
        actor,
        "setup.abandoned",
        "organisation",
        organisation_id,
        withdrawn=int(withdrawn),
    )
    if setup is None:
        raise NotFound
    await outbox.enqueue(
        scope,
        "onboarding.cancel_protocols",
        tenant_id=setup.coordinator_id,
        organisation_id=organisation_id,
    )
    if withdrawn:
        # The contact has withdrawn it.
        readers = [reader for reader in readers if reader != running[0]]
    await order_letters(scope, "onboarding.mail_abandoned", organisation_id, readers)


async def leave_setup(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID, desk_ids: Sequence[UUID]
) -> None:
    """Of a set-up that goes on without these desks; without its last ones it is no host's any more, if it is another's."""
    # As everybody does first who changes a set-up: an activation at this moment comes before, or after.
    await organisations.lock_organisation(scope, organisation_id)
    await setups.close_desks(scope, setup_id, clock.day_of(scope.now), desk_ids)
    running = await setups.running_setup(scope, organisation_id)
    if running and running[0] == setup_id and not await setups.has_desks(scope, setup_id):
        others = [kind for kind in running[1] if kind != "host"]
        if others and len(others) < len(running[1]):
            await setups.narrow_setup(scope, setup_id, others, points_of(others))
            await organisations.drop_kind(scope, organisation_id, "host")
    await refresh(scope, [organisation_id])


async def _revoke_invitations(
    scope: NetworkScope, actor: Actor | None, organisation_id: UUID
) -> None:
    for invitation_id, role in await organisations.revoke_invitations(scope, organisation_id):
        await audit.record_for(
            scope,
            organisation_id,
            actor,
            "invitation.revoked",
            "organisation",
            organisation_id,
            invitation=str(invitation_id),
            role=role,
        )
