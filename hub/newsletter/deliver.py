"""One worker's turn at a campaign: claim a batch, send it over a few connections, record what became of it.

Any number of workers take turns at the same campaign. No transaction is open while mail is sent. What is known is
recorded in small groups: a worker that is killed has sent at most RECORD_EACH messages, and the one in each
connection's hand, that the ledger does not know of; those are sent again (see `ledger.py`).

A relay that cannot be reached stops the turn and costs nobody anything: rows go back, the campaign says since when it
waits and what the relay said, and the next turn comes after a growing pause.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock, mail, outbox
from hub.db import TenantScope, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.mail.headers import BadHeader
from hub.mail.relay import Relay
from hub.mail.smtp import Answer, RelayUnavailable, Session, connect
from hub.newsletter import ledger, queries
from hub.newsletter.letter import Letter
from hub.newsletter.schemas import Claimed, Outcome

log = logging.getLogger(__name__)

CONNECTIONS = 4
BATCH = 100
RECORD_EACH = 20
RECORD_AFTER = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
# After that long another campaign's turn may come; the same campaign goes on behind it.
TURN = timedelta(seconds=20)
# A worker that is told to stop lets each connection finish its message for so long.
GRACE_SECONDS = 4.0

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=15), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=2)
SHORTEST_STALL, LONGEST_STALL = timedelta(seconds=2), timedelta(seconds=60)
# How soon to look again when every open row is in other hands or waits for its retry.
SOONEST_LOOK, LATEST_LOOK = timedelta(seconds=2), timedelta(minutes=5)


async def take_turn(tenant_id: UUID, campaign_id: UUID) -> None:
    """Send for a while, then enqueue the next turn, or end the campaign if no delivery is open any more."""
    relay = mail.current_relay()
    async with tenant_transaction(tenant_id) as scope:
        letter, started_at = await _load(scope, campaign_id, relay)
    if letter is None or started_at is None:
        return
    turn = _Turn(tenant_id, letter, started_at)
    try:
        await turn.run()
    except RelayUnavailable as error:
        async with tenant_transaction(tenant_id) as scope:
            await _wait_for_relay(scope, campaign_id, error.reply)
        return
    finally:
        await turn.close()
    async with tenant_transaction(tenant_id) as scope:
        await _go_on_or_end(scope, campaign_id)


async def _load(
    scope: TenantScope, campaign_id: UUID, relay: Relay
) -> tuple[Letter | None, datetime | None]:
    campaign = await queries.campaign(scope, campaign_id)
    if campaign is None or campaign.state != "sending":
        return None, None
    bodies = await queries.bodies_of(scope, campaign_id)
    publisher = await queries.publisher(scope)
    return Letter(campaign_id, campaign.subject, bodies, publisher, relay), campaign.started_at


async def _wait_for_relay(scope: TenantScope, campaign_id: UUID, reply: str) -> None:
    pause = await queries.mark_stalled(
        scope, campaign_id, reply, shortest=SHORTEST_STALL, longest=LONGEST_STALL
    )
    log.warning("the relay does not take mail; trying again in %d s", pause.total_seconds())
    await outbox.enqueue(scope, "newsletter.deliver", after=pause, campaign_id=campaign_id)


async def _go_on_or_end(scope: TenantScope, campaign_id: UUID) -> None:
    due = await ledger.next_due(scope, campaign_id)
    if due is None:
        await queries.mark_sent(scope, campaign_id)
        return
    pause = due - scope.now
    if pause > timedelta(0):
        pause = min(max(pause, SOONEST_LOOK), LATEST_LOOK)
    await outbox.enqueue(
        scope, "newsletter.deliver", after=max(pause, timedelta(0)), campaign_id=campaign_id
    )


class _Turn:
    """What one turn has in its hands."""

    def __init__(self, tenant_id: UUID, letter: Letter, started_at: datetime) -> None:
        self.tenant_id = tenant_id
        self.letter = letter
        self.give_up_at = started_at + GIVE_UP_AFTER
        self.ends_at = clock.now() + TURN
        self.sessions: list[Session | None] = [None] * CONNECTIONS
        self.waiting: deque[Claimed] = deque()
        self.in_hand: dict[UUID, Claimed] = {}
        self.known: list[Outcome] = []
        self.known_since = clock.now()
        self.refusal: RelayUnavailable | None = None
        self.moving = False
        self.stopping = False

    async def run(self) -> None:
        """Raises RelayUnavailable. A cancellation lets the messages on the wire end and records what is known."""
        # A relay that is away is found out before any row is touched.
        self.sessions[0] = await connect(self.letter.relay)
        while clock.now() < self.ends_at:
            async with tenant_transaction(self.tenant_id) as scope:
                batch, _ = await ledger.claim(scope, self.letter.campaign_id, uuid7(), limit=BATCH)
            if not batch:
                return
            await self._finish_even_if_cancelled(asyncio.create_task(self._send_all(batch)))

    async def _finish_even_if_cancelled(self, work: asyncio.Task[None]) -> None:
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self.stopping = True
            await asyncio.wait({work}, timeout=GRACE_SECONDS)
            work.cancel()
            with suppress(asyncio.CancelledError, RelayUnavailable, Unavailable):
                await work
            raise

    async def _send_all(self, batch: list[Claimed]) -> None:
        self.waiting.extend(batch)
        self.in_hand.update((row.id, row) for row in batch)
        try:
            # One that fails must not leave the others running behind its back.
            ends = await asyncio.gather(
                *(self._send_over(number) for number in range(CONNECTIONS)), return_exceptions=True
            )
        finally:
            self._give_back_waiting()
            await self._record()
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        if self.refusal is not None and not self.stopping:
            raise self.refusal

    async def _send_over(self, number: int) -> None:
        """One connection's share of the batch. It ends quietly where the relay allows no further connection."""
        while self.waiting and not self.stopping:
            row = self.waiting.popleft()
            try:
                answer = await self._send(number, row)
            except RelayUnavailable as refusal:
                self.waiting.appendleft(row)
                if not any(session and session.alive for session in self.sessions):
                    self.refusal = refusal
                return
            self._know(row, answer)
            if len(self.known) >= RECORD_EACH or clock.now() - self.known_since > RECORD_AFTER:
                await self._record()

    async def _send(self, number: int, row: Claimed) -> Answer:
        try:
            message = self.letter.message_for(
                row.id, row.recipient, clock.now().replace(microsecond=0)
            )
        except BadHeader:
            return Answer("failed", "5.1.3 the address cannot be written in a message")
        session = self.sessions[number]
        if session is None or not session.alive:
            session = self.sessions[number] = await connect(self.letter.relay)
        return await session.send(self.letter.relay.sender.address, row.recipient.email, message)

    def _know(self, row: Claimed, answer: Answer) -> None:
        now = clock.now()
        pause = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 20), LONGEST_RETRY)
        state: str = answer.state
        if state == "retry" and now + pause > self.give_up_at:
            state = "failed"
        if not self.known:
            self.known_since = now
        self.known.append(Outcome(row.id, row.attempts, state, None, answer.reply, now + pause))

    def _give_back_waiting(self) -> None:
        """Rows that were claimed and not tried: due again at once, or after the relay's pause with the rest."""
        now = clock.now()
        while self.waiting:
            row = self.waiting.popleft()
            self.known.append(Outcome(row.id, row.attempts, "queued", None, None, now))

    async def _record(self) -> None:
        """Keep what is known until the database takes it: forgetting it would send those messages twice."""
        while self.known:
            known, self.known = self.known, []
            try:
                await self._write(known)
            except BaseException as error:
                self.known = known + self.known
                if not isinstance(error, Unavailable):
                    raise
                await asyncio.sleep(1)
            else:
                for outcome in known:
                    self.in_hand.pop(outcome.id, None)

    async def _write(self, known: list[Outcome]) -> None:
        async with tenant_transaction(self.tenant_id) as scope:
            await ledger.record(scope, self.letter.campaign_id, known)
            if not self.moving and any(outcome.state == "sent" for outcome in known):
                await queries.mark_moving(scope, self.letter.campaign_id)
                self.moving = True

    async def close(self) -> None:
        await asyncio.gather(*(session.close() for session in self.sessions if session))
