"""Inviting somebody into an organisation, again where the mail was lost, and taking an invitation back."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

from hub import audit, outbox
from hub.db import NetworkScope, TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import KeyReused
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import queries
from hub.tenants.people.holding import stay_administrator
from hub.tenants.people.schemas import Invitation, Invite
from hub.web.i18n import N_

INVITATION_LASTS = timedelta(days=14)
RENEWED_EVERY = timedelta(minutes=1)


class AlreadyMember(Conflict):
    code = "already-member"
    message = N_("Somebody with this address belongs to the organisation already.")


class AlreadyInvited(Conflict):
    code = "already-invited"
    message = N_("There is an open invitation to this address: send it again, or revoke it first.")


async def invite(
    scope: TenantScope | NetworkScope,
    tenant_id: UUID,
    inviter: Actor | None,
    asked: Invite,
    key: UUID | None = None,
) -> UUID:
    """The invitation's id; its letter is on its way. Without an inviter, the Ente or the hub invites.

    With a form's key, the same form sent twice is one invitation. Raises AlreadyMember, AlreadyInvited, KeyReused,
    NoLongerAdministrator, and NotFound for a desk that is not the organisation's.
    """
    own = inviter is not None and inviter.tenant_id == tenant_id
    if inviter and own:
        await stay_administrator(scope, inviter)
    asked = replace(asked, email=asked.email.strip().lower())
    # No key of `hub.idempotency`: those are a tenant's, and the network writes here.
    invitation_id = uuid5(tenant_id, str(key)) if key else uuid7()
    if key and await _is_made(scope, invitation_id, asked):
        return invitation_id
    await _check_desks(scope, tenant_id, asked)
    if await queries.is_member(scope, tenant_id, asked.email):
        raise AlreadyMember
    await queries.revoke_expired(scope, tenant_id, asked.email)
    added = await queries.add_invitation(
        scope,
        invitation_id,
        tenant_id,
        inviter.membership_id if inviter and own else None,
        asked,
        scope.now + INVITATION_LASTS,
    )
    if not added:
        # Where two came at once, the other may have been this one.
        if key and await _is_made(scope, invitation_id, asked):
            return invitation_id
        raise AlreadyInvited
    await order_letter(scope, tenant_id, invitation_id)
    action = "support.granted" if asked.support else "invitation.sent"
    await tell(scope, tenant_id, inviter, action, invitation=str(invitation_id), role=asked.role)
    await touch(scope, tenant_id)
    return invitation_id


async def _is_made(scope: TenantScope | NetworkScope, invitation_id: UUID, asked: Invite) -> bool:
    """Raises KeyReused where the form said something else, or where its link leads nowhere any more."""
    made = await queries.invitation(scope, invitation_id)
    if made is None:
        return False
    if made.standing(scope.now) not in ("open", "accepted") or _content(made) != _content(asked):
        raise KeyReused
    return True


def _content(of: Invite | Invitation) -> tuple[object, ...]:
    """All that a form says, so that none of it is dropped; in which language, it does not."""
    return (
        of.email,
        of.name,
        of.role,
        of.support,
        of.limited_to_desks,
        set(of.desk_ids),
        of.membership_hours,
        of.membership_until,
    )


async def order_letter(
    scope: TenantScope | NetworkScope, tenant_id: UUID, invitation_id: UUID
) -> None:
    await outbox.enqueue(
        scope, "people.send_invitation", tenant_id=tenant_id, invitation_id=invitation_id
    )


async def tell(
    scope: TenantScope | NetworkScope,
    tenant_id: UUID,
    actor: Actor | None,
    action: str,
    **codes: str | int | None,
) -> None:
    """In the organisation's own log, as part of its story."""
    if isinstance(scope, NetworkScope):
        await audit.record_for(scope, tenant_id, actor, action, "organisation", tenant_id, **codes)
    else:
        await audit.record(scope, actor, action, "organisation", tenant_id, **codes)


async def _check_desks(scope: TenantScope | NetworkScope, tenant_id: UUID, asked: Invite) -> None:
    known = {desk_id for desk_id, _name in await queries.open_desks(scope, tenant_id)}
    if not known.issuperset(asked.desk_ids):
        raise NotFound


class NotOpen(Conflict):
    code = "invitation-closed"
    message = N_("This invitation was accepted or revoked in the meantime.")


async def renew(scope: TenantScope, actor: Actor, invitation_id: UUID) -> None:
    """A new link, for another 14 days; older ones are out of use. A double click is one letter.

    Raises NotFound, NotOpen, NoLongerAdministrator.
    """
    await stay_administrator(scope, actor)
    invitation = await _open(scope, invitation_id)
    just_renewed = invitation.expires_at > scope.now + INVITATION_LASTS - RENEWED_EVERY
    if invitation.link_version > 1 and just_renewed:
        return
    await queries.renew_link(
        scope, invitation_id, scope.now + INVITATION_LASTS, actor.membership_id
    )
    await order_letter(scope, scope.tenant_id, invitation_id)
    await tell(
        scope,
        scope.tenant_id,
        actor,
        "invitation.renewed",
        invitation=str(invitation_id),
        role=invitation.role,
    )
    await touch(scope, scope.tenant_id)


async def revoke(scope: TenantScope, actor: Actor, invitation_id: UUID) -> None:
    """Raises NotFound, NotOpen, NoLongerAdministrator."""
    await stay_administrator(scope, actor)
    role = (await _open(scope, invitation_id)).role
    await queries.revoke(scope, invitation_id)
    await tell(
        scope,
        scope.tenant_id,
        actor,
        "invitation.revoked",
        invitation=str(invitation_id),
        role=role,
    )
    await touch(scope, scope.tenant_id)


async def _open(scope: TenantScope, invitation_id: UUID) -> Invitation:
    """Locked."""
    invitation = await queries.invitation(scope, invitation_id, lock=True)
    if invitation is None:
        raise NotFound
    if invitation.state != "open":
        raise NotOpen
    return invitation
