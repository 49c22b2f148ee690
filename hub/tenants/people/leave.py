"""Leaving: the open work goes to a colleague and the membership ends, in one step or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.open_work import kinds
from hub.tenants.people import passages
from hub.tenants.people.holding import hold, keep_an_administrator
from hub.tenants.people.invite import tell
from hub.tenants.people.passages import Taker
from hub.tenants.people.telling import tell_left, tell_taken_over
from hub.web.i18n import N_


class WorkLeft(Conflict):
    code = "work-left"
    message = N_("There is open work: choose who takes it over.")


class CannotTakeOver(Conflict):
    code = "cannot-take-over"
    message = N_("This colleague can no longer take the work over: choose somebody else.")


@dataclass(frozen=True, slots=True)
class Burden:
    """The open work of one person: (label, how much) of each kind there is, and at which desks it lies."""

    parts: tuple[tuple[str, int], ...]
    desks: frozenset[UUID]

    @property
    def total(self) -> int:
        return sum(count for _label, count in self.parts)


async def burden_of(scope: TenantScope, membership_id: UUID) -> Burden:
    parts: list[tuple[str, int]] = []
    desks: set[UUID] = set()
    for kind in kinds():
        if count := await kind.of_member(scope, membership_id):
            parts.append((kind.label, count))
            desks |= await kind.desks_of_member(scope, membership_id)
    return Burden(tuple(parts), frozenset(desks))


async def burdens_of(scope: TenantScope, membership_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How much each of these has in charge; who has nothing is left out. One statement for each kind of work."""
    totals: dict[UUID, int] = {}
    for kind in kinds():
        for membership_id, count in (await kind.of_members(scope, membership_ids)).items():
            if count:
                totals[membership_id] = totals.get(membership_id, 0) + count
    return totals


async def takers_of(scope: TenantScope, giver: UUID, burden: Burden) -> Sequence[Taker]:
    return await passages.takers(scope, giver, sorted(burden.desks))


async def leave(scope: TenantScope, actor: Actor, membership_id: UUID, taker: UUID | None) -> None:
    """Of somebody who has left already, what was left behind is handed over. Twice is one effect.

    Raises NotFound, NoLongerAdministrator, LastAdministrator, WorkLeft, CannotTakeOver.
    """
    people = [membership_id] if taker is None else [membership_id, taker]
    held = await hold(scope, actor, *people, oneself=True)
    member = held[membership_id]
    if member.is_active:
        keep_an_administrator(held, membership_id, actor)
    await _hand_over(scope, actor, membership_id, taker)
    if member.state != "active":
        return
    await passages.end(scope, membership_id)
    await passages.revoke_sent_by(scope, membership_id)
    action = "support.ended" if member.support else "membership.ended"
    await tell(scope, scope.tenant_id, actor, action, member=str(membership_id), role=member.role)
    if membership_id != actor.membership_id:
        await tell_left(scope, membership_id)
    await touch(scope, scope.tenant_id)


async def _hand_over(scope: TenantScope, actor: Actor, giver: UUID, taker: UUID | None) -> None:
    burden = await burden_of(scope, giver)
    if not burden.total:
        return
    if taker is None:
        raise WorkLeft
    if taker not in {one.id for one in await takers_of(scope, giver, burden)}:
        raise CannotTakeOver
    count = sum([await kind.give_to_member(scope, actor, giver, taker) for kind in kinds()])
    entry_id = await audit.record(
        scope,
        actor,
        "work.handed_over",
        "organisation",
        scope.tenant_id,
        count=count,
        giver=str(giver),
        taker=str(taker),
    )
    if taker != actor.membership_id:
        await tell_taken_over(scope, taker, entry_id)
