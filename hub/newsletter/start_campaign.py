"""The moment a campaign leaves its editor's hands."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.newsletter import course, queries
from hub.newsletter.delivery.letter import compile_bodies
from hub.newsletter.schemas import OnDoubt
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


class NobodyToReach(Conflict):
    code = "nobody-to-reach"
    message = N_("Nobody is in this segment at the moment.")


class CountChanged(Conflict):
    """The editor confirmed a number of recipients that is not true any more."""

    code = "count-changed"
    message = N_(
        "The number of recipients has changed in the meantime. Please look at it again and confirm."
    )


async def start_campaign(
    scope: TenantScope,
    actor: Actor,
    campaign_id: UUID,
    *,
    version: int,
    expected: int,
    key: UUID,
    on_doubt: OnDoubt = "ask",
) -> None:
    """Compile what will be sent, and leave the freeze of the recipients to the workers. A second click finds it done.

    Raises NotFound; Conflict where the draft was changed or started since it was looked at; KeyReused.
    """
    asked = (campaign_id, version, expected, on_doubt)
    if await once(scope, "campaign.start", key, campaign_id, content=asked):
        return
    campaign = await queries.campaign(scope, campaign_id, lock=True)
    if campaign is None:
        raise NotFound
    if not campaign.is_draft or campaign.version != version:
        raise Conflict
    recipients = await queries.count_recipients(scope, campaign.segment)
    if recipients == 0:
        raise NobodyToReach
    if recipients != expected:
        raise CountChanged
    bodies = compile_bodies(campaign, await queries.publisher(scope))
    await course.mark_started(
        scope,
        campaign_id,
        actor.membership_id,
        bodies,
        expected=recipients,
        on_doubt=on_doubt,
    )
    await audit.record(
        scope, actor, "campaign.started", "campaign", campaign_id, recipients=recipients
    )
