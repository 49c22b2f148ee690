"""One task for each application of a ranking, ordered in parts: a ranking may hold more than a transaction should."""

from collections.abc import Awaitable
from typing import Protocol
from uuid import UUID

from hub import outbox
from hub.db import TenantScope, tenant_transaction
from hub.idempotency import once
from hub.outbox import Job

CHUNK = 500


class Find(Protocol):
    def __call__(
        self, scope: TenantScope, ranking_id: UUID, *, after: UUID, limit: int
    ) -> Awaitable[list[UUID]]: ...


async def order_for_each(job: Job, task: str, find: Find, ranking_id: UUID, behind: UUID) -> None:
    """And the job's own task again for the rest, behind the last. Twice is one effect."""
    async with tenant_transaction(job.owner_id) as scope:
        if await once(scope, job.task, job.id, ranking_id):
            return
        chunk = await find(scope, ranking_id, after=behind, limit=CHUNK)
        for application_id in chunk:
            await outbox.enqueue(scope, task, application_id=application_id)
        if len(chunk) == CHUNK:
            await outbox.enqueue(scope, job.task, ranking_id=ranking_id, behind=chunk[-1])
