"""Declining an offer: it ends the offer and what was disclosed with it, never the referral while another offer waits."""

from uuid import UUID

from hub import audit
from hub.db import RoutingScope
from hub.outbox import enqueue
from hub.referrals.routing import queries
from hub.referrals.routing.answering import take_turn, was_done
from hub.tenants.accounts.actor import Actor


async def decline_offer(
    scope: RoutingScope, actor: Actor, offer_id: UUID, *, reason: str, note: str, key: UUID | None
) -> None:
    """`reason` is one of REASONS. With the same key again it changes nothing. Raises NotFound, KeyReused or Conflict."""
    turn = await take_turn(scope, offer_id)
    if await was_done(scope, turn, "offer.decline", key, reason, note):
        return
    turn.refuse_answered()
    referral = turn.referral
    await queries.mark_answered(
        scope,
        referral,
        offer_id,
        "declined",
        answered_by=actor.membership_id,
        reason=reason,
        note=note,
    )
    await queries.delete_disclosures(scope, [actor.tenant_id], [offer_id])
    if not turn.others_waiting:
        await queries.end_referral(scope, referral, "exhausted")
    await queries.add_events(scope, referral, [turn.event(actor, "declined", reason)], key)
    await audit.record(scope, actor, "offer.declined", "offer", offer_id, reason=reason)
    await enqueue(
        scope, "referrals.case_reached", tenant_id=referral.tenant_id, referral_id=referral.id
    )
