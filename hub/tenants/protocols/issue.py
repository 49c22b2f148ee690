"""Drawing up a protocol: its number, its content, and the order to make the document and send it."""

from uuid import UUID

from hub import clock, outbox
from hub.db import TenantScope
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import parties, register
from hub.tenants.protocols.schemas import Content, ProtocolParty
from hub.tenants.protocols.story import ISSUED, tell
from hub.tenants.protocols.templates import current_template


async def issue(
    scope: TenantScope,
    organisation: ProtocolParty,
    kind: str,
    *,
    renews: UUID | None = None,
    actor: Actor | None,
) -> UUID:
    """In the Ente's scope. One that is not finished yet, of this organisation and kind, is returned instead of a second."""
    await register.lock_register(scope)
    open_already = await register.unfinished(scope, organisation.organisation_id, kind)
    if open_already:
        return open_already
    template = await current_template(scope, kind)
    content = Content(
        ente=await parties.name_of(scope, scope.tenant_id),
        organisation=organisation.name,
        fiscal_code=organisation.fiscal_code,
        address=organisation.address,
        desks=organisation.desks,
        years=template.years,
        issued_on=clock.day_of(scope.now),
        locale=organisation.locale,
    )
    # Whoever asks from the organisation is no member of the Ente's; the log says who it was.
    created_by = actor.membership_id if actor and actor.tenant_id == scope.tenant_id else None
    protocol_id = await register.add_protocol(
        scope, organisation, template, content, renews, created_by
    )
    await outbox.enqueue(scope, "protocols.prepare", protocol_id=protocol_id)
    await tell(scope, actor, ISSUED, protocol_id, organisation.organisation_id, kind=kind)
    return protocol_id
