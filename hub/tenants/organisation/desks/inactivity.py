"""The Ente closes a desk that has fallen silent: it announces a day to the host, and on that day the hub closes the desk.

The Ente sees no cases, so it moves none: what is open is handed over in the host's own scope, in the transaction that
closes the desk. Until then the host can say who takes over, by closing the desk itself; a conversation at the desk
keeps it open, and so does a suspension, while which the host could record none.
"""

from datetime import date, timedelta
from uuid import UUID

from hub import audit, clock, outbox
from hub.db import NetworkScope, TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.network.schemas import SILENT_DAYS
from hub.tenants.organisation.desks import close, closings, queries
from hub.tenants.organisation.desks.close import OpenWorkLeft
from hub.tenants.organisation.desks.schemas import AnnounceClosing, CloseDesk, Desk
from hub.web.i18n import N_

# What a host has at least to answer, or to hand over what is open; and how long an announcement may stand.
NOTICE = timedelta(days=15)
LONGEST_NOTICE = timedelta(days=60)
INACTIVITY = "inactivity"


class NotSilent(Conflict):
    code = "desk-not-silent"
    message = N_("This desk is not open, or has held a conversation within the last 60 days.")


class ClosingAnnounced(Conflict):
    code = "closing-announced"
    message = N_("The closing of this desk is announced already.")


class OtherNotice(Conflict):
    code = "closing-notice"
    message = N_("Give the host at least 15 days, and no more than 60.")


class TakerMissing(Conflict):
    code = "closing-taker-missing"
    message = N_("Choose another open desk of this host: it takes over what is open.")


def is_silent(desk: Desk, day: date) -> bool:
    """As seen on that day, and as the Ente's board has it."""
    since = desk.last_consultation_on or desk.opened_on
    return (
        desk.state == "active" and since is not None and since < day - timedelta(days=SILENT_DAYS)
    )


async def announce(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, asked: AnnounceClosing
) -> None:
    """The host's administrators get a letter. Raises NotFound, NotSilent, ClosingAnnounced, OtherNotice, TakerMissing."""
    active = await queries.is_active(scope, organisation_id)
    takers = [asked.taker_id] if asked.taker_id else []
    desk = await queries.lock_desk_of(scope, organisation_id, asked.desk_id, *takers)
    if desk is None:
        raise NotFound
    today = clock.day_of(scope.now)
    if not active or not is_silent(desk, today):
        raise NotSilent
    if desk.closing_on:
        raise ClosingAnnounced
    if not today + NOTICE <= asked.closing_on <= today + LONGEST_NOTICE:
        raise OtherNotice
    others = {one.id for one in takers_of(desk, await queries.desks_of(scope, organisation_id))}
    if asked.taker_id not in others and (others or asked.taker_id):
        raise TakerMissing
    await closings.announce_closing(
        scope, organisation_id, desk.id, asked.closing_on, asked.note, asked.taker_id
    )
    await _tell(scope, actor, organisation_id, "announced", desk.id, on=asked.closing_on)
    await outbox.enqueue(scope, "desks.tell_closing", tenant_id=organisation_id, desk_id=desk.id)


def takers_of(desk: Desk, desks: list[Desk]) -> list[Desk]:
    return [one for one in desks if one.id != desk.id and one.state == "active"]


async def withdraw(scope: NetworkScope, actor: Actor, organisation_id: UUID, desk_id: UUID) -> None:
    """Nothing where it was not announced, or is done. Raises NotFound."""
    desk = await queries.lock_desk_of(scope, organisation_id, desk_id)
    if desk is None:
        raise NotFound
    if desk.closing_on and desk.state == "active":
        await closings.forget_closing(scope, organisation_id, desk_id)
        await _tell(scope, actor, organisation_id, "withdrawn", desk_id)


async def close_due(scope: TenantScope, desk_id: UUID) -> None:
    """In the host's scope, by the hub. Where work is open and no desk can take it over, the Ente is told instead."""
    found = await queries.desk(scope, desk_id)
    if found is None:
        return
    taker_id = found.closing_taker_id
    await close.hold(scope, [], desk_id, taker_id)
    desk = await queries.desk(scope, desk_id)
    today = clock.day_of(scope.now)
    if desk is None or desk.state != "active" or not desk.closing_on or desk.closing_on > today:
        return
    if not await closings.works_as_host(scope):
        return
    if await _is_answered(scope, desk):
        await closings.forget_closing(scope, scope.tenant_id, desk_id)
        await _tell(scope, None, scope.tenant_id, "lapsed", desk_id)
        return
    taker = await queries.desk(scope, taker_id) if taker_id else None
    taker_id = taker.id if taker and taker.state == "active" else None
    try:
        await close.end(scope, None, desk_id, CloseDesk(INACTIVITY, today, taker_id))
    except OpenWorkLeft:
        await closings.forget_closing(scope, scope.tenant_id, desk_id)
        await _tell(scope, None, scope.tenant_id, "failed", desk_id)
        await outbox.enqueue(scope, "desks.tell_ente_left", desk_id=desk_id)


async def _is_answered(scope: TenantScope, desk: Desk) -> bool:
    """By a conversation, also one of the days before that was recorded later; or the host could not answer."""
    announced = desk.closing_announced_at
    return announced is not None and (
        not is_silent(desk, clock.day_of(announced))
        or await closings.suspended_since(scope, announced)
    )


async def _tell(
    scope: NetworkScope | TenantScope,
    actor: Actor | None,
    organisation_id: UUID,
    what: str,
    desk_id: UUID,
    on: date | None = None,
) -> None:
    action = f"desk.closing_{what}"
    codes = {"desk": str(desk_id), "on": on.isoformat() if on else None}
    if isinstance(scope, NetworkScope):
        await audit.record_for(
            scope, organisation_id, actor, action, "organisation", organisation_id, **codes
        )
    else:
        await audit.record(scope, actor, action, "organisation", organisation_id, **codes)
