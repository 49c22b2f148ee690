"""Checklists looked at again."""

from uuid import UUID

from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.onboarding.refresh import refresh as refresh_points
from hub.worker import task


@task("onboarding.refresh")
async def refresh(_job: Job, *, organisation_id: UUID) -> None:
    """Whatever asked for it: twice is one effect."""
    async with network_transaction() as scope:
        await refresh_points(scope, [organisation_id])
