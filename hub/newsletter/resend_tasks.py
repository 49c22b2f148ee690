"""The rest of a resend that is too large for the click that asked for it."""

from uuid import UUID

from hub.db import tenant_transaction
from hub.idempotency import once
from hub.newsletter import control_campaign, queries, unsent
from hub.outbox import Job
from hub.worker import task


@task("newsletter.resend")
async def resend(job: Job, *, campaign_id: UUID, group: UUID, behind: UUID) -> None:
    """One chunk, which asks for the next; a chunk that was done is not done again, though its row may run twice."""
    async with tenant_transaction(job.owner_id) as scope:
        if await once(scope, "campaign.resend_chunk", job.id, campaign_id):
            return
        campaign = await queries.campaign(scope, campaign_id, lock=True)
        if campaign is None or campaign.state not in ("sending", "sent"):
            return
        for cause in await unsent.by_cause(scope, campaign_id):
            if control_campaign.group_id(cause) == group:
                await control_campaign.queue_chunk(scope, campaign_id, cause, after=behind)
