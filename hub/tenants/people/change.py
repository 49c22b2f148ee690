"""What a person may do and where, changed by an administrator; it holds from the person's next click on."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from hub import audit
from hub.clock import ROME
from hub.db import TenantScope
from hub.errors import NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import passages, queries
from hub.tenants.people.asking import roles_for
from hub.tenants.people.holding import OwnLimits, hold, keep_an_administrator, only_active
from hub.tenants.people.invite import tell
from hub.tenants.people.telling import tell_role


def end_of(day: date | None) -> datetime | None:
    """The instant after a last day, in Italy."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ROME)


def last_day_of(moment: datetime | None) -> date | None:
    return (moment - timedelta(seconds=1)).astimezone(ROME).date() if moment else None


async def change_role(scope: TenantScope, actor: Actor, membership_id: UUID, role: str) -> None:
    """Raises NotFound, LastAdministrator, NotActive, SupportStays."""
    held = await hold(scope, actor, membership_id)
    member = held[membership_id]
    only_active(member)
    if role not in roles_for(actor.kinds):
        raise NotFound
    if role == member.role:
        return
    keep_an_administrator(held, membership_id, actor)
    await queries.set_role(scope, membership_id, role)
    await passages.revoke_sent_by(scope, membership_id)
    entry_id = await audit.record(
        scope,
        actor,
        "membership.role_changed",
        "organisation",
        scope.tenant_id,
        member=str(membership_id),
        role=role,
        before=member.role,
    )
    if membership_id != actor.membership_id:
        await tell_role(scope, membership_id, entry_id)
    await touch(scope, scope.tenant_id)


async def limit_to_desks(
    scope: TenantScope, actor: Actor, membership_id: UUID, desk_ids: Sequence[UUID] | None
) -> None:
    """None: all desks, also those to come; an empty list: none.

    Raises NotFound, LastAdministrator, OwnLimits, NotActive, SupportStays.
    """
    held = await hold(scope, actor, membership_id)
    only_active(held[membership_id])
    if desk_ids is not None:
        known = await queries.hold_open_desks(scope, desk_ids)
        if not known.issuperset(desk_ids):
            raise NotFound
        keep_an_administrator(held, membership_id, actor)
    if membership_id == actor.membership_id:
        raise OwnLimits
    await queries.set_desks(scope, membership_id, desk_ids)
    await tell(
        scope,
        scope.tenant_id,
        actor,
        "membership.limited",
        member=str(membership_id),
        desks=None if desk_ids is None else len(set(desk_ids)),
    )
    await touch(scope, scope.tenant_id)


async def set_last_day(
    scope: TenantScope, actor: Actor, membership_id: UUID, day: date | None
) -> None:
    """Raises NotFound, LastAdministrator, OwnLimits, NotActive, SupportStays."""
    held = await hold(scope, actor, membership_id)
    only_active(held[membership_id])
    if day is not None:
        keep_an_administrator(held, membership_id, actor)
    if membership_id == actor.membership_id:
        raise OwnLimits
    await queries.set_end(scope, membership_id, end_of(day))
    await tell(
        scope,
        scope.tenant_id,
        actor,
        "membership.term_changed",
        member=str(membership_id),
        until=day.isoformat() if day else None,
    )
