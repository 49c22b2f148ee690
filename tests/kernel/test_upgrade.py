"""A hub that was in use before it learnt to account for each delivery: its campaigns go on where they were."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from piccolo.apps.migrations.commands.forwards import run_forwards

from hub import mail
from hub.config import Settings
from hub.crypto import email_token
from hub.db import ENGINE, close_pool, open_pool, tenant_transaction
from hub.embedded import postgres
from hub.ids import uuid7
from hub.newsletter import queries
from hub.newsletter.delivery import tallies
from hub.newsletter.delivery.letter import compile_bodies
from hub.newsletter.delivery.sender import send_what_is_due
from hub.newsletter.schemas import Campaign, Publisher
from hub.schema import migrate
from tests.newsletter.delivery.ledger_rows import false_tallies
from tests.newsletter.making import draft
from tests.support.databases import PASSWORDS, Connection, Database, connected, named
from tests.support.servers import Servers
from tests.support.smtp_sink import SmtpSink

BEFORE = "2026-11-22T23:00:00:000004"
STARTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EVERY_STATE = {
    "queued": 4,
    "sending": 3,
    "retry": 2,
    "sent": 5,
    "suppressed": 1,
    "failed": 1,
    "in_doubt": 1,
}


@pytest.fixture
async def old_database(servers: Servers, db: Database) -> AsyncIterator[Database]:
    """At the schema of the version before; nothing of what the tables of today's version are is known there."""
    old = named(servers.postgres, f"{db.name}_old")
    async with connected(servers.postgres) as superuser:
        await postgres.prepare(superuser, PASSWORDS, old.name)
    with ENGINE.as_owner(old.owner_url), redirect_stdout(io.StringIO()):
        assert (await run_forwards("hub", migration_id=BEFORE)).success
    await close_pool()
    await open_pool(old.worker_url)
    yield old
    await close_pool()
    await open_pool(db.worker_url)
    async with connected(servers.postgres) as superuser:
        await superuser.execute(f"DROP DATABASE {old.name} WITH (FORCE)")


async def publisher(superuser: Connection) -> UUID:
    tenant_id = uuid7()
    # Only who its editor is, is not of interest here: references to a membership are not followed up.
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(
        """
        INSERT INTO tenants (id, name, name_search, kinds, state, created_at)
        VALUES ($1, 'Ente', 'ente', '{coordinator}', 'active', $2)
        """,
        tenant_id,
        STARTED,
    )
    return tenant_id


async def campaign(
    superuser: Connection, tenant_id: UUID, rows: dict[str, int], *, state: str = "sending"
) -> UUID:
    campaign_id, content = uuid7(), draft()
    bodies = compile_bodies(content, Publisher(tenant_id, "Ente", None, None, "it"))
    total = sum(rows.values())
    await superuser.execute(
        """
        INSERT INTO campaigns (id, tenant_id, subject, blocks, segment, state, bodies, recipients, created_at,
          created_by, updated_at, started_at, started_by, finished_at)
        VALUES ($1, $2, 'Prima', $3::text::jsonb, $4::text::jsonb, $5, $6::text::jsonb, $7, $8, $2, $8,
          CASE WHEN $5 <> 'draft' THEN $8::timestamptz END, $2, CASE WHEN $5 = 'sent' THEN $8::timestamptz END)
        """,
        campaign_id,
        tenant_id,
        *(msgspec.json.encode(part).decode() for part in (content.blocks, content.segment)),
        state,
        msgspec.json.encode(bodies).decode() if rows else None,
        total if rows else None,
        STARTED,
    )
    for name, count in rows.items():
        for number in range(count):
            address = f"{name}{number}@example.org"
            await superuser.execute(
                """
                INSERT INTO deliveries (id, tenant_id, campaign_id, email, email_token, name, locale, state,
                  attempts, due_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, 'Rosa', 'it', $6, $7, $8, $9)
                """,
                uuid7(),
                tenant_id,
                campaign_id,
                address,
                email_token(address),
                name,
                int(name != "queued"),
                # The lease of a worker that is at work reaches into the future.
                datetime.now(UTC) + timedelta(minutes=10) if name == "sending" else STARTED,
                STARTED,
            )
    return campaign_id


async def counted(tenant_id: UUID, campaign_id: UUID) -> dict[str, int]:
    async with tenant_transaction(tenant_id) as scope:
        counts = await tallies.counts_of(scope, [campaign_id])
    return counts[campaign_id].by_state


async def load(tenant_id: UUID, campaign_id: UUID) -> Campaign:
    async with tenant_transaction(tenant_id) as scope:
        found = await queries.campaign(scope, campaign_id)
    assert found
    return found


async def test_what_was_under_way_goes_on(
    old_database: Database, settings: Settings, smtp_sink: SmtpSink
) -> None:
    async with connected(old_database.superuser_url) as superuser:
        tenant_id, other_id = await publisher(superuser), await publisher(superuser)
        under_way = await campaign(superuser, tenant_id, EVERY_STATE)
        ended = await campaign(superuser, other_id, {"sent": 3, "failed": 1}, state="sent")
        unfinished = await campaign(superuser, other_id, {}, state="draft")
    await migrate(old_database.owner_url)

    assert await counted(tenant_id, under_way) == {
        "queued": 4,
        "retry": 2,
        "sent": 5,
        "suppressed": 1,
        "failed": 1,
        "in_doubt": 1 + EVERY_STATE["sending"],
    }, "whoever was being written to may have got it"
    assert await counted(other_id, ended) == {"sent": 3, "failed": 1}
    assert await false_tallies(old_database) == []
    async with tenant_transaction(tenant_id) as scope:
        doubts = await scope.fetch(
            "SELECT cause, doubts FROM deliveries WHERE email LIKE 'sending%' AND state = 'in_doubt'"
        )
    assert {tuple(row) for row in doubts} == {("worker_lost", 1)}
    assert (await load(tenant_id, under_way)).expected == sum(EVERY_STATE.values())
    assert (await load(other_id, unfinished)).state == "draft"

    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    await send_what_is_due()
    assert sorted(address for message in smtp_sink.messages for address in message.recipients) == [
        *(f"queued{number}@example.org" for number in range(4)),
        *(f"retry{number}@example.org" for number in range(2)),
    ]
    assert (await load(tenant_id, under_way)).state == "sent"
    assert (await load(other_id, ended)).state == "sent"
    assert await false_tallies(old_database) == []


async def test_row_security_is_forced_again(old_database: Database) -> None:
    async with connected(old_database.superuser_url) as superuser:
        tenant_id = await publisher(superuser)
        campaign_id = await campaign(superuser, tenant_id, EVERY_STATE)
        await migrate(old_database.owner_url)
        forced = await superuser.fetch(
            "SELECT relname FROM pg_class WHERE relname IN ('campaigns', 'deliveries', 'delivery_tallies')"
            " AND relrowsecurity AND relforcerowsecurity ORDER BY 1"
        )
    assert [row[0] for row in forced] == ["campaigns", "deliveries", "delivery_tallies"]
    async with connected(old_database.owner_url) as owner:
        assert await owner.fetchval("SELECT count(*) FROM deliveries") == 0
    async with tenant_transaction(uuid7()) as scope:
        assert await queries.campaign(scope, campaign_id) is None, "a stranger's"
