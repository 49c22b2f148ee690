"""What workers do for newsletters. Rows are the truth: every task may run twice, or be killed, and begins by looking."""

import asyncio
from uuid import UUID

from hub import outbox
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.newsletter import course, queries
from hub.newsletter.delivery import ledger, sender
from hub.newsletter.people import sync_network_people
from hub.outbox import Job
from hub.worker import alongside, every_minute, task

CHUNK = 5_000
_BEFORE_ALL = UUID(int=0)


@task("newsletter.freeze", long=True)
async def freeze(job: Job, *, campaign_id: UUID) -> None:
    """Write a delivery for everyone who is in the segment, in short transactions, then let the sending begin."""
    tenant_id = _tenant_of(job)
    async with tenant_transaction(tenant_id) as scope:
        after: UUID | None = await course.frozen_to(scope, campaign_id) or _BEFORE_ALL
    while after is not None:
        async with tenant_transaction(tenant_id) as scope:
            if not await course.lock_in_state(scope, campaign_id, "freezing", "NO KEY UPDATE"):
                return
            campaign = await queries.campaign(scope, campaign_id)
            if campaign is None:
                return
            after = await ledger.freeze_chunk(
                scope, campaign_id, campaign.segment, after=after, limit=CHUNK
            )
            if after is not None:
                await course.mark_frozen_to(scope, campaign_id, after)
    async with tenant_transaction(tenant_id) as scope:
        if await course.lock_in_state(scope, campaign_id, "freezing", "UPDATE"):
            await course.mark_frozen(scope, campaign_id)
    sender.wake()


@alongside(once=sender.send_what_is_due)
async def send(stop: asyncio.Event) -> None:
    await sender.Sender().run(stop)


@every_minute("newsletter.sync_people", at_seconds=frozenset({15}))
async def sync_people() -> None:
    async with network_transaction() as scope:
        await sync_network_people(scope)


@every_minute("newsletter.resume", at_seconds=frozenset({20, 50}))
async def resume() -> None:
    """Take up a freeze that nobody works at: a task that failed too often is dead, its campaign is not."""
    async with relay_transaction() as scope:
        resting = await course.resting_freezes(scope)
    for tenant_id, campaign_id in resting:
        async with tenant_transaction(tenant_id) as tenant_scope:
            await outbox.enqueue(tenant_scope, "newsletter.freeze", campaign_id=campaign_id)


def _tenant_of(job: Job) -> UUID:
    if job.tenant_id is None:
        raise LookupError(job.task)
    return job.tenant_id
