"""Opening an offer: a named person of the receiver begins to read what was disclosed, and the desk can see that."""

from uuid import UUID

from hub import audit
from hub.db import RoutingScope
from hub.referrals.members.standing import standing
from hub.referrals.routing import queries
from hub.referrals.routing.answering import take_turn
from hub.tenants.accounts.actor import Actor


async def open_offer(scope: RoutingScope, actor: Actor, offer_id: UUID) -> None:
    """Once is enough: opening again, or what was answered or went to another, changes nothing.

    Raises NotFound, NoLongerHere or Suspended.
    """
    turn = await take_turn(scope, offer_id)
    now = await standing(scope, actor, "lender")
    if turn.offer.state != "offered":
        return
    now.refuse_real(is_test=turn.referral.is_test)
    await queries.mark_opened(scope, turn.referral, offer_id, actor.membership_id)
    await queries.add_events(scope, turn.referral, [turn.event(actor, "received")], key=None)
    await audit.record(scope, actor, "offer.opened", "offer", offer_id)
