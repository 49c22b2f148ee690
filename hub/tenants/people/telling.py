"""Whom to tell what happened: ordered in the transaction in which it does, one letter each, written by `tasks.py` and `leaving_tasks.py`."""

from collections.abc import Sequence
from uuid import UUID

from hub import outbox
from hub.db import NetworkScope, TenantScope
from hub.tenants.people import readers
from hub.tenants.people.schemas import Invitation


async def tell_accepted(scope: NetworkScope, invitation: Invitation, joined: UUID) -> None:
    """Whoever invited; where the Ente did, or the inviter has left, the other administrators."""
    tenant_id, inviter = invitation.tenant_id, invitation.invited_by
    to: Sequence[UUID] = []
    if inviter and await readers.reader(scope, inviter):
        to = [inviter]
    else:
        to = await readers.administrators(scope, tenant_id, apart_from=joined)
    await _order(scope, "people.tell_accepted", invitation, to)


async def tell_asked_again(scope: NetworkScope, invitation: Invitation) -> None:
    """The administrators; where nobody is one yet, those of the Ente that leads the set-up."""
    tenant_id = invitation.tenant_id
    to = await readers.administrators(scope, tenant_id)
    if not to and (leader := await readers.leader_of(scope, tenant_id)):
        to = await readers.administrators(scope, leader)
    await _order(scope, "people.tell_asked_again", invitation, to)


async def tell_leaving(scope: NetworkScope, tenant_id: UUID, membership_id: UUID) -> None:
    await _tell_of(scope, "people.tell_leaving", tenant_id, membership_id)


async def tell_over(scope: NetworkScope, tenant_id: UUID, membership_id: UUID) -> None:
    """The administrators, and whose last day has passed."""
    await _tell_of(scope, "people.tell_over", tenant_id, membership_id)
    await outbox.enqueue(
        scope, "people.tell_own_end", tenant_id=tenant_id, membership_id=membership_id
    )


async def tell_left(scope: TenantScope, membership_id: UUID) -> None:
    """Whoever did not go by themselves."""
    await outbox.enqueue(
        scope, "people.tell_left", tenant_id=scope.tenant_id, membership_id=membership_id
    )


async def tell_taken_over(scope: TenantScope, taker: UUID, entry_id: UUID) -> None:
    """What the log's entry says about whose work it was, and how much."""
    await outbox.enqueue(
        scope,
        "people.tell_taken_over",
        tenant_id=scope.tenant_id,
        membership_id=taker,
        entry_id=entry_id,
    )


async def tell_role(scope: TenantScope, membership_id: UUID, entry_id: UUID) -> None:
    """The role that the log's entry says."""
    await outbox.enqueue(
        scope,
        "people.tell_role",
        tenant_id=scope.tenant_id,
        membership_id=membership_id,
        entry_id=entry_id,
    )


async def _tell_of(scope: NetworkScope, task: str, tenant_id: UUID, membership_id: UUID) -> None:
    for reader_id in await readers.administrators(scope, tenant_id):
        await outbox.enqueue(
            scope, task, tenant_id=tenant_id, membership_id=membership_id, reader_id=reader_id
        )


async def _order(
    scope: NetworkScope, task: str, invitation: Invitation, to: Sequence[UUID]
) -> None:
    for reader_id in to:
        await outbox.enqueue(
            scope,
            task,
            tenant_id=invitation.tenant_id,
            invitation_id=invitation.id,
            reader_id=reader_id,
        )
