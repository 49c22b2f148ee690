"""What the Ente decides about a protocol: comparing what was signed by hand, sending again, cancelling."""

from uuid import UUID

from hub import files, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.protocols import queries, register, steps
from hub.tenants.protocols.receive import settle
from hub.tenants.protocols.schemas import (
    UNFINISHED,
    Confirm,
    Decide,
    Protocol,
    Refuse,
    SendAgain,
)
from hub.tenants.protocols.story import CANCELLED, REFUSED, RESTORED, SENT, tell
from hub.web.i18n import N_


class NotSo(Conflict):
    """Somebody decided in the meantime; `message` says what."""

    code = "decided-already"


_STANDS = {
    "preparing": N_("The document is still being made."),
    "sent": N_("It is waiting to be signed: what had arrived was sent back."),
    "to_check": N_("A signed document has arrived in the meantime. Compare it first."),
    "signed": N_("It is signed already."),
    "replaced": N_("A newer one has taken its place already."),
    "cancelled": N_("It is cancelled already."),
}
_RENEWING = N_("A new one is on its way already: sign that one, or cancel it first.")


async def confirm(scope: TenantScope, actor: Actor, protocol_id: UUID, asked: Confirm) -> None:
    """A person has compared both files: they are the same document, signed. Raises NotFound, Conflict."""
    protocol = await _locked(scope, protocol_id, asked.version, ("to_check",))
    if protocol.signed_on is None:
        raise LookupError(protocol.id)
    await settle(scope, actor, protocol, protocol.signed_on, "person")


async def refuse(scope: TenantScope, actor: Actor, protocol_id: UUID, asked: Refuse) -> None:
    """Back to be signed; the reason goes to the contact with a new link. Raises NotFound, Conflict."""
    protocol = await _locked(scope, protocol_id, asked.version, ("to_check",))
    await _send_back(scope, actor, protocol, asked.reason)


async def reject(scope: TenantScope, actor: Actor, protocol_id: UUID, asked: Refuse) -> None:
    """What counts as signed, but whose signature does not hold: as `refuse`, and nothing of it was ever in force.

    The one whose place it had taken is in force again. Raises NotFound, Conflict.
    """
    await register.lock_register(scope)
    protocol = await _locked(scope, protocol_id, asked.version, ("signed",))
    if await register.unfinished(scope, protocol.organisation_id, protocol.kind):
        raise NotSo(message=_RENEWING)
    await _send_back(scope, actor, protocol, asked.reason)
    older_id = await steps.put_back(scope, protocol)
    if older_id:
        await tell(scope, actor, RESTORED, older_id, protocol.organisation_id)
    await touch(scope, protocol.organisation_id)


async def _send_back(scope: TenantScope, actor: Actor, protocol: Protocol, reason: str) -> None:
    await steps.send_back(scope, protocol.id, reason)
    if protocol.signed_file_id:
        await files.delete(scope, protocol.signed_file_id)
    await outbox.enqueue(scope, "protocols.mail_refused", protocol_id=protocol.id)
    await tell(scope, actor, REFUSED, protocol.id, protocol.organisation_id)


async def send_again(scope: TenantScope, actor: Actor, protocol_id: UUID, asked: SendAgain) -> None:
    """To the same contact or another, by a new link that puts older ones out of use. Raises NotFound, Conflict."""
    protocol = await _locked(scope, protocol_id, asked.version, ("sent",))
    await steps.renew_link(scope, protocol.id, asked.contact_name, asked.contact_email)
    await outbox.enqueue(scope, "protocols.mail", protocol_id=protocol.id)
    await tell(scope, actor, SENT, protocol.id, protocol.organisation_id)


async def cancel(scope: TenantScope, actor: Actor, protocol_id: UUID, asked: Decide) -> None:
    """What is not signed yet; who had the document is told. Raises NotFound, Conflict."""
    protocol = await _locked(scope, protocol_id, asked.version, UNFINISHED)
    await steps.cancel(scope, protocol.id)
    if protocol.document_id:
        await outbox.enqueue(scope, "protocols.mail_cancelled", protocol_id=protocol.id)
    await tell(scope, actor, CANCELLED, protocol.id, protocol.organisation_id)


async def _locked(
    scope: TenantScope, protocol_id: UUID, version: int, states: tuple[str, ...]
) -> Protocol:
    protocol = await queries.find(scope, protocol_id, lock=True)
    if protocol is None:
        raise NotFound
    if protocol.state not in states:
        raise NotSo(message=_STANDS[protocol.state])
    if protocol.version != version:
        raise Conflict
    return protocol
