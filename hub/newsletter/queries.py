"""Statements on campaigns, subscribers and suppressions.

Deliveries have theirs in `ledger.py` and `unsent.py`, their sums in `tallies.py`, the network in `people.py`.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hub import audit
from hub.db import RelayScope, TenantScope
from hub.errors import NotFound
from hub.ids import uuid7
from hub.newsletter.schemas import (
    DELIVERY_STATES,
    MOST_RESENDS,
    Campaign,
    Draft,
    OnDoubt,
    PausedWhy,
    Publisher,
    Recipient,
)
from hub.newsletter.segments import AllOf, compiled

# A UUIDv7 made by SQL for INSERT … SELECT, from the instant `{}` (PostgreSQL has uuidv7() only from 18 on): random
# bytes, the milliseconds over the first six, and the version's four bits from 0100 to 0111.
UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM {}::timestamptz) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid"""

CAMPAIGN = """id, subject, preheader, locale, blocks, segment, state, recipients, created_at, updated_at,
    started_at, finished_at, stalled_at, stalled_reply, next_try_at, version, expected, on_doubt, paused_at,
    paused_why, paused_reply, due_at"""


def matching(
    segment: AllOf, *, first: int = 1, after: int | None = None
) -> tuple[str, list[object]]:
    """FROM and WHERE of the subscribers `s` that a campaign to this segment would reach now, with its arguments.

    `first` is the number of its first argument; `after` that of a subscriber's id, behind which to begin.
    """
    condition, args = compiled(segment, first=first)
    behind, behind_too = "", ""
    if after is not None:
        # Said of both tables: the planner would read all subscriptions before that id, for each chunk again.
        behind, behind_too = f"AND s.id > ${after}", f"AND p.subscriber_id > ${after}"
    return (
        f"""
        FROM subscribers s
        WHERE s.state = 'active' {behind}
          AND NOT EXISTS (
            SELECT FROM suppressions x
            WHERE x.tenant_id = s.tenant_id AND x.email_token = s.email_token)
          AND EXISTS (
            SELECT FROM subscriptions p LEFT JOIN tenants o ON o.id = p.organisation_id
            WHERE p.tenant_id = s.tenant_id AND p.subscriber_id = s.id {behind_too}
              AND {condition})
        """,
        args,
    )


async def count_recipients(scope: TenantScope, segment: AllOf) -> int:
    source, args = matching(segment)
    count: int = await scope.fetchval(f"SELECT count(*) {source}", *args)
    return count


async def first_recipient(scope: TenantScope, segment: AllOf) -> Recipient | None:
    """Somebody of the segment, to show a campaign as that person will see it."""
    source, args = matching(segment)
    row = await scope.fetchrow(
        f"SELECT s.email, s.email_token, s.name, s.locale {source} ORDER BY s.id LIMIT 1", *args
    )
    return Recipient(*row) if row else None


async def regions(scope: TenantScope) -> list[tuple[str, str]]:
    rows = await scope.fetch("SELECT code, name FROM regions ORDER BY name")
    return [(row["code"], row["name"]) for row in rows]


async def publisher(scope: TenantScope) -> Publisher:
    row = await scope.fetchrow(
        "SELECT id, name, email, website, locale FROM tenants WHERE id = $1", scope.tenant_id
    )
    if row is None:  # a scope for a tenant that is not there
        raise NotFound
    return Publisher(*row)


async def insert_campaign(
    scope: TenantScope, campaign_id: UUID, draft: Draft, created_by: UUID
) -> None:
    await scope.execute(
        """
        INSERT INTO campaigns (id, tenant_id, subject, preheader, locale, blocks, segment, state,
          created_at, created_by, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9, $8)
        """,
        campaign_id,
        scope.tenant_id,
        *_columns(draft),
        scope.now,
        created_by,
    )


async def update_draft(scope: TenantScope, campaign_id: UUID, draft: Draft, version: int) -> bool:
    """False where the draft is not at that version any more."""
    changed = await scope.execute(
        """
        UPDATE campaigns SET subject = $1, preheader = $2, locale = $3, blocks = $4, segment = $5,
          updated_at = $6, version = version + 1
        WHERE id = $7 AND version = $8 AND state = 'draft'
        """,
        *_columns(draft),
        scope.now,
        campaign_id,
        version,
    )
    return changed == 1


def _columns(draft: Draft) -> tuple[object, ...]:
    builtins = msgspec.to_builtins(draft)
    return (
        draft.subject,
        draft.preheader,
        draft.locale,
        builtins["blocks"],
        builtins["segment"],
    )


