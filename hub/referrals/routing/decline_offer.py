"""Declining an offer: it ends the offer and what was disclosed with it, never the referral while another offer waits."""

from uuid import UUID

from hub import audit
from hub.db import RoutingScope
from hub.outbox import enqueue
from hub.referrals.members.standing import standing
from hub.referrals.routing import queries, test_answers
from hub.referrals.routing.answering import take_turn, was_done
from hub.tenants.accounts.actor import Actor


async def decline_offer(
    scope: RoutingScope, actor: Actor, offer_id: UUID, *, reason: str, note: str, key: UUID | None
) -> None:
    """`reason` is one of REASONS. With the same key again it changes nothing.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, or Conflict where it was answered.
    """
    turn = await take_turn(scope, offer_id)
    now = await standing(scope, actor, "lender")
    if await was_done(scope, turn, "offer.decline", key, reason, note):
        return
    now.refuse_real(is_test=turn.referral.is_test)
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
    if referral.is_test:
        await test_answers.answered(scope, actor, turn)
