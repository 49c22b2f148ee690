"""What a test referral tells besides: the sandbox that it has something to answer, the set-up that it was answered."""

from datetime import timedelta

from hub import audit
from hub.db import RoutingScope
from hub.outbox import enqueue
from hub.referrals.routing.answering import Turn
from hub.referrals.routing.queries import Answerable
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.sandbox import SANDBOX

# Long enough to see the offer waiting, short enough to wait for the answer.
SANDBOX_THINKS = timedelta(seconds=4)


async def sent(scope: RoutingScope, actor: Actor) -> None:
    """In the story of the organisation that tries out sending; the sandbox has no story."""
    if scope.tenant_id != SANDBOX.host_id:
        await audit.record(scope, actor, "test_referral.sent", "organisation", scope.tenant_id)


async def ask_sandbox(scope: RoutingScope, offer: Answerable) -> None:
    await enqueue(
        scope,
        "sandbox.answer",
        tenant_id=SANDBOX.lender_id,
        after=SANDBOX_THINKS,
        offer_id=offer.id,
    )


async def answered(scope: RoutingScope, actor: Actor, turn: Turn) -> None:
    """The point belongs to the lender that answers; where the sandbox answers, to the host that sent."""
    by_sandbox = scope.tenant_id == SANDBOX.lender_id
    if not by_sandbox:
        await audit.record(
            scope,
            actor,
            "test_referral.answered",
            "organisation",
            scope.tenant_id,
        )
    await enqueue(
        scope,
        "sandbox.answered",
        tenant_id=turn.referral.tenant_id if by_sandbox else scope.tenant_id,
        offer_id=turn.offer.id,
    )
