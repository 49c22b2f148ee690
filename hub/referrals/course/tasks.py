"""What follows for a case from what happened to its referral, which the router cannot write."""

from datetime import date
from uuid import UUID

from hub import clock
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.referrals.course import service
from hub.referrals.offers import queries as offers
from hub.worker import task


@task("referrals.case_reached")
async def case_reached(job: Job, *, referral_id: UUID) -> None:
    """Record the milestones that the referral stands for now, and put its case at the top of the desk's list."""
    async with tenant_transaction(job.owner_id) as scope:
        referral = await offers.referral_by_id(scope, None, referral_id)
        if referral is None or referral.sent_at is None:
            return
        reached: dict[str, date] = {"referred": clock.day_of(referral.sent_at)}
        if placed_at := await offers.placed_at(scope, referral_id):
            reached["accepted"] = clock.day_of(placed_at)
        await service.reach(scope, referral.case_id, reached)
