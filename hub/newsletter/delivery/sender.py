"""The part of a worker that sends campaigns, for as long as the worker runs.

    look ──▶ rota ──▶ claim ──▶ outbound ──▶ connections ──▶ relay
                                   └──▶ record

Any number of workers on any number of hosts do this at once; they meet only in the ledger. Nothing here waits for a
bell: `wake()` only makes the next look come sooner. One life (`_Life`) has one id, under which it holds rows; a worker
that the others gave up begins another.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hub import clock, logs, metrics
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.mail import pace
from hub.mail.connection import Connection
from hub.mail.pool import Pool
from hub.mail.relay import Relay, current_relay
from hub.mail.replies import RelayUnavailable, without_addresses
from hub.newsletter import course, queries
from hub.newsletter.delivery import holders, ledger
from hub.newsletter.delivery.burial import Burial
from hub.newsletter.delivery.holders import steady
from hub.newsletter.delivery.journal import Journal, NoJournal, journal_folder
from hub.newsletter.delivery.letter import Letter
from hub.newsletter.delivery.outbound import BATCH, LOW, WINDOW, Outbound, Parcel, Running
from hub.newsletter.delivery.rota import Rota
from hub.newsletter.schemas import Outcome

log = logging.getLogger(__name__)

# How soon a pause or a cancellation is seen, and a campaign that became due.
LOOK_SECONDS = 0.4
RECORD_SECONDS = 0.02
# Told to stop, connections may finish the message on the wire for so long.
GRACE_SECONDS = 5.0
# A message in doubt is queued again under `resend` only after its answer had time to come by another way.
DOUBT_GRACE = timedelta(seconds=5)
SOONEST_LOOK, LATEST_LOOK = timedelta(seconds=1), timedelta(minutes=1)
SHORTEST_STALL, LONGEST_STALL = timedelta(seconds=2), timedelta(seconds=60)


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
        self._relay_back_at = 0.0
        self._strangers: dict[UUID, int] = {}

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
                (self._claim, 1.0, self._hungry),
                (self._record, 1.0, self._learnt),
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
                await self._rest(campaign)
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

    # Claiming, campaign by campaign in turn.

    async def _claim(self) -> None:
        if refusal := self._pool.refusal:
            self._pool.refusal = None
            await self._stall(refusal)
        if not self._out.may_begin or not await self._may_ask_relay():
            return
        # A relay that is away is found out before any row is touched.
        if (self._rota or self._out.waiting) and not self._pool:
            try:
                await self._pool.reach()
            except RelayUnavailable as error:
                await self._stall(error)
                return
        self._pool.grow(len(self._out.waiting))
        while len(self._out.waiting) < LOW and WINDOW - self._out.in_hand >= BATCH:
            turn = self._rota.next()
            if turn is None or not self._out.may_begin:
                return
            await self._take_turn(*turn)

    async def _may_ask_relay(self) -> bool:
        """After the pause, and as soon as one of the campaigns says so: a person may have hurried it."""
        if steady() >= self._relay_back_at:
            return True
        for tenant_id, campaign_id in list(self._rota):
            async with tenant_transaction(tenant_id) as scope:
                due = await course.is_to_be_tried(scope, campaign_id)
            if due:
                self._relay_back_at = 0.0
                return True
        return False

    async def _take_turn(self, tenant_id: UUID, campaign_id: UUID) -> None:
        # Not from one of which rows may be ours unawares: those are found first.
        allowed = 0 if campaign_id in self._strangers else await self._allowance(tenant_id)
        if not allowed:
            self._rota.rest(tenant_id, campaign_id)  # until the next look
            return
        try:
            async with tenant_transaction(tenant_id) as scope:
                rows, looked_at = await ledger.claim(scope, campaign_id, self.id, limit=allowed)
                campaign = self._campaigns.get(campaign_id)
                if rows and campaign is None:
                    campaign = await self._load(scope, campaign_id)
                if looked_at < allowed:
                    await _come_back_later(scope, campaign_id)
        except (Unavailable, asyncio.CancelledError):
            # Whether the claim was committed is not known: what is ours by then must not be forgotten.
            self._strangers[campaign_id] = 0
            raise
        if looked_at < allowed:
            self._rota.drop(tenant_id, campaign_id)
        if rows and campaign is not None:
            self._campaigns[campaign_id] = campaign
            self._out.add(campaign, rows)
            self._pool.grow(len(self._out.waiting))
        await self._return_allowance(tenant_id, allowed - len(rows))

    async def _allowance(self, tenant_id: UUID) -> int:
        if not self._relay.pace:
            return BATCH
        async with relay_transaction() as scope:
            allowance = await pace.take(scope, self._relay.pace, tenant_id, BATCH)
        if allowance.limited_by:
            metrics.turn_limited(allowance.limited_by)
        return allowance.count

    async def _return_allowance(self, tenant_id: UUID, count: int) -> None:
        if count and self._relay.pace:
            async with relay_transaction() as scope:
                await pace.give_back(scope, self._relay.pace, tenant_id, count)

    async def _load(self, scope: TenantScope, campaign_id: UUID) -> Running:
        campaign = await queries.campaign(scope, campaign_id)
        if campaign is None:  # It was just claimed from.
            raise LookupError(campaign_id)
        letter = Letter(
            campaign_id,
            campaign.subject,
            await queries.bodies_of(scope, campaign_id),
            await queries.publisher(scope),
            self._relay,
        )
        return Running(
            scope.tenant_id,
            campaign_id,
            letter,
            stalled=campaign.stalled_at is not None,
        )

    async def _stall(self, error: RelayUnavailable) -> None:
        """Nobody's failed message: rows go back, and the campaigns say since when they wait and why."""
        # What went before it stood still must not look as if it moved again.
        await self._record()
        pause = SHORTEST_STALL
        waiting = {
            (each.campaign.tenant_id, each.campaign.campaign_id) for each in self._out.waiting
        }
        for tenant_id, campaign_id in waiting | set(self._rota):
            async with tenant_transaction(tenant_id) as scope:
                if error.policy:
                    # Until a person has looked: asked again and again, it would refuse us for longer.
                    await course.pause_automatically(scope, campaign_id, "policy", error.reply)
                    continue
                pause = await course.mark_stalled(
                    scope,
                    campaign_id,
                    error.reply,
                    shortest=SHORTEST_STALL,
                    longest=LONGEST_STALL,
                )
                await ledger.look_again(scope, campaign_id, pause)
            if campaign_id in self._campaigns:
                self._campaigns[campaign_id].stalled = True
        self._out.give_back_waiting(until=clock.now() + pause)
        self._relay_back_at = steady() + pause.total_seconds()
        log.warning("the relay does not take mail; trying again in %d s", pause.total_seconds())

    # Recording.

    async def _record(self) -> None:
        """Keep what is known until the database takes it: forgetting it would leave it in doubt."""
        await asyncio.sleep(RECORD_SECONDS)
        batches = self._out.take_known()
        try:
            while batches:
                campaign, batch = batches[-1]
                await self._record_batch(campaign, batch)
                batches.pop()
                self._out.forget(campaign, batch)
                await self._rest(campaign)
        except BaseException:
            for unrecorded in batches:
                self._out.keep(*unrecorded)
            self._learnt.set()
            raise

    async def _rest(self, campaign: Running) -> None:
        """Nothing of it is in hand any more: has it ended?"""
        turn = (campaign.tenant_id, campaign.campaign_id)
        if not campaign.held and (campaign.halted or turn not in self._rota):
            async with tenant_transaction(campaign.tenant_id) as scope:
                await _come_back_later(scope, campaign.campaign_id)
            self._bell.set()

    async def _record_batch(self, campaign: Running, batch: list[tuple[Parcel, Outcome]]) -> None:
        outcomes = [outcome for _, outcome in batch]
        moves = campaign.stalled and any(outcome.state == "sent" for outcome in outcomes)
        why, began = campaign.why_to_pause, steady()
        async with tenant_transaction(campaign.tenant_id) as scope:
            await ledger.record(scope, campaign.campaign_id, outcomes)
            if moves:
                await course.mark_moving(scope, campaign.campaign_id)
            if why:
                reply = campaign.refusal and without_addresses(campaign.refusal)
                await course.pause_automatically(scope, campaign.campaign_id, why, reply)
        metrics.recorded(steady() - began)
        metrics.messages(Counter((each.state, each.cause or "") for each in outcomes))
        campaign.stalled = campaign.stalled and not moves
        if why:
            campaign.halted = True
            campaign.start_over()

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
        await self._look_for_strangers()
        async with relay_transaction() as scope:
            workers = await holders.unsettled(scope)
        await self._burial.see_to(workers)

    async def _look_for_strangers(self) -> None:
        """Rows that are ours in the ledger, and that a lost answer of the database kept from us.

        Looked for at two beats: the first may come before the database has finished what nobody waits for any more.
        """
        for campaign_id, looks in list(self._strangers.items()):
            async with relay_transaction() as scope:
                under_way = await ledger.campaigns_under_way(scope, ended_too=True)
            campaign = self._campaigns.get(campaign_id)
            held = list(campaign.held) if campaign else []
            for each in under_way:
                if each.id == campaign_id:
                    async with tenant_transaction(each.tenant_id) as tenant_scope:
                        await ledger.release(tenant_scope, campaign_id, self.id, but=held)
            if looks:
                del self._strangers[campaign_id]
            else:
                self._strangers[campaign_id] = looks + 1

    # The end of a life.

    async def _end(self) -> bool:
        """Finish what is on the wire, give back the rest, record all of it; False where that was not possible."""
        self._out.stopping = True
        self._out.give_back_waiting()
        await self._pool.close(GRACE_SECONDS)
        self._out.give_back_waiting()
        try:
            async with asyncio.timeout(GRACE_SECONDS / 2):
                while self._out.known:
                    await self._record()
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


async def _come_back_later(scope: TenantScope, campaign_id: UUID) -> None:
    """Nothing more to claim now: say when to look again, or that the campaign has ended."""
    if not await course.lock_sending(scope, campaign_id):
        return
    await ledger.resend_doubtful(scope, campaign_id, older_than=scope.now - DOUBT_GRACE)
    due = await ledger.next_due(scope, campaign_id)
    if due is None and await course.mark_sent(scope, campaign_id):
        return
    far = 2 * LONGEST_STALL
    if (
        due
        and due > scope.now + far
        and await ledger.pull_back(scope, campaign_id, farther_than=far)
    ):
        due = scope.now
    pause = SOONEST_LOOK if due is None else max(due - scope.now, timedelta(0))
    await ledger.look_again(scope, campaign_id, min(pause, LATEST_LOOK))
