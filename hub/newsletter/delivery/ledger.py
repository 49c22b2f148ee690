"""Statements on deliveries: one row for each (campaign, address), from its freezing to its end.

    queued, retry ──claim──▶ sending ──record──▶ sent | retry | failed | in_doubt
                    └──────▶ suppressed               (the address unsubscribed after the freeze)
    sending ──give back──▶ queued                     (it never was on the wire)
    in_doubt ──record──▶ sent | …                     (its worker came back with the answer)
             └─resend──▶ queued                       (the campaign's policy, or a person)

`holder` is the worker that claimed a row and `attempts` numbers the claims, so that a worker that was only slow cannot
record over the one that took its place. No lease and no clock: whether a holder still lives is `holders.py`'s business.

Rows that a statement has locked are written by their place (`ctid`), and found by their id alone: a plan by index whatever
the planner believes of a campaign that began after its last statistics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import RelayScope, TenantScope
from hub.mail.replies import LONGEST_PAUSE
from hub.newsletter.queries import UUID7, matching
from hub.newsletter.schemas import MOST_RESENDS, Claimed, Outcome, Recipient
from hub.newsletter.segments import AllOf

# So many claimed rows are read at once: to read all of them would hold up the connections for longer than what they
# have on the wire lasts.
_PART = 100
# The cause of a doubt where the worker is gone, in the words of `hub/mail/replies.py`.
LOST_WORKER = "worker_lost"


async def freeze_chunk(
    scope: TenantScope, campaign_id: UUID, segment: AllOf, *, after: UUID, limit: int
) -> UUID | None:
    """Add the next subscribers of the segment by id; returns the last one's, or None at the end.

    Doing a chunk again adds nothing, so a freeze that was interrupted simply begins again.
    """
    source, args = matching(segment, first=6, after=4)
    last: UUID | None = await scope.fetchval(
        f"""
        WITH chunk AS MATERIALIZED (
          SELECT s.id, s.email, s.email_token, s.name, s.locale {source}
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
    rows = scope.cursor(
        """
        WITH due AS MATERIALIZED (
          SELECT d.ctid AS place, EXISTS (
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
          tried_since = least(d.tried_since, $2),
          reply = NULL, cause = NULL, updated_at = $2
        FROM due WHERE d.ctid = due.place
        RETURNING d.id, d.attempts, d.tries, nullif(d.tried_since, $2), due.suppressed,
          d.email, d.email_token, d.name, d.locale
        """,
        campaign_id,
        scope.now,
        limit,
        holder,
        prefetch=_PART,
    )
    taken, looked_at = [], 0
    async for row in rows:
        looked_at += 1
        delivery_id, attempts, tries, since, suppressed, email, token, name, locale = row
        if not suppressed:
            recipient = Recipient(email, token, name, locale)
            taken.append(Claimed(delivery_id, attempts, tries, since or scope.now, recipient))
    return taken, looked_at


async def record(scope: TenantScope, campaign_id: UUID, outcomes: Sequence[Outcome]) -> None:
    """Those that are still ours to record. Recording the same again changes nothing.

    `attempts` is the fence: nobody has claimed the row since. So a late answer also settles a doubt, and spares a
    message that was only waiting to be sent again; a doubt that comes late says nothing new about such a one.
    """
    if outcomes and await _record(scope, outcomes) < len(outcomes):
        # A row that another transaction changed just now is only found by a second statement, which sees that change.
        await _record(scope, outcomes)
    due = [outcome.due_at for outcome in outcomes if outcome.state in ("queued", "retry")]
    if due:
        await _wants_another_turn(scope, campaign_id, min(due))


async def _record(scope: TenantScope, outcomes: Sequence[Outcome]) -> int:
    return await scope.execute(
        """
        UPDATE deliveries d
        SET state = o.state, cause = o.cause, reply = o.reply, due_at = o.due_at, updated_at = $7,
          tried_since = CASE WHEN o.state <> 'queued' OR d.tries > 0 THEN d.tried_since END,
          tries = d.tries + CASE WHEN o.state <> 'queued' AND d.state = 'sending' THEN 1 ELSE 0 END,
          doubts = d.doubts + CASE WHEN o.state = 'in_doubt' AND d.state <> 'in_doubt' THEN 1 ELSE 0 END
        FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
          o (id, attempts, state, cause, reply, due_at)
        CROSS JOIN LATERAL (
          SELECT f.ctid AS place FROM deliveries f
          WHERE f.id = o.id AND f.attempts = o.attempts
            AND (f.state IN ('sending', 'in_doubt')
              OR f.state IN ('queued', 'retry') AND o.state <> 'in_doubt'
                AND (o.state = 'sent' OR f.holder IS NOT NULL))
          FOR UPDATE
        ) found
        WHERE d.ctid = found.place
        """,
        *zip(*outcomes, strict=True),  # an array a field, in their order
        scope.now,
    )


async def release(
    scope: TenantScope, campaign_id: UUID, holder: UUID, *, but: Sequence[UUID]
) -> int:
    """What this holder claimed and is known never to have begun may be taken by others; `but` these."""
    released = await scope.execute(
        """
        UPDATE deliveries
        SET state = 'queued', cause = NULL, due_at = $3, updated_at = $3,
          tried_since = CASE WHEN tries > 0 THEN tried_since END
        WHERE campaign_id = $1 AND holder = $2 AND NOT id = ANY($4)
          AND (state = 'sending' OR state = 'in_doubt' AND cause = $5)
        """,
        campaign_id,
        holder,
        scope.now,
        but,
        LOST_WORKER,
    )
    if released:
        await _wants_another_turn(scope, campaign_id, scope.now)
    return released


async def doubt(scope: TenantScope, campaign_id: UUID, holder: UUID) -> int:
    """The holder is gone, and with it what it knew: each of its messages may have been sent."""
    doubted = await scope.execute(
        """
        UPDATE deliveries
        SET state = 'in_doubt', cause = $4, doubts = doubts + 1, tries = tries + 1, updated_at = $3
        WHERE campaign_id = $1 AND holder = $2 AND state = 'sending'
        """,
        campaign_id,
        holder,
        scope.now,
        LOST_WORKER,
    )
    if doubted:
        await _wants_another_turn(scope, campaign_id, scope.now)
    return doubted


async def _wants_another_turn(scope: TenantScope, campaign_id: UUID, due_at: datetime) -> None:
    """Also where it had ended already, because what is queued now was in doubt then."""
    await scope.execute(
        """
        UPDATE campaigns SET due_at = least(due_at, $2),
          finished_at = CASE WHEN state <> 'sent' THEN finished_at END,
          state = CASE WHEN state = 'sent' THEN 'sending' ELSE state END
        WHERE id = $1
        """,
        campaign_id,
        due_at,
    )


async def resend_doubtful(scope: TenantScope, campaign_id: UUID, *, older_than: datetime) -> int:
    """Under the policy `resend`: queue again what has been in doubt for a while, so that a late answer comes first."""
    return await scope.execute(
        """
        UPDATE deliveries d SET state = 'queued', due_at = $2, updated_at = $2
        FROM (
          SELECT id FROM deliveries
          WHERE campaign_id = $1 AND state = 'in_doubt' AND updated_at <= $3 AND doubts <= $4
            AND (SELECT on_doubt = 'resend' AND state = 'sending' FROM campaigns WHERE id = $1)
          FOR UPDATE SKIP LOCKED
        ) doubtful WHERE d.id = doubtful.id
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


async def pull_back(scope: TenantScope, campaign_id: UUID, *, farther_than: timedelta) -> int:
    """Make rows due that lie farther ahead than any pause: the clock was set back since they were written."""
    return await scope.execute(
        """
        UPDATE deliveries SET due_at = $2, updated_at = $2
        WHERE campaign_id = $1 AND (state = 'queued' AND due_at > $3 OR state = 'retry' AND due_at > $4)
        """,
        campaign_id,
        scope.now,
        scope.now + farther_than,
        scope.now + farther_than + LONGEST_PAUSE,
    )


async def look_again(scope: TenantScope, campaign_id: UUID, pause: timedelta) -> None:
    """Set when a worker should come back to the campaign."""
    await scope.execute(
        "UPDATE campaigns SET due_at = $2 WHERE id = $1 AND state = 'sending'",
        campaign_id,
        scope.now + pause,
    )


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A campaign of which a worker may hold something."""

    tenant_id: UUID
    id: UUID
    is_sending: bool
    """Neither paused nor cancelled."""
    due_at: datetime


async def campaigns_under_way(scope: RelayScope, *, ended_too: bool = False) -> list[UnderWay]:
    """Those being sent, the oldest first; with `ended_too` also those of the last month, which may hold a dead one's rows."""
    rows = await scope.fetch(
        """
        SELECT tenant_id, id, state = 'sending' AND paused_at IS NULL, coalesce(due_at, $1)
        FROM campaigns
        WHERE state = 'sending'
          OR $2 AND finished_at > $1::timestamptz - interval '30 days'
        ORDER BY started_at, id
        """,
        scope.now,
        ended_too,
    )
    return [UnderWay(*row) for row in rows]
