"""The lists read one page of an index, also under row security and with tens of thousands of cases.

A comparison that is not leakproof would be held back until row security has looked at every row.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from hub.api.paging import Position
from hub.db import TenantScope, tenant_transaction
from hub.ids import uuid7
from hub.referrals.cases import queries
from hub.referrals.cases.schemas import TEST, FilterCases
from hub.referrals.inbox import queries as inbox
from tests.referrals.making import Network, make_network, send
from tests.support.databases import Database, connected

MANY = 10_000
CROWD = """
WITH person AS (
  INSERT INTO citizens (id, tenant_id, codice_fiscale, codice_fiscale_token, given_name, family_name,
    name_search, created_at, created_by)
  SELECT gen_random_uuid(), $1, '', int4send(n), 'Anna', 'Prova', md5(n::text), now(), $2
  FROM generate_series(1, $4) n RETURNING id
)
INSERT INTO cases (id, tenant_id, number, citizen_id, desk_id, kind, purpose, amount_cents,
  region_code, state, milestone, opened_at, opened_by, assigned_to, updated_at)
SELECT gen_random_uuid(), $1, 'n' || row_number() OVER (), id, $3, 'social_loan', '', 1, '15', 'open',
  CASE row_number() OVER () % 500 WHEN 0 THEN 'disbursed' ELSE 'opened' END, now(), $2, $2,
  now() - row_number() OVER () * interval '1 minute'
FROM person
"""


class Plans:
    """Stands for a scope, explains what is asked, and answers as if there was nothing."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self.tenant_id = scope.tenant_id
        self.now = scope.now
        self.found: list[str] = []

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        rows = await self._scope.fetch(f"EXPLAIN {sql}", *args)
        self.found.append("\n".join(row[0] for row in rows))
        return []


@asynccontextmanager
async def planning(tenant: UUID) -> AsyncIterator[Any]:
    async with tenant_transaction(tenant) as scope:
        yield Plans(scope)


async def fill(database: Database, networks: Sequence[Network]) -> None:
    async with connected(database.superuser_url) as superuser:
        for network in networks:
            await superuser.execute(
                CROWD,
                network.operator.tenant.id,
                network.operator.membership_id,
                network.desk.id,
                MANY,
            )
        await superuser.execute("ANALYZE citizens, cases, desks, memberships")


def conditions(plan: str, index: str) -> str:
    """What the index is asked for; fails where the plan does not use it."""
    found = re.search(rf"using {index} on .*\n\s*Index Cond: (.*)", plan)
    assert found, plan
    return found.group(1)


@pytest.mark.timeout(120)
async def test_every_list_reads_an_index(own_database: Database) -> None:
    ours, theirs = await make_network(), await make_network()
    await fill(own_database, [ours, theirs])
    async with planning(ours.operator.tenant.id) as plans:
        after = Position(plans.now, uuid7())
        for filters, index in (
            (FilterCases(), "cases_recent"),
            (FilterCases(milestone="disbursed"), "cases_milestone"),
            (FilterCases(state="open"), "cases_recent"),
        ):
            await queries.list_cases(plans, None, filters, after=after, limit=26)
            asked = conditions(plans.found[-1], index)
            assert "tenant_id = " in asked
            assert "ROW(updated_at, id) < ROW" in asked

        # Of one person among many: the index begins with who is in charge.
        mine = ours.operator.membership_id
        await queries.list_cases(
            plans, None, FilterCases(mine=True), in_charge=uuid7(), after=after, limit=26
        )
        asked = conditions(plans.found[-1], "cases_assigned")
        assert "assigned_to = " in asked
        await queries.list_cases(
            plans, None, FilterCases(mine=True), in_charge=mine, after=after, limit=26
        )
        assert "Seq Scan on cases" not in plans.found[-1], plans.found[-1]
        await queries.list_cases(plans, None, FilterCases(state=TEST), after=after, limit=26)
        assert "cases_tests" in plans.found[-1], plans.found[-1]

        await queries.cases_by_name(plans, None, ["rossi mario", "mario rossi"], 51)
        assert "name_search ~>=~ " in plans.found[-1].split("citizens_name")[1], plans.found[-1]
        assert "Seq Scan on c" not in plans.found[-1], plans.found[-1]

        await queries.cases_by_token(plans, None, b"token", 51)
        asked = conditions(plans.found[-1], "citizens_tenant_id_codice_fiscale_token_key")
        assert "codice_fiscale_token = " in asked


async def test_the_inbox_reads_an_index(own_database: Database) -> None:
    sent = await send(await make_network(1))
    lender = sent.network.lenders[0].tenant
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute("SET session_replication_role = replica")  # no keys, no triggers
        await superuser.execute(
            """
            INSERT INTO received_offers (id, tenant_id, sender_id, referral_id, case_number, kind,
              amount_cents, currency, region_code, state, offered_at, due_on)
            SELECT gen_random_uuid(), $1, $2, $3, '', 'social_loan', 1, 'EUR', '15',
              CASE n % 100 WHEN 0 THEN 'offered' ELSE 'accepted' END,
              now() - n * interval '1 minute', '2026-12-31'
            FROM generate_series(1, $4) n
            """,
            lender.id,
            sent.network.operator.tenant.id,
            sent.referral_id,
            MANY,
        )
        await superuser.execute("ANALYZE received_offers")
    async with planning(lender.id) as plans:
        await inbox.offers_to_answer(plans, limit=100)
        assert "received_offers_to_answer" in plans.found[-1], plans.found[-1]
        after = Position(plans.now, uuid7())
        await inbox.received_offers(plans, after=after, limit=26)
        asked = conditions(plans.found[-1], "received_offers_inbox")
        assert "ROW(offered_at, id) < ROW" in asked
        await inbox.received_offers(plans, states=["accepted"], after=after, limit=26)
        assert "Seq Scan on received_offers" not in plans.found[-1], plans.found[-1]
