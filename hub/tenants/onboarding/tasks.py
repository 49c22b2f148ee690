"""Checklists looked at again, and what is due ordered."""

from uuid import UUID

from hub import clock
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.onboarding import due
from hub.tenants.onboarding.refresh import refresh as refresh_points
from hub.tenants.onboarding.refresh import refresh_what_differs
from hub.tenants.onboarding.remind import order_reminders
from hub.worker import every_minute, task

CHUNK = 1000


@task("onboarding.refresh")
async def refresh(_job: Job, *, organisation_id: UUID) -> None:
    """Whatever asked for it: twice is one effect."""
    async with network_transaction() as scope:
        await refresh_points(scope, [organisation_id])


@every_minute("onboarding.follow_time", at_seconds=frozenset({25}))
async def follow_time() -> None:
    """What nobody touches: a protocol that ends, an invitation or a service that runs out. Four times an hour."""
    if clock.now().minute % 15:
        return
    await look_at_all()


async def look_at_all() -> None:
    after = UUID(int=0)
    while True:
        async with network_transaction() as scope:
            chunk = await due.in_the_network(scope, after, CHUNK)
            await refresh_what_differs(scope, chunk)
        if len(chunk) < CHUNK:
            return
        after = chunk[-1]


@every_minute("onboarding.remind", at_seconds=frozenset({40}))
async def remind() -> None:
    async with network_transaction() as scope:
        await order_reminders(scope)
