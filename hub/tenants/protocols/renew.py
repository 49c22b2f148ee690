"""Renewal: a new protocol on the current template, which takes the old one's place on the day it is signed."""

from datetime import date
from uuid import UUID

from hub import clock
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import parties, queries, register
from hub.tenants.protocols.issue import issue
from hub.tenants.protocols.schemas import NEAR_THE_END, Protocol, ProtocolView
from hub.tenants.protocols.story import RENEWAL_ASKED, tell
from hub.web.i18n import N_


class NotToRenew(Conflict):
    code = "not-to-renew"


_ON_ITS_WAY = N_("A new one is on its way already.")
_NOT_SIGNED = N_("Only what is signed can be renewed.")
_TOO_EARLY = N_("A renewal can be asked for from 90 days before the end on.")


async def renew(scope: TenantScope, actor: Actor, protocol_id: UUID) -> UUID:
    """In the Ente's scope. The organisation asks for it near the end only. Raises NotFound, NotToRenew."""
    await register.lock_register(scope)
    protocol = await queries.find(scope, protocol_id, lock=True)
    if protocol is None:
        raise NotFound
    if protocol.state != "signed":
        raise NotToRenew(message=_NOT_SIGNED)
    if await register.unfinished(scope, protocol.organisation_id, protocol.kind):
        raise NotToRenew(message=_ON_ITS_WAY)
    asked_for = actor.tenant_id != scope.tenant_id
    if asked_for and not is_near_the_end(protocol, clock.day_of(scope.now)):
        raise NotToRenew(message=_TOO_EARLY)
    party = await parties.party(
        scope,
        protocol.organisation_id,
        protocol.contact_name,
        protocol.contact_email,
        protocol.content.locale,
    )
    if party is None:
        raise NotFound
    if asked_for:
        await tell(scope, actor, RENEWAL_ASKED, protocol.id, protocol.organisation_id)
    return await issue(scope, party, protocol.kind, renews=protocol.id, actor=actor)


def is_near_the_end(protocol: Protocol | ProtocolView, today: date) -> bool:
    """Or behind it."""
    return (
        protocol.state == "signed"
        and protocol.expires_on is not None
        and protocol.expires_on - NEAR_THE_END <= today
    )