async def delete_draft(scope: TenantScope, campaign_id: UUID) -> bool:
    return (
        await scope.execute("DELETE FROM campaigns WHERE id = $1 AND state = 'draft'", campaign_id)
        == 1
    )


async def campaign(scope: TenantScope, campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
    row = await scope.fetchrow(
        f"SELECT {CAMPAIGN} FROM campaigns WHERE id = $1 {'FOR NO KEY UPDATE' if lock else ''}",
        campaign_id,
    )
    return msgspec.convert(dict(row), Campaign) if row else None


async def recent_campaigns(
    scope: TenantScope, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Campaign]:
    rows = await scope.fetch(
        f"""
        SELECT {CAMPAIGN} FROM campaigns
        WHERE $1::timestamptz IS NULL OR (updated_at, id) < ($1, $2)
        ORDER BY updated_at DESC, id DESC LIMIT $3
        """,
        *(before or (None, None)),
        limit,
    )
    return [msgspec.convert(dict(row), Campaign) for row in rows]


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


async def lock_in_state(scope: TenantScope, campaign_id: UUID, state: str, how: str) -> bool:
    """Whether the campaign is in that state, and stays in it until this transaction ends. `how`: a lock's name."""
    found = await scope.fetchval(
        f"SELECT state FROM campaigns WHERE id = $1 FOR {how}", campaign_id
    )
    return bool(found == state)


async def lock_sending(scope: TenantScope, campaign_id: UUID) -> bool:
    """Whether it is being sent, paused or not. Statements after this one see what others did before they let go of it."""
    state = await scope.fetchval(
        "SELECT state FROM campaigns WHERE id = $1 FOR NO KEY UPDATE", campaign_id
    )
    return bool(state == "sending")


async def frozen_to(scope: TenantScope, campaign_id: UUID) -> UUID | None:
    """The last subscriber that a freeze has reached."""
    last: UUID | None = await scope.fetchval(
        "SELECT frozen_to FROM campaigns WHERE id = $1", campaign_id
    )
    return last


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


async def bodies_of(scope: TenantScope, campaign_id: UUID) -> dict[str, dict[str, str]]:
    bodies: dict[str, dict[str, str]] = await scope.fetchval(
        "SELECT bodies FROM campaigns WHERE id = $1", campaign_id
    )
    return bodies


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


async def suppress(
    scope: TenantScope, email_token: bytes, reason: str, campaign_id: UUID | None
) -> bool:
    """False where the address is suppressed already."""
    return (
        await scope.execute(
            """
        INSERT INTO suppressions (id, tenant_id, email_token, reason, campaign_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, email_token) DO NOTHING
        """,
            uuid7(),
            scope.tenant_id,
            email_token,
            reason,
            campaign_id,
            scope.now,
        )
        == 1
    )


async def is_suppressed(scope: TenantScope, email_token: bytes) -> bool:
    return bool(
        await scope.fetchval(
            "SELECT EXISTS (SELECT FROM suppressions WHERE email_token = $1)", email_token
        )
    )


async def add_consent(
    scope: TenantScope, email_token: bytes, event: str, *, text_version: str, channel: str
) -> None:
    await scope.execute(
        """
        INSERT INTO consents (id, tenant_id, email_token, event, text_version, channel, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        uuid7(),
        scope.tenant_id,
        email_token,
        event,
        text_version,
        channel,
        scope.now,
    )


async def mark_unsubscribed(scope: TenantScope, email_token: bytes) -> None:
    await scope.execute(
        """
        UPDATE subscribers SET state = 'unsubscribed', version = version + 1
        WHERE email_token = $1 AND state <> 'unsubscribed'
        """,
        email_token,
    )


async def email_of(scope: TenantScope, email_token: bytes) -> str | None:
    email: str | None = await scope.fetchval(
        "SELECT email FROM subscribers WHERE email_token = $1", email_token
    )
    return email


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


async def resting_freezes(scope: RelayScope) -> list[tuple[UUID, UUID]]:
    """(tenant, campaign) of those being frozen for which no task is waiting or at work."""
    rows = await scope.fetch(
        """
        SELECT c.tenant_id, c.id FROM campaigns c
        WHERE c.state = 'freezing' AND NOT EXISTS (
          SELECT FROM outbox o
          WHERE o.done_at IS NULL AND o.dead_at IS NULL
            AND o.tenant_id = c.tenant_id AND o.args ->> 'campaign_id' = c.id::text)
        ORDER BY c.started_at
        """
    )
    return [(row[0], row[1]) for row in rows]
