"""Forgetting what was prepared and never submitted, once nobody can need it any more."""

from datetime import timedelta

from hub.db import network_transaction, tenant_transaction
from hub.tenants.calls.applications import queries
from hub.tenants.calls.desk.due import coordinators
from hub.worker import every_minute

# From the day on which the ranking of its call was published.
KEPT = timedelta(days=180)
# Each may have some hundred megabytes of files; the others a minute later.
AT_ONCE = 10


@every_minute("calls.forget_drafts", at_seconds=frozenset({20}))
async def forget_drafts() -> None:
    async with network_transaction() as network:
        tenant_ids = await coordinators(network)
    for tenant_id in tenant_ids:
        async with tenant_transaction(tenant_id) as scope:
            await queries.forget_drafts(scope, decided_before=scope.now - KEPT, limit=AT_ONCE)
