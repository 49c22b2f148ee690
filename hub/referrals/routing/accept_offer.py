"""Accepting an offer: the first acceptance wins.

One transaction locks the referral, so that of any number of acceptances at once each sees what the one before it left:
the winner's offer accepted, the others superseded and what their receivers were shown deleted.
"""

from uuid import UUID

from hub import audit
from hub.db import RoutingScope
from hub.outbox import enqueue
from hub.referrals.members.standing import standing
from hub.referrals.routing import queries, test_answers
from hub.referrals.routing.answering import take_turn, was_done
from hub.referrals.routing.queries import Event
from hub.tenants.accounts.actor import Actor


async def accept_offer(scope: RoutingScope, actor: Actor, offer_id: UUID, key: UUID | None) -> None:
    """With the same key again it changes nothing.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, or Conflict where it was answered.
    """
    turn = await take_turn(scope, offer_id)
    now = await standing(scope, actor, "lender")
    if await was_done(scope, turn, "offer.accept", key):
        return
    now.refuse_real(is_test=turn.referral.is_test)
    turn.refuse_answered()
    referral, losers = turn.referral, turn.others_waiting
    await queries.mark_answered(
        scope, referral, offer_id, "accepted", answered_by=actor.membership_id
    )
    if losers:
        lost = [one.id for one in losers]
        await queries.mark_superseded(scope, referral, lost)
        await queries.delete_disclosures(scope, [one.receiver_id for one in losers], lost)
    await queries.end_referral(scope, referral, "placed", offer_id)
    superseded = [Event(one.id, one.receiver_id, one.state, "superseded") for one in losers]
    await queries.add_events(scope, referral, [turn.event(actor, "accepted"), *superseded], key)
    await audit.record(scope, actor, "offer.accepted", "offer", offer_id)
    await enqueue(
        scope, "referrals.case_reached", tenant_id=referral.tenant_id, referral_id=referral.id
    )
    if referral.is_test:
        await test_answers.answered(scope, actor, turn)
