"""Claiming, campaign by campaign in turn: as much as there is room for, as the paces allow, and while the relay takes mail."""

import logging
from asyncio import CancelledError, Lock
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from hub import clock, logs, metrics
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.mail import pace
from hub.mail.pool import Pool
from hub.mail.relay import Relay
from hub.mail.replies import RelayUnavailable
from hub.newsletter import course, queries
from hub.newsletter.delivery import ledger
from hub.newsletter.delivery.holders import steady
from hub.newsletter.delivery.letter import Letter
from hub.newsletter.delivery.outbound import (
    BATCH,
    CUTS,
    CUTS_EACH_CONNECTION,
    LOW,
    WINDOW,
    Outbound,
    Running,
)
from hub.newsletter.delivery.rota import Rota

log = logging.getLogger(__name__)

# A message in doubt is queued again under `resend` only after its answer had time to come by another way.
DOUBT_GRACE = timedelta(seconds=5)
SOONEST_LOOK, LATEST_LOOK = timedelta(seconds=1), timedelta(minutes=1)
SHORTEST_STALL, LONGEST_STALL = timedelta(seconds=2), timedelta(seconds=60)


class Claiming:
    """Of one worker's life. `campaigns` are those of which something is in hand, or was a moment ago.

    `at_ledger`: claims and records, each of hundreds of rows, take turns, so that of this worker's doing only one process
    of the database is busy at a time: two would take the processors from the messages on a small machine.
    """

    def __init__(
        self,
        worker_id: UUID,
        relay: Relay,
        out: Outbound,
        pool: Pool,
        rota: Rota,
        campaigns: dict[UUID, Running],
        *,
        record: Callable[[], Awaitable[None]],
        at_ledger: Lock,
    ) -> None:
        self._worker_id = worker_id
        self._relay = relay
        self._out = out
        self._pool = pool
        self._rota = rota
        self._campaigns = campaigns
        self._record = record
        self._at_ledger = at_ledger
        self._relay_back_at = 0.0
        self.strangers: dict[UUID, int] = {}
        """Campaigns of which rows may be ours unawares, and how often they were looked for."""

    async def claim(self) -> None:
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
            await self._try_turn(*turn)

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

    async def _try_turn(self, tenant_id: UUID, campaign_id: UUID) -> None:
        try:
            await self._take_turn(tenant_id, campaign_id)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # what is wrong with one campaign must not hold up the others
            log.warning("campaign %s cannot be sent: %s", campaign_id, logs.describe(error))
            self._rota.drop(tenant_id, campaign_id)
            async with tenant_transaction(tenant_id) as scope:
                await ledger.look_again(scope, campaign_id, LATEST_LOOK)

    async def _take_turn(self, tenant_id: UUID, campaign_id: UUID) -> None:
        # Not from one of which rows may be ours unawares: those are found first.
        allowed = 0 if campaign_id in self.strangers else await self._allowance(tenant_id)
        if not allowed:
            self._rota.rest(tenant_id, campaign_id)  # until the next look
            return
        try:
            async with self._at_ledger, tenant_transaction(tenant_id) as scope:
                rows, looked_at = await ledger.claim(
                    scope, campaign_id, self._worker_id, limit=allowed
                )
                campaign = self._campaigns.get(campaign_id)
                if rows and campaign is None:
                    campaign = await self.load(scope, campaign_id)
        except (Unavailable, CancelledError):
            # Whether the claim was committed is not known: what is ours by then must not be forgotten.
            self.strangers[campaign_id] = 0
            raise
        if looked_at < allowed:
            self._rota.drop(tenant_id, campaign_id)
        if rows and campaign is not None:
            self._campaigns[campaign_id] = campaign
            self._out.add(campaign, rows)
            self._pool.grow(len(self._out.waiting))
        await self._return_allowance(tenant_id, allowed - len(rows))
        if looked_at < allowed:
            # Last, since the end of a long campaign takes a while to be seen: connections have work meanwhile.
            async with tenant_transaction(tenant_id) as scope:
                await come_back_later(scope, campaign_id)

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

    async def load(self, scope: TenantScope, campaign_id: UUID) -> Running:
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
            most_cuts=max(CUTS, CUTS_EACH_CONNECTION * self._relay.connections),
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

    async def look_for_strangers(self) -> None:
        """Rows that are ours in the ledger, and that a lost answer of the database kept from us.

        Looked for at two beats: the first may come before the database has finished what nobody waits for any more.
        """
        for campaign_id, looks in list(self.strangers.items()):
            async with relay_transaction() as scope:
                under_way = await ledger.campaigns_under_way(scope, ended_too=True)
            campaign = self._campaigns.get(campaign_id)
            held = list(campaign.held) if campaign else []
            for each in under_way:
                if each.id == campaign_id:
                    async with tenant_transaction(each.tenant_id) as tenant_scope:
                        await ledger.release(tenant_scope, campaign_id, self._worker_id, but=held)
            if looks:
                del self.strangers[campaign_id]
            else:
                self.strangers[campaign_id] = looks + 1


async def come_back_later(scope: TenantScope, campaign_id: UUID) -> None:
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
