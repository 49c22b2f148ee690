"""A campaign's ledger as workers would have left it, without any mail being sent."""

from __future__ import annotations

from uuid import UUID

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.newsletter import course
from hub.newsletter.schemas import DELIVERY_STATES
from tests.factories import Member, unique
from tests.newsletter.making import make_campaign
from tests.support.databases import Database, connected


async def make_ledger(
    editor: Member,
    *rows: tuple[int, str, str | None],
    state: str = "sending",
    on_doubt: str = "ask",
) -> UUID:
    """A campaign with so many deliveries of each (count, state, cause)."""
    campaign_id = await make_campaign(editor)
    total = sum(count for count, _state, _cause in rows)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            """
            UPDATE campaigns SET state = $2, bodies = '{}', started_at = $3, started_by = $4,
              expected = $5, recipients = $5, due_at = $3, on_doubt = $6,
              finished_at = CASE WHEN $2 = 'sent' THEN $3::timestamptz END
            WHERE id = $1
            """,
            campaign_id,
            state,
            scope.now,
            editor.membership_id,
            total,
            on_doubt,
        )
    for count, row_state, cause in rows:
        await add_rows(editor, campaign_id, count, row_state, cause)
    return campaign_id


async def add_rows(
    editor: Member, campaign_id: UUID, count: int, state: str, cause: str | None = None
) -> list[UUID]:
    """Rows as a refusal, a doubt, a retry … leaves them; in doubt once where they are in doubt."""
    ids = [uuid7() for _ in range(count)]
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.executemany(
            """
            INSERT INTO deliveries (id, tenant_id, campaign_id, email, email_token, name, locale,
              state, cause, reply, attempts, doubts, due_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, 'Rosa Bianchi', 'it', $6, $7, $8, 1, $9, $10, $10)
            """,
            [
                (
                    delivery_id,
                    editor.tenant.id,
                    campaign_id,
                    f"{unique('reader')}@example.org",
                    delivery_id.bytes,
                    state,
                    cause,
                    "550 5.1.1 no such user" if state == "failed" else None,
                    int(state == "in_doubt"),
                    scope.now,
                )
                for delivery_id in ids
            ],
        )
    return ids


async def end_rows(editor: Member, campaign_id: UUID, was: str, state: str) -> None:
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            "UPDATE deliveries SET state = $3, updated_at = $4 WHERE campaign_id = $1 AND state = $2",
            campaign_id,
            was,
            state,
            scope.now,
        )


async def end_campaign(editor: Member, campaign_id: UUID) -> bool:
    async with tenant_transaction(editor.tenant.id) as scope:
        return await course.mark_sent(scope, campaign_id)


async def false_tallies(database: Database) -> list[tuple[UUID, str, int, int]]:
    """(campaign, state, kept, counted) wherever the sums of delivery_tallies differ from a count, in all campaigns."""
    kept = " UNION ALL ".join(
        f"SELECT campaign_id, '{state}' AS state, sum({state}) AS number FROM delivery_tallies GROUP BY 1"
        for state in DELIVERY_STATES
    )
    async with connected(database.superuser_url) as superuser:
        rows = await superuser.fetch(
            f"""
            SELECT campaign_id, state, coalesce(kept.number, 0), coalesce(counted.number, 0)
            FROM ({kept}) kept FULL JOIN (
              SELECT campaign_id, state, count(*) AS number FROM deliveries GROUP BY 1, 2
            ) counted USING (campaign_id, state)
            WHERE coalesce(kept.number, 0) <> coalesce(counted.number, 0)
            """
        )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
