"""The freeze: everyone who is in the segment at that moment gets a delivery, and then the sending begins.

Every worker looks for campaigns that are being frozen and writes the next chunk of one, in a short transaction that
holds the campaign's row. That lock is all there is: nobody waits for it, and with a worker that dies the database undoes
the chunk and lets the next one begin it again.
"""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from hub import logs
from hub.db import relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.newsletter import course
from hub.newsletter.delivery import ledger, sender

log = logging.getLogger(__name__)

CHUNK = 5_000
LOOK_SECONDS = 0.5


async def freeze_on(stop: asyncio.Event) -> None:
    """Until `stop`, which waits for no more than the chunk at hand."""
    while not stop.is_set():
        # While the database is away, the worker says so elsewhere.
        with suppress(Unavailable):
            if await freeze_round():
                continue
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()


async def freeze_what_is_due() -> None:
    while await freeze_round():
        pass


async def freeze_round() -> bool:
    """One chunk of each campaign that nobody else is at; whether there was any."""
    async with relay_transaction() as scope:
        freezing = await course.freezing(scope)
    done = [await _freeze_next(tenant_id, campaign_id) for tenant_id, campaign_id in freezing]
    return any(done)


async def _freeze_next(tenant_id: UUID, campaign_id: UUID) -> bool:
    try:
        return await _freeze_chunk(tenant_id, campaign_id)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # what is wrong with one campaign must not hold up the others
        log.warning("the freeze of campaign %s failed: %s", campaign_id, logs.describe(error))
        return False


async def _freeze_chunk(tenant_id: UUID, campaign_id: UUID) -> bool:
    async with tenant_transaction(tenant_id) as scope:
        found = await course.lock_freezing(scope, campaign_id)
        if found is None:
            return False
        segment, after = found
        last = await ledger.freeze_chunk(scope, campaign_id, segment, after=after, limit=CHUNK)
        if last is None:
            await course.mark_frozen(scope, campaign_id)
        else:
            await course.mark_frozen_to(scope, campaign_id, last)
    if last is None:
        sender.wake()
    return True
