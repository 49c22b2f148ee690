"""Reading what was received."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import NotFound
from hub.referrals.inbox import queries
from hub.referrals.inbox.queries import Disclosed, ReceivedOffer
from hub.tenants.accounts.actor import Actor


async def read_offer(
    scope: TenantScope, actor: Actor, offer_id: UUID, **codes: str
) -> tuple[ReceivedOffer, Disclosed | None]:
    """An offer that nobody has opened shows nothing of the citizen. That it was read is kept. Raises NotFound."""
    offer = await queries.received_offer(scope, offer_id)
    if offer is None:
        raise NotFound
    if offer.state not in ("received", "accepted"):
        return offer, None
    shown = await queries.disclosed(scope, offer_id)
    if shown:
        await audit.record(scope, actor, "offer.read", "offer", offer_id, **codes)
    return offer, shown
