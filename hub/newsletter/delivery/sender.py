"""The part of a worker that sends campaigns, for as long as the worker runs.

    look ──▶ rota ──▶ claiming ──▶ outbound ──▶ connections ──▶ relay
                                      └──▶ recording

Any number of workers on any number of hosts do this at once; they meet only in the ledger. Nothing here waits for a
bell: `wake()` only makes the next look come sooner. One life (`_Life`) has one id, under which it holds rows; a worker
that the others gave up begins another.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from hub import logs, metrics
from hub.db import relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.mail.connection import Connection
from hub.mail.pool import Pool
from hub.mail.relay import Relay, current_relay
from hub.mail.replies import RelayUnavailable
from hub.newsletter.delivery import holders, ledger
from hub.newsletter.delivery.burial import Burial
from hub.newsletter.delivery.claiming import LATEST_LOOK, Claiming
from hub.newsletter.delivery.holders import steady
from hub.newsletter.delivery.journal import Journal, NoJournal, journal_folder
from hub.newsletter.delivery.outbound import WINDOW, Outbound, Running
from hub.newsletter.delivery.recording import Recording
from hub.newsletter.delivery.rota import Rota

log = logging.getLogger(__name__)

# How soon a pause or a cancellation is seen, and a campaign that became due.
LOOK_SECONDS = 0.4
# Told to stop, connections may finish the message on the wire for so long; what they do not need is for the ledger, but
# half as much at the least.
GRACE_SECONDS = 5.0


class GivenUp(Exception):
    """The other workers took this one for dead; what it held is in doubt until it says what became of it."""


_current: "Sender | None" = None


def wake() -> None:
    """Let this process's sender, where there is one, look at once."""
    if _current is not None:
        _current.wake()


async def send_what_is_due() -> None:
    """In this process, and return when nothing is due any more."""
    async with relay_transaction() as scope:
        under_way = await ledger.campaigns_under_way(scope)
        if not any(each.is_sending and each.due_at <= scope.now for each in under_way):
            return
    await Sender().run(asyncio.Event(), until_idle=True)


class Sender:
    def __init__(self) -> None:
        self._relay = current_relay()
        self._bell = asyncio.Event()

    def wake(self) -> None:
        self._bell.set()

    async def run(self, stop: asyncio.Event, *, until_idle: bool = False) -> None:
        """Until `stop`; `until_idle` also ends when no campaign is due and nothing is in hand."""
        global _current
        _current = self
        try:
            while not stop.is_set():
                try:
                    folder = journal_folder(self._relay.journal_folder)
                    await _Life(self._relay, folder, self._bell).live(stop, until_idle=until_idle)
                except Unavailable:
                    log.warning("the database does not answer; no newsletter is sent")
                except NoJournal as error:
                    log.warning("no newsletter is sent: %s", error)
                except Exception as error:  # noqa: BLE001  # without its sender a worker would be of no use
                    log.warning("the sender failed and begins again: %s", logs.describe(error))
                else:
                    if until_idle:
                        return
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1)
        finally:
            _current = None


