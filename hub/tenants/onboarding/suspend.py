"""Stopping an organisation, and letting it go on."""

from uuid import UUID

from hub import audit
from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import deciding, organisations
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import readers_of
from hub.web.i18n import N_


class NotToSuspend(Conflict):
    code = "not-to-suspend"
    message = N_("Only an organisation that is active, or being set up, can be suspended.")


class AlreadySuspended(Conflict):
    code = "already-suspended"
    message = N_("Someone was faster: it is suspended already.")


class NotSuspended(Conflict):
    code = "not-suspended"
    message = N_("Someone was faster: it is not suspended any more.")


async def suspend(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, reason: str, note: str
) -> None:
    """Raises NotFound, also for the Ente itself, NotToSuspend, AlreadySuspended."""
    known = await organisations.lock_organisation(scope, organisation_id)
    if known is None:
        raise NotFound
    if known.state not in ("active", "suspended"):
        raise NotToSuspend
    if not await deciding.add_suspension(scope, organisation_id, reason, note, actor.membership_id):
        raise AlreadySuspended
    await _tell(scope, actor, organisation_id, "suspended", reason=reason)


async def resume(scope: NetworkScope, actor: Actor, organisation_id: UUID) -> None:
    """Raises NotFound, NotSuspended."""
    if await organisations.lock_organisation(scope, organisation_id) is None:
        raise NotFound
    if not await deciding.lift_suspension(scope, organisation_id, actor.membership_id):
        raise NotSuspended
    await _tell(scope, actor, organisation_id, "resumed")


async def _tell(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, what: str, **codes: str
) -> None:
    await audit.record_for(
        scope,
        organisation_id,
        actor,
        f"organisation.{what}",
        "organisation",
        organisation_id,
        **codes,
    )
    readers = await readers_of(scope, organisation_id)
    await order_letters(scope, f"onboarding.mail_{what}", organisation_id, readers)
