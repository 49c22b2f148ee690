"""The desk asks as much of the database with ten thousand applications and many calls as with none."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from hub.db import TenantScope, tenant_transaction
from hub.tenants.calls.desk import due, queries, service
from hub.tenants.calls.desk.remind import BEFORE_CLOSING, BEFORE_TERM
from tests.factories import Member, make_membership
from tests.support.databases import Database, connected
from tests.tenants.calls.making import make_call, make_ente

MANY = 10_000
# Protocol numbers are unique within a year.
_years = itertools.count()
CROWD = """
WITH made AS (
  INSERT INTO applications (id, tenant_id, call_id, email, state, content, content_hash, organisation_name,
    host_kind, fiscal_code, municipality_code, region_code, protocol_year, protocol_number, submitted_at,
    created_at, updated_at)
  SELECT gen_random_uuid(), $1, $2, n || '@example.org', 'submitted', '{}', '', 'Comune ' || n, 'municipality',
    lpad(n::text, 11, '0'), '063049', '15', 2000 + $5::int, n, now(), now(), now()
  FROM generate_series(1, $4::int) n RETURNING id
), desks AS (
  INSERT INTO application_desks (id, tenant_id, application_id, position, name, municipality_code, address,
    opening_hours, staff)
  SELECT gen_random_uuid(), $1, id, 1, 'Sportello', '063049', 'Via Roma 1', 'lun', 1 FROM made
)
INSERT INTO evaluations (id, tenant_id, call_id, application_id, membership_id, ordinal, assigned_at)
SELECT gen_random_uuid(), $1, $2, id, $3, 1, now() - interval '30 days' FROM made
"""


class Asking:
    """Stands for a scope, and keeps what is asked."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self.tenant_id = scope.tenant_id
        self.now = scope.now
        self.asked: list[str] = []

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        self.asked.append(sql)
        return await self._scope.fetch(sql, *args)


class Planning(Asking):
    """Keeps the plans instead, and answers as if there was nothing."""

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        rows = await self._scope.fetch(f"EXPLAIN {sql}", *args)
        self.asked.append("\n".join(row[0] for row in rows))
        return []


@asynccontextmanager
async def asking(tenant: UUID, kind: type[Asking] = Asking) -> AsyncIterator[Any]:
    async with tenant_transaction(tenant) as scope:
        yield kind(scope)


async def fill(database: Database, admin: Member, calls: list[UUID], each: int) -> None:
    async with connected(database.superuser_url) as superuser, superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        for call_id in calls:
            await superuser.execute(
                CROWD, admin.tenant.id, call_id, admin.membership_id, each, next(_years)
            )
            await superuser.execute(
                "INSERT INTO call_evaluators (id, tenant_id, call_id, membership_id, named_at, named_by)"
                " VALUES (gen_random_uuid(), $1, $2, $3, now(), $3)",
                admin.tenant.id,
                call_id,
                admin.membership_id,
            )


@pytest.mark.timeout(120)
async def test_the_number_of_statements_is_fixed(own_database: Database) -> None:
    ente, admin = await make_ente()
    async with asking(ente.id) as scope:
        await service.look_at(scope, admin.actor, None)
        with_none = scope.asked
    calls = [await make_call(ente, state="evaluating") for _ in range(20)]
    calls += [await make_call(ente, state="decided") for _ in range(5)]
    calls += [await make_call(ente, state="draft") for _ in range(5)]
    await fill(own_database, admin, calls[:1], MANY)
    await fill(own_database, admin, calls[1:4], 10)

    async with asking(ente.id) as scope:
        desk = await service.look_at(scope, admin.actor, None)

    assert len(scope.asked) == len(with_none) == 8
    assert len(desk.running) == 25
    assert len(desk.decided) == 5
    largest = next(view for view in desk.running if view.call.id == calls[0])
    assert largest.by_state == {"submitted": MANY}
    assert [(one.open, one.overdue) for one in largest.waiting.evaluators] == [(MANY, MANY)]
    assert largest.waiting.unassigned == MANY
    assert next(p for p in desk.provinces if p.code == "NA").pending == MANY + 30


@pytest.mark.timeout(120)
async def test_what_others_have_is_not_read(own_database: Database) -> None:
    """Of many calls and applications those that are asked for are found by an index."""
    ente, admin = await make_ente()
    others, other_admin = await make_ente()
    mine = [await make_call(ente, state="evaluating") for _ in range(3)]
    theirs = [await make_call(others, state="evaluating") for _ in range(2)]
    await fill(own_database, admin, mine, 100)
    await fill(own_database, other_admin, theirs, MANY // 2)
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute("ANALYZE")

    async with asking(ente.id, Planning) as scope:
        await queries.tallies(scope, mine)
        await queries.progress(scope, mine, overdue_before=scope.now)
        await queries.without_evaluator(scope, mine)
        await queries.open_requests(scope, mine, limit=10)
        await queries.provinces(scope)
        await due.drafts(scope, BEFORE_CLOSING, limit=500)
        await due.requests(scope, BEFORE_TERM, limit=500)
        await due.all_given(scope)
        plans = scope.asked

    assert "applications_call" in plans[0]
    assert "evaluations_call" in plans[1]
    for plan in plans:
        whole = re.search(r"Seq Scan on (applications|evaluations|application_desks)", plan)
        assert whole is None, plan


async def test_decided_calls_come_page_by_page(db: Database) -> None:
    ente, admin = await make_ente()
    made = [await make_call(ente, state="decided") for _ in range(service.EACH_PAGE + 3)]
    async with tenant_transaction(ente.id) as scope:
        await scope.execute("UPDATE calls SET decided_at = created_at")
        first = await service.look_at(scope, admin.actor, None)
        second = await service.look_at(scope, admin.actor, first.more)
    shown = [view.call.id for view in (*first.decided, *second.decided)]
    assert shown == made[::-1]
    assert (len(second.decided), second.more) == (3, None)


async def test_another_s_evaluator_is_not_counted(db: Database) -> None:
    ente, admin = await make_ente()
    other, _ = await make_ente()
    call_id = await make_call(other)
    await make_membership(other, "viewer")
    async with tenant_transaction(ente.id) as scope:
        desk = await service.look_at(scope, admin.actor, None)
        assert await queries.tallies(scope, [call_id]) == []
    assert [*desk.running, *desk.decided] == []
