"""A set-up begins: its points with their days, the contact invited as administrator, the protocols ordered."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import msgspec

from hub import clock, outbox
from hub.db import NetworkScope
from hub.tenants.onboarding import setups
from hub.tenants.onboarding.refresh import refresh
from hub.tenants.onboarding.schemas import DUE_DAYS, points_of
from hub.tenants.people.first_administrator import administrations
from hub.tenants.people.invite import AlreadyInvited, AlreadyMember, invite
from hub.tenants.people.schemas import Invite


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the Ente writes to during the set-up, and the first administrator."""

    name: str
    email: str
    phone: str = ""
    locale: str = "it"


async def begin(
    scope: NetworkScope,
    organisation_id: UUID,
    coordinator_id: UUID,
    kinds: Sequence[str],
    contact: Contact,
    *,
    application_id: UUID | None = None,
) -> UUID:
    """The set-up's id. One that runs already is widened by these kinds instead: an organisation has one at a time."""
    running = await setups.running_setup(scope, organisation_id)
    if running:
        setup_id, before = running
        kinds = in_order([*before, *kinds])
        await setups.widen_setup(scope, setup_id, kinds)
    else:
        kinds = in_order(kinds)
        last = clock.day_of(scope.now) + max(timedelta(days=DUE_DAYS[c]) for c in points_of(kinds))
        setup_id = await setups.add_setup(
            scope,
            organisation_id,
            coordinator_id,
            kinds,
            application_id=application_id,
            contact=(contact.name, contact.email, contact.phone, contact.locale),
            due_on=last,
        )
    await _add_points(scope, organisation_id, setup_id, kinds)
    return setup_id


async def get_going(
    scope: NetworkScope, organisation_id: UUID, coordinator_id: UUID, contact: Contact
) -> None:
    """Once its desks are there too: invite, order the protocols, and look at what is done already."""
    found = (await administrations(scope, [organisation_id]))[organisation_id]
    if found.is_vacant:
        # Somebody of theirs, or invited before, is as good.
        with suppress(AlreadyMember, AlreadyInvited):
            asked = Invite(
                email=contact.email, name=contact.name, role="admin", locale=contact.locale
            )
            await invite(scope, organisation_id, None, asked)
    await outbox.enqueue(
        scope, "onboarding.issue", tenant_id=coordinator_id, organisation_id=organisation_id
    )
    await refresh(scope, [organisation_id])


def in_order(kinds: Sequence[str]) -> list[str]:
    """Each once, as they are always written."""
    return [kind for kind in ("host", "lender", "tutor") if kind in kinds]


async def _add_points(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID, kinds: Sequence[str]
) -> None:
    today = clock.day_of(scope.now)
    order = points_of(["host", "lender", "tutor"])
    await setups.add_points(
        scope,
        organisation_id,
        setup_id,
        [
            (order.index(code), code, today + timedelta(days=DUE_DAYS[code]))
            for code in points_of(tuple(kinds))
        ],
    )
