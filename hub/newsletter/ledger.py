"""Statements on deliveries: one row for each (campaign, address), from its freezing to its end.

    queued, retry ──claim──▶ sending ──record──▶ sent | retry | failed | in_doubt
                    └──────▶ suppressed               (the address unsubscribed after the freeze)

`due_at` is when a worker may take a row; for one that is `sending` it is the end of the lease. A worker that was
killed renews no lease: its rows are claimed again and sent again, since a campaign must reach everyone, and the same
Message-ID shows the few that arrive twice for what they are. `attempts` numbers the leases, so that a worker that
was only slow cannot record over the one that took its place.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import TenantScope
from hub.newsletter.queries import UUID7, matching
from hub.newsletter.schemas import Claimed, Outcome, Recipient, Unsent
from hub.newsletter.segments import AllOf


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
    scope: TenantScope, campaign_id: UUID, *, limit: int, lease: timedelta
) -> list[Claimed]:
    """Take rows that are due. Those whose address was suppressed since the freeze end here, in the same statement."""
    rows = await scope.fetch(
        """
        WITH due AS MATERIALIZED (
          SELECT d.id, EXISTS (
              SELECT FROM suppressions x
              WHERE x.tenant_id = d.tenant_id AND x.email_token = d.email_token) AS suppressed
          FROM deliveries d
          WHERE d.campaign_id = $1 AND d.state IN ('queued', 'retry', 'sending') AND d.due_at <= $2
          ORDER BY d.due_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
        )
        UPDATE deliveries d
        SET state = CASE WHEN due.suppressed THEN 'suppressed' ELSE 'sending' END,
          attempts = d.attempts + CASE WHEN due.suppressed THEN 0 ELSE 1 END,
          reply = CASE WHEN due.suppressed THEN NULL ELSE d.reply END,
          due_at = CASE WHEN due.suppressed THEN d.due_at ELSE $2 + $4 END, updated_at = $2
        FROM due WHERE d.id = due.id
        RETURNING d.id, d.attempts, d.state, d.email, d.email_token, d.name, d.locale
        """,
        campaign_id,
        scope.now,
        limit,
        lease,
    )
    return [
        Claimed(
            row["id"],
            row["attempts"],
            Recipient(row["email"], row["email_token"], row["name"], row["locale"]),
        )
        for row in rows
        if row["state"] == "sending"
    ]


async def renew(scope: TenantScope, claimed: Sequence[Claimed], lease: timedelta) -> None:
    await scope.execute(
        """
        UPDATE deliveries d SET due_at = $3
        FROM unnest($1::uuid[], $2::int[]) mine (id, attempts)
        WHERE d.id = mine.id AND d.attempts = mine.attempts AND d.state = 'sending'
        """,
        [row.id for row in claimed],
        [row.attempts for row in claimed],
        scope.now + lease,
    )


async def record(scope: TenantScope, outcomes: Sequence[Outcome]) -> int:
    """Returns how many were still ours to record."""
    return await scope.execute(
        """
        UPDATE deliveries d SET state = o.state, reply = o.reply, due_at = o.due_at, updated_at = $6
        FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[])
          o (id, attempts, state, reply, due_at)
        WHERE d.id = o.id AND d.attempts = o.attempts AND d.state = 'sending'
        """,
        [outcome.id for outcome in outcomes],
        [outcome.attempts for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [outcome.reply for outcome in outcomes],
        [outcome.due_at for outcome in outcomes],
        scope.now,
    )


async def next_due(scope: TenantScope, campaign_id: UUID) -> datetime | None:
    """When the next open delivery may be taken; None if all have ended."""
    due: datetime | None = await scope.fetchval(
        """
        SELECT due_at FROM deliveries
        WHERE campaign_id = $1 AND state IN ('queued', 'retry', 'sending') ORDER BY due_at LIMIT 1
        """,
        campaign_id,
    )
    return due


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
