"""The Ente lets an administrator in only where an organisation has none: once there is one, its own people decide.

Else whoever administers the Ente could open an organisation's citizens to any mailbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import queries
from hub.tenants.people.invite import (
    INVITATION_LASTS,
    RENEWED_EVERY,
    invite,
    order_letter,
    tell,
)
from hub.tenants.people.schemas import Invite
from hub.web.i18n import N_


class HasAdministrator(Conflict):
    code = "has-administrator"
    message = N_(
        "This organisation has an administrator. Who else is to come in, its own administrators invite."
    )


class AdministratorInvited(Conflict):
    code = "administrator-invited"
    message = N_(
        "An administrator is invited already. Somebody else can be invited once that invitation has run out or was"
        " taken back."
    )


@dataclass(frozen=True, slots=True)
class Administration:
    """`invited_until`: the last day of an open invitation as administrator, where nobody is one yet."""

    has_administrator: bool
    invited_until: datetime | None

    @property
    def is_vacant(self) -> bool:
        return not self.has_administrator and self.invited_until is None


async def administrations(
    scope: NetworkScope, organisation_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, Administration]:
    """What the same transaction has invited does not count. `lock`: no second invitation of the Ente's passes by."""
    if lock:
        await queries.lock_organisations(scope, organisation_ids)
    rows = await queries.administrations(scope, organisation_ids)
    return {row[0]: Administration(row[1], row[2]) for row in rows}


async def invite_administrator(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, asked: Invite
) -> UUID:
    """Raises NotFound, HasAdministrator, AdministratorInvited, AlreadyMember, AlreadyInvited."""
    found = (await administrations(scope, [organisation_id], lock=True)).get(organisation_id)
    if found is None:
        raise NotFound
    if found.has_administrator:
        raise HasAdministrator
    if found.invited_until:
        raise AdministratorInvited
    return await invite(scope, organisation_id, actor, asked)


async def send_again(scope: NetworkScope, actor: Actor, organisation_id: UUID) -> None:
    """A new link to where the Ente's invitation went, for another 14 days. A double click is one letter.

    Raises NotFound, HasAdministrator.
    """
    found = (await administrations(scope, [organisation_id], lock=True)).get(organisation_id)
    if found is None:
        raise NotFound
    if found.has_administrator:
        raise HasAdministrator
    ends = scope.now + INVITATION_LASTS
    for invitation_id in await queries.renew_of_ente(
        scope, organisation_id, ends, ends - RENEWED_EVERY
    ):
        await order_letter(scope, organisation_id, invitation_id)
        await tell(
            scope,
            organisation_id,
            actor,
            "invitation.renewed",
            invitation=str(invitation_id),
            role="admin",
        )
    await touch(scope, organisation_id)


async def take_back(scope: NetworkScope, actor: Actor, organisation_id: UUID) -> None:
    """The open invitations as administrator that the Ente sent: the address may have been wrong."""
    for invitation_id in await queries.revoke_of_ente(scope, organisation_id):
        await tell(
            scope,
            organisation_id,
            actor,
            "invitation.revoked",
            invitation=str(invitation_id),
            role="admin",
        )
    await touch(scope, organisation_id)
