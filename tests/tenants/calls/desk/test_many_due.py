"""Reminders of ten thousand applications: in parts, each once, whoever else looks at the same moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock
from hub.db import TenantScope, tenant_transaction
from hub.tenants.calls.desk import due
from tests.factories import Member, Tenant
from tests.support.databases import Database, connected
from tests.tenants.calls.making import make_call, make_ente

MANY, PART, EVERY_NTH_DUE = 10_000, 3_000, 2
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Take = Callable[[TenantScope], Awaitable[list[UUID]]]


@pytest.fixture
async def ente(db: Database) -> tuple[Tenant, Member]:
    """With a call that closes within the day, and many applications of which every other is due."""
    tenant, admin = await make_ente()
    call_id = await make_call(tenant, closes_at=clock.now() + 12 * HOUR)
    async with connected(db.superuser_url) as superuser, superuser.transaction():
        await superuser.execute(
            """
            INSERT INTO applications (id, tenant_id, call_id, email, answers, created_at, updated_at, reminded_at)
            SELECT gen_random_uuid(), $1, $2, n || '@example.org', '{"contacts": {"phone": ["081"]}}', $3, $3,
              CASE WHEN n % $4 <> 0 THEN $5::timestamptz END
            FROM generate_series(1, $6::int) n
            """,
            tenant.id,
            call_id,
            clock.now() - 10 * DAY,
            EVERY_NTH_DUE,
            clock.now(),
            MANY,
        )
        await superuser.execute("ANALYZE applications")
    return tenant, admin


async def take_drafts(scope: TenantScope) -> list[UUID]:
    return await due.drafts(scope, (7 * DAY, DAY), limit=PART)


async def take_requests(scope: TenantScope) -> list[UUID]:
    return [request_id for _, request_id in await due.requests(scope, 2 * DAY, limit=PART)]


async def in_parts(tenant: Tenant, take: Take) -> list[list[UUID]]:
    parts: list[list[UUID]] = []
    while not parts or parts[-1]:
        async with tenant_transaction(tenant.id) as scope:
            parts.append(await take(scope))
    return parts


async def reminded(database: Database, tenant: Tenant, table: str) -> set[UUID]:
    async with connected(database.superuser_url) as superuser:
        rows = await superuser.fetch(
            f"SELECT id FROM {table} WHERE tenant_id = $1 AND reminded_at IS NOT NULL", tenant.id
        )
    return {row[0] for row in rows}


async def ask_completions(database: Database, tenant: Tenant, admin: Member) -> None:
    """Of every application, with one day left; every other was reminded of it."""
    async with connected(database.superuser_url) as superuser, superuser.transaction():
        await superuser.execute(
            """
            UPDATE applications SET state = 'submitted', reminded_at = NULL, content = '{}', content_hash = '',
              organisation_name = 'A', host_kind = 'other', fiscal_code = id::text, region_code = '15',
              protocol_year = 2026, protocol_number = numbered.n, submitted_at = $2
            FROM (SELECT id AS known, row_number() OVER (ORDER BY id) AS n FROM applications WHERE tenant_id = $1)
              numbered
            WHERE numbered.known = id
            """,
            tenant.id,
            clock.now() - 9 * DAY,
        )
        await superuser.execute(
            """
            INSERT INTO application_completions (id, tenant_id, application_id, asked_at, asked_by, request, due_at,
              reminded_at)
            SELECT gen_random_uuid(), $1, id, $2, $3, 'Manca la firma.', $4,
              CASE WHEN protocol_number % $5 <> 0 THEN $6::timestamptz END
            FROM applications WHERE tenant_id = $1
            """,
            tenant.id,
            clock.now() - 8 * DAY,
            admin.membership_id,
            clock.now() + DAY,
            EVERY_NTH_DUE,
            clock.now(),
        )
        await superuser.execute("ANALYZE applications, application_completions")


BOTH = pytest.mark.parametrize(
    ("table", "take"), [("applications", take_drafts), ("application_completions", take_requests)]
)


@BOTH
async def test_each_is_reminded_once(
    db: Database, ente: tuple[Tenant, Member], table: str, take: Take
) -> None:
    tenant, admin = ente
    if table == "application_completions":
        await ask_completions(db, tenant, admin)
    before = await reminded(db, tenant, table)
    assert len(before) == MANY - MANY // EVERY_NTH_DUE
    parts = await in_parts(tenant, take)
    assert [len(part) for part in parts] == [3_000, 2_000, 0]
    taken = [one for part in parts for one in part]
    assert len(taken) == len(set(taken))
    assert not before & set(taken)
    assert len(await reminded(db, tenant, table)) == MANY


@BOTH
async def test_what_somebody_holds_is_left_to_the_next_time(
    db: Database, ente: tuple[Tenant, Member], table: str, take: Take
) -> None:
    tenant, admin = ente
    if table == "application_completions":
        await ask_completions(db, tenant, admin)
    async with connected(db.superuser_url) as holder, holder.transaction():
        rows = await holder.fetch(
            f"SELECT id FROM {table} WHERE tenant_id = $1 AND reminded_at IS NULL ORDER BY id LIMIT 10 FOR UPDATE",
            tenant.id,
        )
        held = {row[0] for row in rows}
        taken = {one for part in await in_parts(tenant, take) for one in part}
    assert len(held) == 10
    assert not held & taken
    assert len(taken) == MANY // EVERY_NTH_DUE - 10
    async with tenant_transaction(tenant.id) as scope:
        assert set(await take(scope)) == held
