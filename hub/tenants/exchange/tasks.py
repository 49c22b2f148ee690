"""What workers do for imports. Each may be killed anywhere and begins again at its beginning."""

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from hub import files, logs
from hub.db import network_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.outbox import Job
from hub.tenants.exchange import queries
from hub.tenants.exchange.apply_import import apply_import
from hub.tenants.exchange.read_import import read_import
from hub.worker import every_minute, task

log = logging.getLogger(__name__)

# So often a failing file is tried; a worker that dies of it counts, too.
MOST_ATTEMPTS = 3


@task("imports.read", long=True)
async def read(job: Job, *, import_id: UUID) -> None:
    await _try(job, import_id, read_import)


@task("imports.apply", long=True)
async def apply(job: Job, *, import_id: UUID) -> None:
    await _try(job, import_id, apply_import)


async def _try(job: Job, import_id: UUID, work: Callable[[UUID, UUID], Awaitable[None]]) -> None:
    """What passes by itself is waited for as long as it takes; what fails by our fault ends, and says so."""
    try:
        await work(job.owner_id, import_id)
    except Unavailable:
        raise
    except Exception as error:
        if job.attempt < MOST_ATTEMPTS:
            raise
        log.warning("import %s failed: %s", import_id, logs.describe(error))
        async with tenant_transaction(job.owner_id) as scope:
            await queries.mark_failed(scope, import_id, "broken_off")


@every_minute("imports.forget", at_seconds=frozenset({40}))
async def forget() -> None:
    """Rows and files hold people's data, and nobody needs them any more."""
    async with network_transaction() as network:
        due = await queries.forgettable(network)
    for tenant_id, import_id in due:
        async with tenant_transaction(tenant_id) as scope:
            await queries.forget_rows(scope, import_id)
            file_id = await queries.let_go_of_file(scope, import_id)
            if file_id is not None:
                await files.delete(scope, file_id)
