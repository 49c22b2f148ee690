"""Recording what became of messages, campaign by campaign, a few times a second; a campaign that has to pause pauses with it."""

import asyncio
from collections import Counter
from operator import attrgetter

from hub import metrics
from hub.db import tenant_transaction
from hub.mail.replies import without_addresses
from hub.newsletter import course
from hub.newsletter.delivery import claiming, ledger
from hub.newsletter.delivery.holders import steady
from hub.newsletter.delivery.outbound import Outbound, Parcel, Running
from hub.newsletter.delivery.rota import Rota
from hub.newsletter.schemas import Outcome

RECORD_SECONDS = 0.02
_became = attrgetter("state", "cause")


class Recording:
    """Of one worker's life. `learnt` rings when there is something to record, and `bell` lets the worker look at its campaigns.

    `at_ledger` is shared with `Claiming`.
    """

    def __init__(
        self,
        out: Outbound,
        rota: Rota,
        *,
        learnt: asyncio.Event,
        bell: asyncio.Event,
        at_ledger: asyncio.Lock,
    ) -> None:
        self._out = out
        self._rota = rota
        self._learnt = learnt
        self._bell = bell
        self._at_ledger = at_ledger

    async def record(self) -> None:
        """Keep what is known until the database takes it: forgetting it would leave it in doubt."""
        await asyncio.sleep(RECORD_SECONDS)
        batches = self._out.take_known()
        try:
            while batches:
                campaign, batch = batches[-1]
                await self._record_batch(campaign, batch)
                batches.pop()
                self._out.forget(campaign, batch)
                await self.rest(campaign)
        except BaseException:
            for unrecorded in batches:
                self._out.keep(*unrecorded)
            self._learnt.set()
            raise

    async def rest(self, campaign: Running) -> None:
        """Nothing of it is in hand any more: has it ended?"""
        turn = (campaign.tenant_id, campaign.campaign_id)
        if not campaign.held and (campaign.halted or turn not in self._rota):
            async with tenant_transaction(campaign.tenant_id) as scope:
                await claiming.come_back_later(scope, campaign.campaign_id)
            self._bell.set()

    async def _record_batch(self, campaign: Running, batch: list[tuple[Parcel, Outcome]]) -> None:
        outcomes = [outcome for _, outcome in batch]
        moves = campaign.stalled and any(outcome.state == "sent" for outcome in outcomes)
        why, began = campaign.why_to_pause, steady()
        async with self._at_ledger, tenant_transaction(campaign.tenant_id) as scope:
            await ledger.record(scope, campaign.campaign_id, outcomes)
            if moves:
                await course.mark_moving(scope, campaign.campaign_id)
            if why:
                reply = campaign.refusal and without_addresses(campaign.refusal)
                await course.pause_automatically(scope, campaign.campaign_id, why, reply)
        metrics.recorded(steady() - began)
        counts = Counter(map(_became, outcomes))
        metrics.messages({(state, cause or ""): count for (state, cause), count in counts.items()})
        campaign.stalled = campaign.stalled and not moves
        if why:
            campaign.halted = True
            campaign.start_over()
