"""Taking what came back signed, whoever brings it: the contact by the link, the organisation, the Ente what came by mail."""

from datetime import date
from uuid import UUID

from hub import clock, files, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.protocols import parties, queries, steps
from hub.tenants.protocols.schemas import Protocol, SignedFile, last_day
from hub.tenants.protocols.story import COUNTERSIGNED, REPLACED, SIGNED, UPLOADED, tell
from hub.web.i18n import N_


class NotAwaited(Conflict):
    """Nothing is to be signed, or no longer; `message` says how it stands."""

    code = "not-awaited"


class BadDay(Conflict):
    status = 422
    code = "signed-on"


NOT_AWAITED = {
    "preparing": N_("The document is still being made. Please come back in a minute."),
    "to_check": N_(
        "A signed document has arrived already, and a person of the Ente is comparing it."
    ),
    "signed": N_("This document is signed already; there is nothing more to send."),
    "replaced": N_("A newer document has taken the place of this one."),
    "cancelled": N_("The Ente has cancelled this document: it is no longer to be signed."),
}
NOT_SIGNED = N_("Only what is signed, and is still the same file, can be countersigned.")


async def receive(
    scope: TenantScope,
    actor: Actor | None,
    protocol_id: UUID,
    file: SignedFile,
    signed_on: date,
    *,
    link_version: int | None = None,
) -> Protocol:
    """In the Ente's scope. Returns it as it stands then; it is signed at once unless a person has to compare.

    `link_version` is that of the link by which somebody came. Raises NotFound, NotAwaited, BadDay.
    """
    protocol = await queries.find(scope, protocol_id, lock=True)
    if protocol is None:
        raise NotFound
    if protocol.state != "sent" or protocol.sent_at is None:
        raise NotAwaited(message=NOT_AWAITED.get(protocol.state))
    if link_version not in (None, protocol.link_version):
        raise NotAwaited(message=N_("There is a newer link. Please open the newest mail."))
    check_day(signed_on, clock.day_of(protocol.sent_at), clock.day_of(scope.now))
    file_id = await files.store(scope, file.name, file.media_type, file.content)
    await steps.keep_signed(scope, protocol.id, file_id, signed_on)
    await tell(scope, actor, UPLOADED, protocol.id, protocol.organisation_id, checked=file.checked)
    if file.checked == "person":
        for membership_id in await parties.admins(scope):
            await outbox.enqueue(
                scope,
                "protocols.mail_to_check",
                protocol_id=protocol.id,
                membership_id=membership_id,
            )
    else:
        # Whoever brought it, the hub compared it.
        await settle(scope, None, protocol, signed_on, file.checked)
    return await reloaded(scope, protocol.id)


def check_day(signed_on: date, sent_on: date, today: date) -> None:
    """Raises BadDay."""
    if signed_on > today:
        raise BadDay(message=N_("The day of signature is in the future."))
    if signed_on < sent_on:
        raise BadDay(
            message=N_("The day of signature is before the day on which the document was sent.")
        )


async def settle(
    scope: TenantScope, actor: Actor | None, protocol: Protocol, signed_on: date, checked: str
) -> None:
    """It is signed from here on, and takes the place of the one that was in force: there is one at a time."""
    by = actor.membership_id if actor else None
    expires_on = last_day(signed_on, protocol.content.years)
    await steps.sign(scope, protocol.id, checked, by, expires_on)
    await tell(scope, actor, SIGNED, protocol.id, protocol.organisation_id, checked=checked)
    for older_id in await steps.replace_older(scope, protocol):
        await tell(scope, actor, REPLACED, older_id, protocol.organisation_id, by=str(protocol.id))
    await touch(scope, protocol.organisation_id)


async def take_countersigned(
    scope: TenantScope, actor: Actor, looked_at: Protocol, file: SignedFile
) -> None:
    """In the place of the file that `looked_at` has. Raises NotFound, NotAwaited."""
    protocol = await queries.find(scope, looked_at.id, lock=True)
    if protocol is None:
        raise NotFound
    if protocol.state != "signed" or protocol.signed_file_id != looked_at.signed_file_id:
        raise NotAwaited(message=NOT_SIGNED)
    file_id = await files.store(scope, file.name, file.media_type, file.content)
    await steps.keep_countersigned(scope, protocol.id, file_id, file.checked)
    if protocol.signed_file_id:
        await files.delete(scope, protocol.signed_file_id)
    await tell(scope, actor, COUNTERSIGNED, protocol.id, protocol.organisation_id)


async def reloaded(scope: TenantScope, protocol_id: UUID) -> Protocol:
    found = await queries.find(scope, protocol_id)
    if found is None:
        raise NotFound
    return found
