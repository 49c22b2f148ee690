"""What may be done to a membership, decided while the organisation's administrators are held.

Two administrators who remove each other at the same instant come one after the other: the second is none any more.
"""

from collections.abc import Mapping
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.errors import Conflict, Forbidden, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.people import passages
from hub.tenants.people.passages import HeldMember
from hub.web.i18n import N_

Held = Mapping[UUID, HeldMember]


class LastAdministrator(Conflict):
    code = "last-administrator"
    message = N_(
        "This is the last administrator who works at all desks and has no last day."
        " Make somebody else administrator first."
    )


ONESELF_LAST = N_(
    "You are the last administrator who works at all desks and has no last day. Make somebody else administrator first."
)


class NoLongerAdministrator(Forbidden):
    code = "no-longer-administrator"
    message = N_("You are no longer an administrator of this organisation.")


class OwnLimits(Conflict):
    code = "own-limits"
    message = N_("Another administrator decides about your own desks and your own last day.")


class NotActive(Conflict):
    code = "membership-ended"
    message = N_("This person has left the organisation. To come back, he or she is invited again.")


class SupportStays(Conflict):
    code = "support-membership"
    message = N_(
        "Support is here as it was let in: end it, and let somebody in anew if you want it otherwise."
    )


async def stay_administrator(scope: TenantScope | NetworkScope, actor: Actor) -> None:
    """Until the transaction ends; the session was looked at before it began. Raises NoLongerAdministrator."""
    if not await passages.hold_administrator(scope, actor.tenant_id, actor.membership_id):
        raise NoLongerAdministrator


async def hold(scope: TenantScope, actor: Actor, *ids: UUID, oneself: bool = False) -> Held:
    """The administrators, the actor and these people. `oneself` lets people act on themselves, the first of `ids`.

    Raises NotFound for somebody who never was here, and NoLongerAdministrator.
    """
    held = await passages.hold(scope, [actor.membership_id, *ids])
    if not held.keys() >= set(ids):
        raise NotFound
    acts = held.get(actor.membership_id)
    if acts is None or not acts.is_active:
        raise NoLongerAdministrator
    decides = acts.is_admin and not acts.limited_to_desks
    if not decides and not (oneself and ids[0] == actor.membership_id):
        raise NoLongerAdministrator
    return held


def keep_an_administrator(held: Held, membership_id: UUID, actor: Actor) -> None:
    """Before this one goes, or can do less. Raises LastAdministrator."""
    if is_last(held, membership_id):
        raise LastAdministrator(
            message=ONESELF_LAST if membership_id == actor.membership_id else None
        )


def is_last(held: Held, membership_id: UUID) -> bool:
    """Whether nobody would be left who can do everything, and stays."""
    member = held[membership_id]
    others = [one for one in held.values() if one.id != membership_id]
    if not member.is_admin or any(one.is_lasting_admin for one in others):
        return False
    return member.is_lasting_admin or not any(one.is_admin for one in others)


def only_active(member: HeldMember) -> None:
    """Raises NotActive, SupportStays."""
    if member.support:
        raise SupportStays
    if not member.is_active:
        raise NotActive
