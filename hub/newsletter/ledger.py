"""Statements on deliveries: one row for each (campaign, address), from its freezing to its end.

    queued, retry ──claim──▶ sending ──record──▶ sent | retry | failed | in_doubt
                    └──────▶ suppressed               (the address unsubscribed after the freeze)
    sending ──give back──▶ queued                     (it never was on the wire)
    in_doubt ──record──▶ sent | …                     (its worker came back with the answer)
             └─resend──▶ queued                       (the campaign's policy, or a person)

`holder` is the worker that claimed a row and `attempts` numbers the claims, so that a worker that was only slow cannot
record over the one that took its place. No lease and no clock: whether a holder still lives is `holders.py`'s business.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import TenantScope
from hub.newsletter.queries import UUID7, matching
from hub.newsletter.schemas import MOST_RESENDS, Claimed, Outcome, Recipient, Unsent
from hub.newsletter.segments import AllOf

# The cause of a doubt where the worker is gone, in the words of `hub/mail/replies.py`.
LOST_WORKER = "worker_lost"


async def freeze_chunk(
    scope: TenantScope, campaign_id: UUID, segment: AllOf, *, after: UUID, limit: int
) -> UUID | None:
    """Add the next subscribers of the segment by id; returns the last one's, or None at the end.

    Doing a chunk again adds nothing, so a freeze that was interrupted simply begins again.
    """
    source, args = matching(segment, first=6)
    last: UUID | None = await scope.fetchval(
        f"""
        WITH chunk AS MATERIALIZED (
          SELECT s.id, s.email, s.email_token, s.name, s.locale {source} AND s.id > $4
          ORDER BY s.id LIMIT $5
        ), added AS (
          INSERT INTO deliveries (id, tenant_id, campaign_id, email, email_token, name, locale,
            state, due_at, updated_at)
          SELECT {UUID7.format("$3")}, $1, $2, email, email_token, name, locale, 'queued', $3, $3
          FROM chunk ON CONFLICT (tenant_id, campaign_id, email) DO NOTHING
        )
        SELECT id FROM chunk ORDER BY id DESC LIMIT 1
        """,
        scope.tenant_id,
        campaign_id,
        scope.now,
        after,
        limit,
        *args,
    )
    return last


async def claim(
    scope: TenantScope, campaign_id: UUID, holder: UUID, *, limit: int
) -> tuple[list[Claimed], int]:
    """Take rows that are due, while the campaign is being sent; also returns how many rows were looked at.

    Those whose address was suppressed since the freeze end here, in the same statement.
    """
    rows = await scope.fetch(
        """
        WITH due AS MATERIALIZED (
          SELECT d.id, EXISTS (
              SELECT FROM suppressions x
              WHERE x.tenant_id = d.tenant_id AND x.email_token = d.email_token) AS suppressed
          FROM deliveries d
          WHERE d.campaign_id = $1 AND d.state IN ('queued', 'retry') AND d.due_at <= $2
            AND (SELECT c.state = 'sending' AND c.paused_at IS NULL FROM campaigns c WHERE c.id = $1)
          ORDER BY d.due_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
        )
        UPDATE deliveries d
        SET state = CASE WHEN due.suppressed THEN 'suppressed' ELSE 'sending' END,
          attempts = d.attempts + CASE WHEN due.suppressed THEN 0 ELSE 1 END,
          holder = CASE WHEN NOT due.suppressed THEN $4::uuid END,
          reply = NULL, cause = NULL, updated_at = $2
        FROM due WHERE d.id = due.id
        RETURNING d.id, d.attempts, d.holder, d.email, d.email_token, d.name, d.locale
        """,
        campaign_id,
        scope.now,
        limit,
        holder,
    )
    taken = [
        Claimed(delivery_id, attempts, Recipient(email, token, name, locale))
        for delivery_id, attempts, held_by, email, token, name, locale in rows
        if held_by is not None
    ]
    return taken, len(rows)


async def record(scope: TenantScope, campaign_id: UUID, outcomes: Sequence[Outcome]) -> int:
    """Returns how many were still ours to record. Recording the same again changes nothing.

    `attempts` is the fence: nobody has claimed the row since. So a late answer also settles a doubt, and spares a
    message that was only waiting to be sent again.
    """
    changed = await scope.execute(
        """
        UPDATE deliveries d
        SET state = o.state, cause = o.cause, reply = o.reply, due_at = o.due_at, updated_at = $8,
          doubts = d.doubts + CASE WHEN o.state = 'in_doubt' AND d.state <> 'in_doubt' THEN 1 ELSE 0 END
        FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
          o (id, attempts, state, cause, reply, due_at)
        WHERE d.id = o.id AND d.campaign_id = $1 AND d.attempts = o.attempts
          AND d.state IN ('sending', 'in_doubt', 'queued', 'retry')
        """,
        campaign_id,
        [outcome.id for outcome in outcomes],
        [outcome.attempts for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [outcome.cause for outcome in outcomes],
        [outcome.reply for outcome in outcomes],
        [outcome.due_at for outcome in outcomes],
        scope.now,
    )
    due = [outcome.due_at for outcome in outcomes if outcome.state in ("queued", "retry")]
    if due:
        await scope.execute(
            "UPDATE campaigns SET due_at = least(due_at, $2) WHERE id = $1", campaign_id, min(due)
        )
    return changed


async def held_by(scope: TenantScope, campaign_id: UUID, holder: UUID) -> list[tuple[UUID, int]]:
    """Id and attempt of every row of the campaign that this worker holds."""
    rows = await scope.fetch(
        "SELECT id, attempts FROM deliveries WHERE campaign_id = $1 AND holder = $2 AND state = 'sending'",
        campaign_id,
        holder,
    )
    return [(row[0], row[1]) for row in rows]


async def release(scope: TenantScope, campaign_id: UUID, holder: UUID) -> int:
    """The holder is gone, and is known never to have begun what it still holds: others may take it."""
    return await _take_from(scope, campaign_id, holder, "state = 'queued', due_at = $3")


async def doubt(scope: TenantScope, campaign_id: UUID, holder: UUID) -> int:
    """The holder is gone, and with it what it knew: each of its messages may have been sent."""
    return await _take_from(
        scope,
        campaign_id,
        holder,
        f"state = 'in_doubt', cause = '{LOST_WORKER}', doubts = doubts + 1",
    )


async def _take_from(scope: TenantScope, campaign_id: UUID, holder: UUID, change: str) -> int:
    taken = await scope.execute(
        f"""
        UPDATE deliveries SET {change}, updated_at = $3
        WHERE campaign_id = $1 AND holder = $2 AND state = 'sending'
        """,
        campaign_id,
        holder,
        scope.now,
    )
    if taken:
        await scope.execute(
            "UPDATE campaigns SET due_at = least(due_at, $2) WHERE id = $1", campaign_id, scope.now
        )
    return taken


async def resend_doubtful(scope: TenantScope, campaign_id: UUID, *, older_than: datetime) -> int:
    """Under the policy `resend`: queue again what has been in doubt for a while, so that a late answer comes first."""
    return await scope.execute(
        """
        UPDATE deliveries SET state = 'queued', due_at = $2, updated_at = $2
        WHERE campaign_id = $1 AND state = 'in_doubt' AND updated_at <= $3 AND doubts <= $4
        """,
        campaign_id,
        scope.now,
        older_than,
        MOST_RESENDS,
    )


async def next_due(scope: TenantScope, campaign_id: UUID) -> datetime | None:
    """When the next waiting delivery may be taken; None if none is waiting."""
    due: datetime | None = await scope.fetchval(
        """
        SELECT due_at FROM deliveries
        WHERE campaign_id = $1 AND state IN ('queued', 'retry') ORDER BY due_at LIMIT 1
        """,
        campaign_id,
    )
    return due


async def look_again(scope: TenantScope, campaign_id: UUID, pause: timedelta) -> None:
    """Set when a worker should come back to the campaign."""
    await scope.execute(
        "UPDATE campaigns SET due_at = $2 WHERE id = $1", campaign_id, scope.now + pause
    )
async def unsent(
    scope: TenantScope, campaign_id: UUID, state: str, *, after: UUID | None, limit: int
) -> list[Unsent]:
    """Those of one state, by id."""
    rows = await scope.fetch(
        """
        SELECT id, email, name, state, reply, attempts, due_at FROM deliveries
        WHERE campaign_id = $1 AND state = $2 AND ($3::uuid IS NULL OR id > $3)
        ORDER BY id LIMIT $4
        """,
        campaign_id,
        state,
        after,
        limit,
    )
    return [Unsent(*row) for row in rows]
