"""Writing a campaign before it is sent."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.newsletter import queries
from hub.newsletter.schemas import Draft
from hub.tenants.accounts.actor import Actor


async def create_draft(scope: TenantScope, actor: Actor, draft: Draft, key: UUID) -> UUID:
    """Raises KeyReused."""
    campaign_id = uuid7()
    if before := await once(scope, "campaign.create", key, campaign_id, content=draft):
        return before
    await queries.insert_campaign(scope, campaign_id, draft, actor.membership_id)
    await audit.record(scope, actor, "campaign.created", "campaign", campaign_id)
    return campaign_id


async def save_draft(
    scope: TenantScope, actor: Actor, campaign_id: UUID, draft: Draft, version: int, key: UUID
) -> None:
    """Raises Conflict where someone else saved in the meantime, or the campaign was started; KeyReused."""
    asked = (campaign_id, version, draft)
    if await once(scope, "campaign.save", key, campaign_id, content=asked):
        return
    if not await queries.update_draft(scope, campaign_id, draft, version):
        if await queries.campaign(scope, campaign_id) is None:
            raise NotFound
        raise Conflict
    await audit.record(scope, actor, "campaign.saved", "campaign", campaign_id)


async def delete_draft(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """Deleting it again is no error. Raises Conflict for one that was started."""
    if await queries.delete_draft(scope, campaign_id):
        await audit.record(scope, actor, "campaign.deleted", "campaign", campaign_id)
    elif await queries.campaign(scope, campaign_id):
        raise Conflict
