"""Test referrals as tasks: sending one to a lender, answering one for a host, and what follows from an answer."""

from uuid import UUID

from hub import audit, facts
from hub.db import routing_transaction, tenant_transaction
from hub.errors import Conflict
from hub.idempotency import once
from hub.outbox import Job
from hub.referrals.routing.accept_offer import accept_offer
from hub.referrals.routing.open_offer import open_offer
from hub.referrals.sandbox import queries, send_test
from hub.tenants.onboarding.sandbox import SANDBOX
from hub.tenants.onboarding.touch import touch
from hub.worker import task


@task("sandbox.send_test")
async def send(_job: Job, *, organisation_id: UUID) -> None:
    await send_test.send_test(organisation_id)


@task("sandbox.answer")
async def answer(_job: Job, *, offer_id: UUID) -> None:
    """The sandbox lender reads the offer and takes it on, as a person would: one step after the other."""
    async with routing_transaction(SANDBOX.lender_id) as scope:
        await open_offer(scope, SANDBOX.answerer, offer_id)
    try:
        async with routing_transaction(SANDBOX.lender_id) as scope:
            await accept_offer(scope, SANDBOX.answerer, offer_id, None)
    except Conflict:
        # It ran before: the offer has its answer.
        return


@task("sandbox.answered")
async def answered(job: Job, *, offer_id: UUID) -> None:
    """The set-up of the organisation that tried it out hears of it. Where people answered, their log says so already."""
    async with tenant_transaction(job.owner_id) as scope:
        if await once(scope, "sandbox.answered", offer_id, offer_id):
            return
        await facts.advance(scope, facts.TEST_ANSWERED, scope.now)
        if not await queries.was_received(scope, offer_id):
            await audit.record(scope, None, "test_referral.answered", "organisation", job.owner_id)
        await touch(scope, job.owner_id)
