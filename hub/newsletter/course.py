"""Statements on the course of a campaign: started, frozen, sent, stalled, paused, ended.

Its deliveries have theirs in `delivery/ledger.py` and `unsent.py`.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from hub import audit
from hub.db import RelayScope, TenantScope
from hub.newsletter.schemas import DELIVERY_STATES, MOST_RESENDS, OnDoubt, PausedWhy
from hub.newsletter.segments import AllOf

BEFORE_ALL = UUID(int=0)


async def mark_started(
    scope: TenantScope,
    campaign_id: UUID,
    started_by: UUID,
    bodies: dict[str, dict[str, str]],
    *,
    expected: int,
    on_doubt: OnDoubt,
) -> None:
    await scope.execute(
        """
        UPDATE campaigns SET state = 'freezing', bodies = $1, started_at = $2, started_by = $3,
          updated_at = $2, due_at = $2, expected = $5, on_doubt = $6, version = version + 1
        WHERE id = $4
        """,
        bodies,
        scope.now,
        started_by,
        campaign_id,
        expected,
        on_doubt,
    )


async def lock_freezing(scope: TenantScope, campaign_id: UUID) -> tuple[AllOf, UUID] | None:
    """Its segment, and the last subscriber reached; None where it is not being frozen, or somebody is at it."""
    row = await scope.fetchrow(
        """
        SELECT segment, frozen_to FROM campaigns
        WHERE id = $1 AND state = 'freezing' FOR NO KEY UPDATE SKIP LOCKED
        """,
        campaign_id,
    )
    return (msgspec.convert(row[0], AllOf), row[1] or BEFORE_ALL) if row else None


async def lock_sending(scope: TenantScope, campaign_id: UUID) -> bool:
    """Whether it is being sent, paused or not. Statements after this one see what others did before they let go of it."""
    state = await scope.fetchval(
        "SELECT state FROM campaigns WHERE id = $1 FOR NO KEY UPDATE", campaign_id
    )
    return bool(state == "sending")


async def mark_frozen_to(scope: TenantScope, campaign_id: UUID, subscriber_id: UUID) -> None:
    await scope.execute(
        "UPDATE campaigns SET frozen_to = $2 WHERE id = $1", campaign_id, subscriber_id
    )


async def mark_frozen(scope: TenantScope, campaign_id: UUID) -> int:
    """The ledger is complete; returns how many it holds."""
    count: int = await scope.fetchval(
        f"""
        UPDATE campaigns SET state = 'sending', updated_at = $2, due_at = $2,
          recipients = (
            SELECT coalesce(sum({" + ".join(DELIVERY_STATES)}), 0) FROM delivery_tallies
            WHERE campaign_id = $1)
        WHERE id = $1 RETURNING recipients
        """,
        campaign_id,
        scope.now,
    )
    return count


async def mark_stalled(
    scope: TenantScope, campaign_id: UUID, reply: str, *, shortest: timedelta, longest: timedelta
) -> timedelta:
    """The relay does not take our mail. Returns the pause: as long again as it has lasted already."""
    pause: timedelta | None = await scope.fetchval(
        """
        UPDATE campaigns SET stalled_at = coalesce(stalled_at, $2), stalled_reply = $3,
          next_try_at = $2 + greatest($4, least($5, $2 - coalesce(stalled_at, $2)))
        WHERE id = $1 AND state = 'sending' RETURNING next_try_at - $2
        """,
        campaign_id,
        scope.now,
        reply,
        shortest,
        longest,
    )
    return pause or shortest


async def is_to_be_tried(scope: TenantScope, campaign_id: UUID) -> bool:
    """Whether its pause before the relay is asked again is over; False where it does not wait for that."""
    return bool(
        await scope.fetchval(
            "SELECT next_try_at <= $2 FROM campaigns WHERE id = $1", campaign_id, scope.now
        )
    )


async def mark_moving(scope: TenantScope, campaign_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE campaigns SET stalled_at = NULL, stalled_reply = NULL, next_try_at = NULL
        WHERE id = $1 AND stalled_at IS NOT NULL
        """,
        campaign_id,
    )


async def mark_sent(scope: TenantScope, campaign_id: UUID) -> bool:
    """False while a delivery is still open. Whoever had paused the campaign has nothing left to hold back."""
    return (
        await scope.execute(
            """
        UPDATE campaigns SET state = 'sent', finished_at = $2, updated_at = $2, due_at = NULL,
          stalled_at = NULL, stalled_reply = NULL, next_try_at = NULL,
          paused_at = NULL, paused_by = NULL, paused_why = NULL, paused_reply = NULL
        WHERE id = $1 AND state = 'sending'
          AND NOT EXISTS (
            SELECT FROM deliveries WHERE campaign_id = $1 AND state IN ('queued', 'retry'))
          AND NOT EXISTS (SELECT FROM deliveries WHERE campaign_id = $1 AND state = 'sending')
          AND NOT (on_doubt = 'resend' AND EXISTS (
            SELECT FROM deliveries WHERE campaign_id = $1 AND state = 'in_doubt' AND doubts <= $3))
        """,
            campaign_id,
            scope.now,
            MOST_RESENDS,
        )
        == 1
    )


