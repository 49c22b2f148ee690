"""Statements on campaigns as they are written and read, and on the subscribers that a segment reaches.

What becomes of a campaign stands in `course.py`, of its deliveries in `delivery/ledger.py` and `unsent.py`; who
wants no mail in `consents.py`, who belongs to the network in `people.py`.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.errors import NotFound
from hub.newsletter.schemas import Campaign, Draft, Publisher, Recipient
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


async def bodies_of(scope: TenantScope, campaign_id: UUID) -> dict[str, dict[str, str]]:
    bodies: dict[str, dict[str, str]] = await scope.fetchval(
        "SELECT bodies FROM campaigns WHERE id = $1", campaign_id
    )
    return bodies
