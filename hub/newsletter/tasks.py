"""What workers do for newsletters. Rows are the truth: every task may run twice, or be killed, and begins by looking."""

from uuid import UUID

from hub import outbox
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.newsletter import ledger, queries
from hub.newsletter.deliver import take_turn
from hub.newsletter.people import sync_network_people
from hub.outbox import Job
from hub.worker import every_minute, task

CHUNK = 5_000
_BEFORE_ALL = UUID(int=0)
# Campaigns of some size are sent by more than one worker, if there are any more.
RECIPIENTS_EACH, MOST_LANES = 500, 2


@task("newsletter.freeze", long=True)
async def freeze(job: Job, *, campaign_id: UUID) -> None:
    """Write a delivery for everyone who is in the segment, in short transactions, then let the sending begin."""
    tenant_id = _tenant_of(job)
    after: UUID | None = _BEFORE_ALL
    while after is not None:
        async with tenant_transaction(tenant_id) as scope:
            if not await queries.lock_in_state(scope, campaign_id, "freezing", "SHARE"):
                return
            campaign = await queries.campaign(scope, campaign_id)
            if campaign is None:
                return
            after = await ledger.freeze_chunk(
                scope, campaign_id, campaign.segment, after=after, limit=CHUNK
            )
    async with tenant_transaction(tenant_id) as scope:
        if not await queries.lock_in_state(scope, campaign_id, "freezing", "UPDATE"):
            return
        recipients = await queries.mark_frozen(scope, campaign_id)
        for _ in range(min(1 + recipients // RECIPIENTS_EACH, MOST_LANES)):
            await outbox.enqueue(scope, "newsletter.deliver", campaign_id=campaign_id)


@task("newsletter.deliver", long=True)
async def deliver(job: Job, *, campaign_id: UUID) -> None:
    await take_turn(_tenant_of(job), campaign_id)


@every_minute("newsletter.sync_people", at_seconds=frozenset({15}))
async def sync_people() -> None:
    async with network_transaction() as scope:
        await sync_network_people(scope)


@every_minute("newsletter.resume", at_seconds=frozenset({20, 50}))
async def resume() -> None:
    """Take up campaigns that nobody works at: a task that failed too often is dead, its campaign is not."""
    async with relay_transaction() as scope:
        resting = await queries.resting_campaigns(scope)
    for tenant_id, campaign_id, state in resting:
        name = "newsletter.freeze" if state == "freezing" else "newsletter.deliver"
        async with tenant_transaction(tenant_id) as tenant_scope:
            await outbox.enqueue(tenant_scope, name, campaign_id=campaign_id)


def _tenant_of(job: Job) -> UUID:
    if job.tenant_id is None:
        raise LookupError(job.task)
    return job.tenant_id