class _Life:
    def __init__(self, relay: Relay, folder: Path, bell: asyncio.Event) -> None:
        self.id = uuid7()
        self._relay = relay
        self._bell = bell
        self._hungry = asyncio.Event()
        self._learnt = asyncio.Event()
        self._idle = asyncio.Event()
        self._journal = Journal(folder, self.id, WINDOW)
        self._out = Outbound(
            self._journal, hungry=self._hungry.set, learnt=self._learnt.set, closed=self._closed
        )
        self._pool = Pool(relay, self._out)
        self._burial = Burial(folder, self.id)
        self._rota = Rota()
        self._campaigns: dict[UUID, Running] = {}
        at_ledger = asyncio.Lock()
        self._recording = Recording(
            self._out, self._rota, learnt=self._learnt, bell=bell, at_ledger=at_ledger
        )
        self._claiming = Claiming(
            self.id,
            relay,
            self._out,
            self._pool,
            self._rota,
            self._campaigns,
            record=self._recording.record,
            at_ledger=at_ledger,
        )

    def _closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        self._pool.closed(connection, error)
        self._hungry.set()

    async def live(self, stop: asyncio.Event, *, until_idle: bool) -> None:
        await self._register()
        ends = self._started(stop, until_idle=until_idle)
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in ends:
                each.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            self._journal.close(keep=not await self._end())

    async def _register(self) -> None:
        try:
            async with relay_transaction() as scope:
                await holders.register(scope, self.id, socket.gethostname())
        except BaseException:
            # It holds nothing yet. While the database is away, lives come and go.
            self._journal.close()
            raise

    def _started(self, stop: asyncio.Event, *, until_idle: bool) -> set[asyncio.Task[Any]]:
        """The first of these to end, ends this life."""
        tasks: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._again(step, pause, bell))
            for step, pause, bell in (
                (self._look, LOOK_SECONDS, self._bell),
                (self._claiming.claim, 1.0, self._hungry),
                (self._recording.record, 1.0, self._learnt),
                (self._beat, holders.BEAT, asyncio.Event()),
                (self._tend, holders.BEAT, asyncio.Event()),
            )
        }
        tasks.add(asyncio.create_task(stop.wait()))
        if until_idle:
            tasks.add(asyncio.create_task(self._idle.wait()))
        return tasks

    async def _again(
        self, step: Callable[[], Awaitable[None]], pause: float, bell: asyncio.Event
    ) -> None:
        """One step after the other, at the latest every `pause` seconds, and at once when the bell rings."""
        while True:
            with suppress(Unavailable):
                await step()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await bell.wait()
                bell.clear()
                continue
            await asyncio.sleep(min(pause, 1.0))

    # Looking: which campaigns are due, and which of those in hand are not to go on.

    async def _look(self) -> None:
        async with relay_transaction() as scope:
            under_way = await ledger.campaigns_under_way(scope)
            now = scope.now
        going = [each for each in under_way if each.is_sending]
        going_ids = {each.id for each in going}
        for campaign_id, campaign in list(self._campaigns.items()):
            campaign.halted = campaign_id not in going_ids or campaign.why_to_pause is not None
            if campaign.halted and not campaign.held:
                del self._campaigns[campaign_id]
                await self._recording.rest(campaign)
        self._out.give_back_waiting(of_halted_only=True)
        self._rota.update(
            (each.tenant_id, each.id)
            for each in going
            # Farther ahead than ever written: the clock was set back.
            if each.due_at <= now or each.due_at > now + 2 * LATEST_LOOK
        )
        metrics.rows_in_hand(self._out.in_hand)
        if self._rota:
            self._hungry.set()
        elif not self._out.in_hand:
            self._idle.set()

    # Being seen alive, and seeing to those that are not.

    async def _beat(self) -> None:
        asked_at = steady()
        async with relay_transaction() as scope:
            alive = await holders.raise_beat(scope, self.id)
        if not alive:
            raise GivenUp
        self._out.beat_at = asked_at
        metrics.beat()
        self._out.kick()

    async def _tend(self) -> None:
        """Beside the beat, which must wait for nothing."""
        await self._claiming.look_for_strangers()
        async with relay_transaction() as scope:
            workers = await holders.unsettled(scope)
        await self._burial.see_to(workers)

    # The end of a life.

    async def _end(self) -> bool:
        """Finish what is on the wire, give back the rest, record all of it; False where that was not possible."""
        now = asyncio.get_running_loop().time
        end_at = now() + GRACE_SECONDS
        self._out.stopping = True
        self._out.give_back_waiting()
        await self._pool.close(GRACE_SECONDS)
        self._out.give_back_waiting()
        try:
            async with asyncio.timeout_at(max(end_at, now() + GRACE_SECONDS / 2)):
                while self._out.known:
                    await self._recording.record()
                if not self._journal.is_empty:
                    return False
                await self._release_all()
                async with relay_transaction() as scope:
                    await holders.end(scope, self.id)
                    await holders.mark_settled(scope, self.id)
        except (TimeoutError, Unavailable):
            return False
        except Exception as error:  # noqa: BLE001  # the journal knows; another life, or another worker, reads it
            log.warning("the end of a sender failed: %s", logs.describe(error))
            return False
        return True

    async def _release_all(self) -> None:
        """What is ours by now never began, and nobody here knows of it."""
        async with relay_transaction() as scope:
            under_way = await ledger.campaigns_under_way(scope, ended_too=True)
        for each in under_way:
            async with tenant_transaction(each.tenant_id) as tenant_scope:
                await ledger.release(tenant_scope, each.id, self.id, but=[])
