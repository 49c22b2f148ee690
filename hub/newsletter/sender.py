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
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from hub import clock, logs
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.mail.dialogue import Connection
from hub.mail.relay import Relay, current_relay
from hub.mail.replies import RelayUnavailable
from hub.mail.smtp import open_connection
from hub.newsletter import holders, ledger, queries
from hub.newsletter.holders import Watch, steady
from hub.newsletter.journal import Journal, LeftBehind, journal_folder, read_left_behind
from hub.newsletter.letter import Letter
from hub.newsletter.outbound import BATCH, LOW, WINDOW, Outbound, Parcel, Running
from hub.newsletter.rota import Rota
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
# After a refused connection beside others that work, no further one for so long.
FEWER_SECONDS = 60.0

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
        self._folder = journal_folder(self._relay.journal_folder)
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
                    await _Life(self._relay, self._folder, self._bell).live(
                        stop, until_idle=until_idle
                    )
                except Unavailable:
                    log.warning("the database does not answer; no newsletter is sent")
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
        self._folder = folder
        self._bell = bell
        self._rota = Rota()
        self._campaigns: dict[UUID, Running] = {}
        self._watch = Watch()
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._most_connections = relay.connections
        self._fewer_until = 0.0
        self._relay_back_at = 0.0
        self._refusal: RelayUnavailable | None = None
        self._left_behind: set[Path] = set()
        self._strangers: set[UUID] = set()
        self._hungry = asyncio.Event()
        self._learnt = asyncio.Event()
        self._idle = asyncio.Event()

    async def live(self, stop: asyncio.Event, *, until_idle: bool) -> None:
        async with relay_transaction() as scope:
            await holders.register(scope, self.id, socket.gethostname())
        journal = Journal(self._folder, self.id, WINDOW)
        self._out = Outbound(
            journal,
            hungry=self._hungry.set,
            learnt=self._learnt.set,
            connection_closed=self._connection_closed,
        )
        settled = False
        loops = [
            asyncio.create_task(self._forever(each, pause, bell))
            for each, pause, bell in (
                (self._look, LOOK_SECONDS, self._bell),
                (self._claim, 1.0, self._hungry),
                (self._record, 1.0, self._learnt),
                (self._beat, holders.BEAT, None),
            )
        ]
        ends = {asyncio.create_task(stop.wait()), *loops}
        if until_idle:
            ends.add(asyncio.create_task(self._idle.wait()))
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in ends:
                each.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            settled = await self._end()
            journal.close(keep=not settled)

    async def _forever(
        self, step: Callable[[], Awaitable[None]], pause: float, bell: asyncio.Event | None
    ) -> None:
        """Do one step again and again, at the latest every `pause` seconds, and at once when the bell rings."""
        while True:
            try:
                await step()
            except Unavailable:
                await asyncio.sleep(min(pause, 1.0))
            if bell is None:
                await asyncio.sleep(pause)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await bell.wait()
            bell.clear()

    # Looking: which campaigns are due, and which of those in hand are not any more.

    async def _look(self) -> None:
        async with relay_transaction() as scope:
            under_way = await ledger.campaigns_under_way(scope)
            now = scope.now
        going = {each.id for each in under_way if each.is_sending}
        for campaign in self._campaigns.values():
            campaign.halted = campaign.campaign_id not in going or campaign.refusal is not None
        self._out.give_back_waiting(of_halted_only=True)
        for campaign_id in [
            each.campaign_id for each in self._campaigns.values() if not each.held and each.halted
        ]:
            del self._campaigns[campaign_id]
        self._rota.update(
            (each.tenant_id, each.id)
            for each in under_way
            if each.is_sending and each.due_at <= now
        )
        if self._rota:
            self._hungry.set()
        elif not self._out.in_hand:
            self._idle.set()

    # Claiming.

    async def _claim(self) -> None:
        if refusal := self._refusal:
            self._refusal = None
            await self._stall(refusal)
        if steady() < self._relay_back_at or not self._out.may_begin:
            return
        # A relay that is away is found out before any row is touched.
        if (self._rota or self._out.waiting) and not self._connections:
            try:
                await self._connect()
            except RelayUnavailable as error:
                await self._stall(error)
                return
        self._grow()
        while len(self._out.waiting) < LOW and WINDOW - self._out.in_hand >= BATCH:
            turn = self._rota.next()
            if turn is None or not self._out.may_begin:
                return
            await self._claim_from(*turn)

    async def _claim_from(self, tenant_id: UUID, campaign_id: UUID) -> None:
        try:
            async with tenant_transaction(tenant_id) as scope:
                rows, looked_at = await ledger.claim(scope, campaign_id, self.id, limit=BATCH)
                campaign = self._campaigns.get(campaign_id)
                if rows and campaign is None:
                    campaign = await self._load(scope, campaign_id)
                if looked_at < BATCH:
                    await self._come_back_later(scope, campaign_id)
        except (Unavailable, asyncio.CancelledError):
            # Whether the claim was committed is not known: what is ours by then must not be forgotten.
            self._strangers.add(campaign_id)
            raise
        if looked_at < BATCH:
            self._rota.drop(tenant_id, campaign_id)
        if rows and campaign is not None:
            self._campaigns[campaign_id] = campaign
            self._out.add(campaign, rows)
            self._grow()

    async def _load(self, scope: TenantScope, campaign_id: UUID) -> Running:
        campaign = await queries.campaign(scope, campaign_id)
        if campaign is None or campaign.started_at is None:  # It was just claimed from.
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
            campaign.started_at,
            stalled=campaign.stalled_at is not None,
        )

    async def _come_back_later(self, scope: TenantScope, campaign_id: UUID) -> None:
        """Nothing more to claim now: say when to look again, or that the campaign has ended."""
        await ledger.resend_doubtful(scope, campaign_id, older_than=scope.now - DOUBT_GRACE)
        due = await ledger.next_due(scope, campaign_id)
        if due is None and await queries.mark_sent(scope, campaign_id):
            return
        pause = SOONEST_LOOK if due is None else max(due - scope.now, timedelta(0))
        await ledger.look_again(scope, campaign_id, min(pause, LATEST_LOOK))

    # Connections.

    async def _connect(self) -> None:
        connection = await open_connection(self._relay, self._out)
        if connection.is_open:  # It may have ended before this task's turn came.
            self._connections.add(connection)

    def _grow(self) -> None:
        """As many connections as there is work for, up to the limit."""
        if steady() > self._fewer_until:
            self._most_connections = self._relay.connections
        there = len(self._connections) + len(self._opening)
        for _ in range(min(len(self._out.waiting), self._most_connections) - there):
            task = asyncio.create_task(self._open_further())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_further(self) -> None:
        try:
            await self._connect()
        except RelayUnavailable:
            self._take_fewer()

    def _take_fewer(self) -> None:
        """The relay takes no more connections than there are."""
        self._most_connections = max(1, len(self._connections))
        self._fewer_until = steady() + FEWER_SECONDS

    def _connection_closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        self._connections.discard(connection)
        if error is not None and self._connections:
            self._take_fewer()
        elif error is not None:
            self._refusal = error
        self._hungry.set()

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
                pause = await queries.mark_stalled(
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
        for number, (campaign, batch) in enumerate(batches):
            try:
                await self._record_batch(campaign, batch)
            except BaseException:
                for unrecorded in batches[number:]:
                    self._out.keep(*unrecorded)
                self._learnt.set()
                raise
            self._out.forget(campaign, batch)
            if not campaign.held and (campaign.tenant_id, campaign.campaign_id) not in self._rota:
                async with tenant_transaction(campaign.tenant_id) as scope:
                    await self._come_back_later(scope, campaign.campaign_id)
                self._bell.set()

    async def _record_batch(self, campaign: Running, batch: list[tuple[Parcel, Outcome]]) -> None:
        outcomes = [outcome for _, outcome in batch]
        moves = campaign.stalled and any(outcome.state == "sent" for outcome in outcomes)
        why = campaign.why_to_pause
        async with tenant_transaction(campaign.tenant_id) as scope:
            await ledger.record(scope, campaign.campaign_id, outcomes)
            if moves:
                await queries.mark_moving(scope, campaign.campaign_id)
            if why:
                await queries.pause_automatically(
                    scope, campaign.campaign_id, why, campaign.refusal
                )
        campaign.stalled = campaign.stalled and not moves
        if why:
            campaign.halted = True
            campaign.start_over()

    # Being alive, and seeing to those that are not.

    async def _beat(self) -> None:
        asked_at = steady()
        async with relay_transaction() as scope:
            alive = await holders.raise_beat(scope, self.id)
            workers = await holders.unsettled(scope)
        if not alive:
            raise RuntimeError("the others gave this worker up")
        self._out.beat_at = asked_at
        self._out.kick()
        await self._look_for_strangers()
        for left in read_left_behind(self._folder):
            # Seen twice: by then the database has undone, or finished, what the lost worker had asked of it.
            if left.path in self._left_behind:
                await self._settle(left.worker_id, left)
                self._left_behind.discard(left.path)
            else:
                self._left_behind.add(left.path)
        for worker_id in self._watch.gone(steady(), workers):
            if worker_id != self.id:
                await self._settle(worker_id, None)

    async def _settle(self, worker_id: UUID, left: LeftBehind | None) -> None:
        """See to the rows of a worker that is gone: by its journal exactly, without one by doubt."""
        async with relay_transaction() as scope:
            if left is None:
                # It may only be slow: from here on its beat is refused, and it begins nothing.
                await holders.end(scope, worker_id)
            under_way = await ledger.campaigns_under_way(scope)
        known = left.by_campaign() if left is not None else {}
        for tenant_id, campaign_id in {(each.tenant_id, each.id) for each in under_way} | set(
            known
        ):
            outcomes = known.get((tenant_id, campaign_id), [])
            async with tenant_transaction(tenant_id) as tenant_scope:
                if left is None:
                    await ledger.doubt(tenant_scope, campaign_id, worker_id)
                else:
                    begun = [outcome.id for outcome in outcomes]
                    await ledger.record(tenant_scope, campaign_id, outcomes)
                    await ledger.release(tenant_scope, campaign_id, worker_id, but=begun)
        async with relay_transaction() as scope:
            await holders.end(scope, worker_id)
            await holders.mark_settled(scope, worker_id)
        if left is not None:
            left.forget()
        log.warning(
            "worker %s is gone: %s",
            worker_id,
            "its journal says what it sent" if left else "what it held is in doubt",
        )

    async def _look_for_strangers(self) -> None:
        """Rows that are ours in the ledger, and that a lost answer of the database kept from us."""
        while self._strangers:
            campaign_id = next(iter(self._strangers))
            async with relay_transaction() as scope:
                under_way = await ledger.campaigns_under_way(scope)
            campaign = self._campaigns.get(campaign_id)
            for each in under_way:
                if each.id == campaign_id:
                    async with tenant_transaction(each.tenant_id) as tenant_scope:
                        await ledger.release(
                            tenant_scope,
                            campaign_id,
                            self.id,
                            but=list(campaign.held) if campaign else [],
                        )
            self._strangers.discard(campaign_id)

    # The end of a life.

    async def _end(self) -> bool:
        """Finish what is on the wire, give back the rest, record all of it; False where that was not possible."""
        self._out.stopping = True
        self._out.give_back_waiting()
        for task in self._opening:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        give_up_at = steady() + GRACE_SECONDS
        while self._connections and steady() < give_up_at:  # noqa: ASYNC110  # a few turns at the end of a life
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()
        self._out.give_back_waiting()
        try:
            async with asyncio.timeout(GRACE_SECONDS / 2):
                while self._out.known:
                    await self._record()
                await self._look_for_strangers()
                async with relay_transaction() as scope:
                    await holders.end(scope, self.id)
                    await holders.mark_settled(scope, self.id)
        except (TimeoutError, Unavailable):
            return False
        return True
