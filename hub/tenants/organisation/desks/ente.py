"""A further desk of an organisation that is active already: its host asks, and the Ente opens it.

The desks of a set-up that runs are opened by it.
"""

from datetime import timedelta
from uuid import UUID

from hub import audit, clock, outbox
from hub.db import NetworkScope, TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.schemas import Desk, missing
from hub.tenants.organisation.desks.service import to_change
from hub.web.i18n import N_

ASK_AGAIN_AFTER = timedelta(days=7)


class NotInPreparation(Conflict):
    code = "desk-not-in-preparation"
    message = N_("This desk is not being set up any more: it was opened or closed.")


class EntryNotComplete(Conflict):
    code = "desk-entry-not-complete"
    message = N_("The desk’s entry is not complete yet.")


class OpenedBySetUp(Conflict):
    code = "desk-opened-by-set-up"
    message = N_("The organisation is not active: its desks open together with it.")


class AskedAlready(Conflict):
    code = "desk-asked-already"
    message = N_("The Ente was asked within the last seven days.")


def is_ready(desk: Desk) -> bool:
    return desk.state == "setting_up" and not missing(desk)


async def ask_to_open(scope: TenantScope, actor: Actor, desk_id: UUID) -> None:
    """Raises NotFound, SomeDesksOnly, DeskClosed, NotInPreparation, EntryNotComplete, OpenedBySetUp, AskedAlready."""
    desk = await to_change(scope, actor, desk_id)
    _check(desk, active=await queries.is_active(scope, scope.tenant_id))
    if await queries.asked_since(scope, desk_id, scope.now - ASK_AGAIN_AFTER):
        raise AskedAlready
    await audit.record(
        scope, actor, "desk.opening_asked", "organisation", scope.tenant_id, desk=str(desk_id)
    )
    await outbox.enqueue(scope, "desks.tell_ente", desk_id=desk_id)


async def open_desk(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, desk_id: UUID
) -> None:
    """Raises NotFound, NotInPreparation, EntryNotComplete, OpenedBySetUp."""
    active = await queries.is_active(scope, organisation_id)
    desk = await queries.lock_desk_of(scope, organisation_id, desk_id)
    if desk is None:
        raise NotFound
    _check(desk, active=active)
    await queries.open_desk(scope, desk_id, clock.day_of(scope.now))
    await audit.record_for(
        scope,
        organisation_id,
        actor,
        "desk.opened",
        "organisation",
        organisation_id,
        desk=str(desk_id),
    )


def _check(desk: Desk, *, active: bool) -> None:
    if desk.state != "setting_up":
        raise NotInPreparation
    if not active:
        raise OpenedBySetUp
    if missing(desk):
        raise EntryNotComplete
