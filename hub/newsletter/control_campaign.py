"""What a person may do with a campaign that is under way, or has been: pause, resume, hurry, cancel, send again.

Every step may be pressed twice, and says Conflict where the campaign's state does not allow it. Workers watch the
campaigns in their hands, so that a step takes effect within a second.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from hub import audit, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.newsletter import course, queries, unsent
from hub.newsletter.delivery import ledger
from hub.newsletter.schemas import RESENDABLE_STATES, Campaign, Cause
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_

# A transaction queues that many again; what is more is a task's business.
CHUNK = 5_000
FROM_THE_FIRST = UUID(int=0)
_GROUPS = UUID("6f1d3a52-0c5e-4b8e-9a54-1f0f6f2c7f7e")


class NotUnderWay(Conflict):
    code = "campaign-not-under-way"
    message = N_("This campaign is not being sent any more.")


class NothingToSend(Conflict):
    code = "nothing-to-send-again"
    message = N_(
        "There is nothing to send again: somebody was faster, or the answers came after all."
    )


async def pause_campaign(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """Raises NotFound, NotUnderWay."""
    campaign = await _under_way(scope, campaign_id)
    if campaign.paused_at is None:
        await course.pause(scope, campaign_id, "by_hand", by=actor.membership_id, reply=None)
        await audit.record(scope, actor, "campaign.paused", "campaign", campaign_id, why="by_hand")


async def resume_campaign(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """Raises NotFound, NotUnderWay."""
    await _under_way(scope, campaign_id)
    if await course.resume(scope, campaign_id):
        await audit.record(scope, actor, "campaign.resumed", "campaign", campaign_id)


async def hurry_campaign(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """Ask the relay again now; nothing where the campaign does not wait for it. Raises NotFound, NotUnderWay."""
    await _under_way(scope, campaign_id)
    if await course.hurry(scope, campaign_id):
        # What workers gave back when the relay went away waits as long as the campaign did.
        await ledger.pull_back(scope, campaign_id, farther_than=timedelta(0))
        await audit.record(scope, actor, "campaign.hurried", "campaign", campaign_id)


async def cancel_campaign(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """Who has not got it does not get it; what is on the wire at this moment arrives. Raises NotFound, NotUnderWay."""
    campaign = await _locked(scope, campaign_id)
    if campaign.state == "cancelled":
        return
    if not await course.cancel(scope, campaign_id):
        raise NotUnderWay
    await audit.record(scope, actor, "campaign.cancelled", "campaign", campaign_id)


async def leave_doubts(scope: TenantScope, actor: Actor, campaign_id: UUID) -> None:
    """What is in doubt stays so, and nobody is asked about it again. Raises NotFound, Conflict for a draft."""
    campaign = await _locked(scope, campaign_id)
    if campaign.is_draft:
        raise Conflict
    if campaign.on_doubt != "leave":
        await course.set_on_doubt(scope, campaign_id, "leave")
        await audit.record(scope, actor, "campaign.doubts_left", "campaign", campaign_id)


async def resend(
    scope: TenantScope,
    actor: Actor,
    campaign_id: UUID,
    *,
    state: str,
    code: str | None,
    key: UUID,
) -> None:
    """Queue again who did not get it, of one state; for one reason, or for any where `code` is None.

    The first of each reason at once, so that the campaign is under way again; the rest by a task. Raises NotFound,
    KeyReused; Conflict where the state is not one to be sent again, the campaign was cancelled or is only being prepared, or nobody is left.
    """
    if await once(scope, "campaign.resend", key, campaign_id, content=(campaign_id, state, code)):
        return
    campaign = await _locked(scope, campaign_id)
    if state not in RESENDABLE_STATES or campaign.state not in ("sending", "sent"):
        raise Conflict
    causes = await _causes(scope, campaign_id, state, code)
    if not causes:
        raise NothingToSend
    for cause in causes:
        await queue_chunk(scope, campaign_id, cause, after=FROM_THE_FIRST)
    await audit.record(
        scope,
        actor,
        "campaign.resent",
        "campaign",
        campaign_id,
        state=state,
        cause=code,
    )


async def queue_chunk(scope: TenantScope, campaign_id: UUID, cause: Cause, *, after: UUID) -> None:
    """Queue the next CHUNK again and, in the same transaction, ask for the one behind it."""
    count, last = await unsent.queue_again(scope, campaign_id, cause, after=after, limit=CHUNK)
    if count:
        await course.take_up_again(scope, campaign_id)
    if count == CHUNK and last is not None:
        await outbox.enqueue(
            scope,
            "newsletter.resend",
            campaign_id=campaign_id,
            group=group_id(cause),
            behind=last,
        )


def group_id(cause: Cause) -> UUID:
    """A state and a reason as an id: tasks take nothing else."""
    return uuid5(_GROUPS, f"{cause.state}:{cause.code or ''}")


async def _causes(
    scope: TenantScope, campaign_id: UUID, state: str, code: str | None
) -> Sequence[Cause]:
    causes = await unsent.by_cause(scope, campaign_id)
    return [cause for cause in causes if cause.state == state and code in (None, cause.code)]


async def _under_way(scope: TenantScope, campaign_id: UUID) -> Campaign:
    campaign = await _locked(scope, campaign_id)
    if not campaign.is_running:
        raise NotUnderWay
    return campaign


async def _locked(scope: TenantScope, campaign_id: UUID) -> Campaign:
    campaign = await queries.campaign(scope, campaign_id, lock=True)
    if campaign is None:
        raise NotFound
    return campaign
