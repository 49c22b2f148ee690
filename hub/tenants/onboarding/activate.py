"""An organisation that has everything becomes active, and its desks open."""

from datetime import datetime
from uuid import UUID

from hub import audit, clock
from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import organisations, queries, setups
from hub.tenants.onboarding.begin import in_order
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import readers_of
from hub.tenants.onboarding.refresh import refresh
from hub.web.i18n import N_


class PointsOpen(Conflict):
    code = "points-open"
    message = N_("It cannot be activated yet: points of the checklist are open.")


class StillSuspended(Conflict):
    code = "organisation-suspended"
    message = N_("It is suspended: lift the suspension first.")


class AlreadyEnded(Conflict):
    """Somebody was faster: `state` is what the set-up became, `by` a membership of the Ente."""

    code = "setup-ended"
    message = N_("Someone was faster: this set-up has ended in the meantime.")

    def __init__(self, state: str, by: UUID | None, at: datetime | None) -> None:
        self.state, self.by, self.at = state, by, at
        super().__init__()


async def activate(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, setup_id: UUID
) -> None:
    """Every point is looked at again before. Raises NotFound, AlreadyEnded, StillSuspended, PointsOpen."""
    known = await organisations.lock_organisation(scope, organisation_id)
    if known is None:
        raise NotFound
    await refresh(scope, [organisation_id])
    setup = await queries.setup_by_id(scope, organisation_id, setup_id)
    if setup is None:
        raise NotFound
    if setup.state != "running":
        raise AlreadyEnded(setup.state, setup.ended_by, setup.ended_at)
    if await organisations.is_suspended(scope, organisation_id):
        raise StillSuspended
    if not setup.ready:
        raise PointsOpen
    await setups.end_setup(scope, setup.id, "active", actor.membership_id)
    # What is left out by an exception has not come undone: only what happens from now on is told.
    await setups.settle_points(scope, setup.id)
    if in_order([*known.kinds, *setup.kinds]) != list(known.kinds):
        await organisations.add_kinds(scope, known.id, in_order([*known.kinds, *setup.kinds]), None)
    await organisations.bring_into_force(scope, organisation_id, setup.kinds)
    await organisations.set_state(scope, organisation_id, "active")
    opened = await setups.open_desks(scope, setup.id, clock.day_of(scope.now))
    await audit.record_for(
        scope,
        organisation_id,
        actor,
        "organisation.activated",
        "organisation",
        organisation_id,
        desks=opened,
        exceptions=sum(point.excepted for point in setup.points),
    )
    readers = await readers_of(scope, organisation_id)
    await order_letters(scope, "onboarding.mail_activated", organisation_id, readers)
