"""Closing a desk for good: what is open there moves to another desk of the same host, in the same transaction.

Whoever writes on a case holds its desk (`hub/referrals/members/standing.py`), and the desk is locked here before its
cases: what was being written is either moved, or refused because the desk is closed. Before the desk come the
organisation's administrators and the invitations to it, as wherever people are limited to desks or let in
(`hub/tenants/people/change.py`, `accept.py`): all wait in one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict
from hub.tenants import open_work
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.schemas import CloseDesk, CloseDeskWithWork, Desk
from hub.tenants.organisation.desks.service import to_change
from hub.tenants.people import passages
from hub.tenants.people.holding import Held, NoLongerAdministrator
from hub.web.i18n import N_


class OpenWorkLeft(Conflict):
    code = "open-work-left"
    message = N_(
        "Work is open at this desk. Choose the desk that takes it over; where there is no other active desk, close the"
        " open cases first."
    )


class TakerNotActive(Conflict):
    code = "taker-not-active"
    message = N_("The desk that was to take over is not active any more. Choose another one.")


@dataclass(frozen=True, slots=True)
class Ending:
    """What closing would mean. `open_work` are (msgid, number) of what is there, `people` those who are limited to it."""

    desk: Desk
    open_work: list[tuple[str, int]]
    takers: list[Desk]
    people: list[str]

    @property
    def form(self) -> type[CloseDesk] | type[CloseDeskWithWork]:
        """A desk that takes over has to be chosen where there are both work and a choice."""
        return CloseDeskWithWork if self.open_work and self.takers else CloseDesk


async def prospect(scope: TenantScope, desk: Desk) -> Ending:
    others = [
        other
        for other in await queries.desks(scope)
        if other.state == "active" and other.id != desk.id
    ]
    return Ending(
        desk, await _open_work(scope, desk.id), others, await queries.limited_to(scope, desk.id)
    )


async def close_desk(
    scope: TenantScope, actor: Actor, desk_id: UUID, asked: CloseDesk | CloseDeskWithWork
) -> None:
    """Raises NotFound, NoLongerAdministrator, DeskClosed, OpenWorkLeft, TakerNotActive."""
    held = await hold(scope, [actor.membership_id], desk_id, asked.taker_id)
    acts = held.get(actor.membership_id)
    if acts is None or not acts.is_active or acts.role != "admin":
        raise NoLongerAdministrator
    await to_change(scope, actor, desk_id)
    await end(scope, actor, desk_id, asked)


async def hold(
    scope: TenantScope, membership_ids: Sequence[UUID], desk_id: UUID, taker_id: UUID | None
) -> Held:
    """Everything that closing waits for, in the one order."""
    held = await passages.hold(scope, membership_ids)
    await queries.lock_invitations(scope, desk_id)
    await queries.lock(scope, [desk_id, *([taker_id] if taker_id else [])])
    return held


async def end(
    scope: TenantScope, actor: Actor | None, desk_id: UUID, asked: CloseDesk | CloseDeskWithWork
) -> None:
    """Of a desk that is held and not closed; without an actor, by the hub. Raises OpenWorkLeft, TakerNotActive."""
    open_here = await _open_work(scope, desk_id)
    moved = 0
    if asked.taker_id:
        taker = await queries.desk(scope, asked.taker_id)
        if taker is None or taker.id == desk_id or taker.state != "active":
            raise TakerNotActive
        for kind in open_work.kinds():
            moved += await kind.move_to_desk(scope, actor, desk_id, taker.id)
        for membership_id in await queries.give_people(scope, desk_id, taker.id):
            await _record(
                scope,
                actor,
                "membership.limited",
                membership=str(membership_id),
                desk=str(taker.id),
            )
    elif open_here:
        raise OpenWorkLeft
    await queries.mark_closed(scope, desk_id, asked.closed_on, asked.reason)
    if moved:
        await _record(
            scope,
            actor,
            "work.handed_over",
            count=moved,
            desk=str(asked.taker_id),
            before=str(desk_id),
        )
    await _record(scope, actor, "desk.closed", desk=str(desk_id), reason=asked.reason)
    await touch(scope, scope.tenant_id)


async def _open_work(scope: TenantScope, desk_id: UUID) -> list[tuple[str, int]]:
    found = [(kind.label, await kind.of_desk(scope, desk_id)) for kind in open_work.kinds()]
    return [(label, number) for label, number in found if number]


async def _record(
    scope: TenantScope, actor: Actor | None, action: str, **codes: str | int | None
) -> None:
    await audit.record(scope, actor, action, "organisation", scope.tenant_id, **codes)
