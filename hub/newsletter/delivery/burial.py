"""Seeing to the rows of workers that are gone: exactly where a journal is left, by doubt where none is."""

import logging
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from hub.db import relay_transaction, tenant_transaction
from hub.newsletter.delivery import holders, ledger
from hub.newsletter.delivery.holders import Watch, steady
from hub.newsletter.delivery.journal import LeftBehind, read_left_behind

log = logging.getLogger(__name__)

# The database ends every transaction of a worker that has gone silent before that.
LONGEST_TRANSACTION = timedelta(seconds=90)


class Burial:
    """What one worker does for the others, a few times a minute."""

    def __init__(self, folder: Path, own_id: UUID) -> None:
        self._folder = folder
        self._own_id = own_id
        self._watch = Watch()
        self._seen: set[Path] = set()

    async def see_to(self, workers: list[tuple[UUID, int, bool]]) -> None:
        """`workers` as `holders.unsettled` has them now."""
        for left in read_left_behind(self._folder):
            # Seen twice: by then the database has undone, or finished, what the lost worker had asked of it.
            if left.path in self._seen:
                await _read(left)
                self._seen.discard(left.path)
            else:
                self._seen.add(left.path)
        for worker_id, beat in self._watch.gone(steady(), workers):
            if worker_id != self._own_id:
                await _doubt(worker_id, beat)


async def _read(left: LeftBehind) -> None:
    async with relay_transaction() as scope:
        if not await holders.is_known(scope, left.worker_id):
            return  # Of another hub on this host, with another database.
        under_way = await ledger.campaigns_under_way(scope, ended_too=True)
    known = left.by_campaign()
    for tenant_id, campaign_id in {(each.tenant_id, each.id) for each in under_way} | set(known):
        outcomes = known.get((tenant_id, campaign_id), [])
        async with tenant_transaction(tenant_id) as tenant_scope:
            await ledger.record(tenant_scope, campaign_id, outcomes)
            begun = [outcome.id for outcome in outcomes]
            await ledger.release(tenant_scope, campaign_id, left.worker_id, but=begun)
    async with relay_transaction() as scope:
        # Not settled yet: what it was committing when it was killed may come later still, and is doubted then.
        await holders.end(scope, left.worker_id)
    left.forget()
    log.warning("worker %s is gone: its journal says what it sent", left.worker_id)


async def _doubt(worker_id: UUID, beat: int) -> None:
    async with relay_transaction() as scope:
        # It may only be slow: from here on its beat is refused, and it begins nothing.
        ended_at = await holders.give_up(scope, worker_id, beat)
        if ended_at is None:
            return
        over = scope.now - ended_at > LONGEST_TRANSACTION
        under_way = await ledger.campaigns_under_way(scope, ended_too=True)
    doubted = 0
    for each in under_way:
        async with tenant_transaction(each.tenant_id) as tenant_scope:
            doubted += await ledger.doubt(tenant_scope, each.id, worker_id)
    if doubted:
        log.warning("worker %s is gone: %d deliveries are in doubt", worker_id, doubted)
    # What it was committing when it was cut off may yet come.
    if over:
        await _settled(worker_id)


async def _settled(worker_id: UUID) -> None:
    async with relay_transaction() as scope:
        await holders.end(scope, worker_id)
        await holders.mark_settled(scope, worker_id)