async def pause(
    scope: TenantScope, campaign_id: UUID, why: PausedWhy, *, by: UUID | None, reply: str | None
) -> bool:
    """False where it is paused already, or not under way. `by` is a membership; None where the hub itself paused it."""
    return (
        await scope.execute(
            """
        UPDATE campaigns SET paused_at = $2, paused_by = $3, paused_why = $4, paused_reply = $5,
          updated_at = $2
        WHERE id = $1 AND state IN ('freezing', 'sending') AND paused_at IS NULL
        """,
            campaign_id,
            scope.now,
            by,
            why,
            reply,
        )
        == 1
    )


async def pause_automatically(
    scope: TenantScope, campaign_id: UUID, why: PausedWhy, reply: str | None
) -> bool:
    """False where it is paused already, or not under way."""
    paused = await pause(scope, campaign_id, why, by=None, reply=reply)
    if paused:
        await audit.record(scope, None, "campaign.paused", "campaign", campaign_id, why=why)
    return paused


async def resume(scope: TenantScope, campaign_id: UUID) -> bool:
    """False where it is not paused. Workers look at it at once."""
    return (
        await scope.execute(
            """
        UPDATE campaigns SET paused_at = NULL, paused_by = NULL, paused_why = NULL,
          paused_reply = NULL, due_at = $2, updated_at = $2
        WHERE id = $1 AND state IN ('freezing', 'sending') AND paused_at IS NOT NULL
        """,
            campaign_id,
            scope.now,
        )
        == 1
    )


async def hurry(scope: TenantScope, campaign_id: UUID) -> bool:
    """False where it does not wait for the relay. Workers ask that at once, whatever was left of their pause."""
    return (
        await scope.execute(
            """
        UPDATE campaigns SET next_try_at = $2, due_at = $2
        WHERE id = $1 AND state = 'sending' AND paused_at IS NULL AND stalled_at IS NOT NULL
        """,
            campaign_id,
            scope.now,
        )
        == 1
    )


async def cancel(scope: TenantScope, campaign_id: UUID) -> bool:
    """False where it is not under way. What is on the wire now is still recorded; open rows stay as they are."""
    return (
        await scope.execute(
            """
        UPDATE campaigns SET state = 'cancelled', finished_at = $2, updated_at = $2, due_at = NULL,
          stalled_at = NULL, stalled_reply = NULL, next_try_at = NULL,
          paused_at = NULL, paused_by = NULL, paused_why = NULL, paused_reply = NULL
        WHERE id = $1 AND state IN ('freezing', 'sending')
        """,
            campaign_id,
            scope.now,
        )
        == 1
    )


async def set_on_doubt(scope: TenantScope, campaign_id: UUID, on_doubt: OnDoubt) -> None:
    await scope.execute(
        "UPDATE campaigns SET on_doubt = $2, updated_at = $3 WHERE id = $1",
        campaign_id,
        on_doubt,
        scope.now,
    )


async def take_up_again(scope: TenantScope, campaign_id: UUID) -> None:
    """Deliveries were queued again: the campaign is under way, even if it had ended before."""
    await scope.execute(
        """
        UPDATE campaigns SET state = 'sending', finished_at = NULL, due_at = $2, updated_at = $2
        WHERE id = $1 AND state IN ('sending', 'sent')
        """,
        campaign_id,
        scope.now,
    )


async def started_campaigns(scope: RelayScope, limit: int) -> list[tuple[UUID, UUID, bool]]:
    """(tenant, campaign, whether it is under way), the newest first."""
    rows = await scope.fetch(
        """
        SELECT tenant_id, id, state IN ('freezing', 'sending') FROM campaigns
        WHERE state <> 'draft' ORDER BY started_at DESC LIMIT $1
        """,
        limit,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def tenant_of(scope: RelayScope, campaign_id: UUID) -> UUID | None:
    """Whose campaign it is; None for a draft, which nobody sends."""
    tenant_id: UUID | None = await scope.fetchval(
        "SELECT tenant_id FROM campaigns WHERE id = $1 AND state <> 'draft'", campaign_id
    )
    return tenant_id


async def freezing(scope: RelayScope) -> list[tuple[UUID, UUID]]:
    """(tenant, campaign), the oldest first."""
    rows = await scope.fetch(
        "SELECT tenant_id, id FROM campaigns WHERE state = 'freezing' ORDER BY started_at"
    )
    return [(row[0], row[1]) for row in rows]
