"""Sending a draft: each receiver gets its row and what was drafted for it, and the answer clocks start."""

from uuid import UUID

from hub import audit, clock
from hub.db import RoutingScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.outbox import enqueue
from hub.referrals.members.standing import NoLongerHere, standing
from hub.referrals.routing import queries, test_answers
from hub.referrals.routing.queries import Event
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.sandbox import SANDBOX
from hub.web.i18n import N_


async def send_referral(scope: RoutingScope, actor: Actor, referral_id: UUID, key: UUID) -> None:
    """Raises NotFound, KeyReused, NoLongerHere, Suspended, or Conflict where it is no longer a draft."""
    referral = await queries.lock_own_referral(scope, actor.desk_ids, referral_id)
    if referral is None:
        raise NotFound
    now = await standing(scope, actor, "host")
    if now.desks is not None and referral.desk_id not in now.desks:
        raise NoLongerHere
    now.refuse_real(is_test=referral.is_test)
    if await once(scope, "referral.send", key, referral_id, content=referral_id):
        return
    if referral.state != "draft":
        raise Conflict("referral-sent", N_("This referral was sent already."))
    if await queries.has_inactive_receiver(scope, referral):
        raise Conflict(
            "receiver-inactive",
            N_("A lender of this draft has left the network. Discard the draft and choose again."),
        )
    today = clock.day_of(scope.now)
    drafts = await queries.offers_of_locked(scope, referral)
    due_on = {offer.id: clock.add_working_days(today, offer.answer_days) for offer in drafts}
    await queries.make_offers(scope, referral, due_on, actor.membership_id)
    events = [
        Event(
            offer.id,
            offer.receiver_id,
            "draft",
            "offered",
            by_tenant=actor.tenant_id,
            by_member=actor.membership_id,
        )
        for offer in drafts
    ]
    await queries.add_events(scope, referral, events, key)
    await audit.record(
        scope, actor, "referral.sent", "referral", referral_id, receivers=len(drafts)
    )
    await enqueue(scope, "referrals.case_reached", referral_id=referral_id)
    if referral.is_test:
        await test_answers.sent(scope, actor)
    for offer in drafts:
        if offer.receiver_id == SANDBOX.lender_id:
            await test_answers.ask_sandbox(scope, offer)
        else:
            await enqueue(
                scope, "referrals.tell_receiver", tenant_id=offer.receiver_id, offer_id=offer.id
            )
