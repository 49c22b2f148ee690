from __future__ import annotations

import asyncpg
import pytest

from hub import audit
from hub.db import network_transaction, routing_transaction, tenant_transaction
from hub.ids import uuid7
from tests.factories import make_membership, make_tenant
from tests.support.databases import Database, connected


async def test_an_entry_says_who_did_what_to_whom(db: Database) -> None:
    member, subject = await make_membership(await make_tenant()), uuid7()
    async with tenant_transaction(member.tenant.id) as scope:
        await audit.record(scope, member.actor, "case.opened", "case", subject, kind="loan", rank=1)
        row = await scope.fetchrow("SELECT * FROM audit_log WHERE subject_id = $1", subject)
        assert row is not None
        assert {**row, "id": None} == {
            "id": None,
            "tenant_id": member.tenant.id,
            "at": scope.now,
            "account_id": member.account_id,
            "membership_id": member.membership_id,
            "action": "case.opened",
            "subject_kind": "case",
            "subject_id": subject,
            "codes": {"kind": "loan", "rank": 1},
        }


async def test_the_hub_itself_and_the_network_leave_entries_too(db: Database) -> None:
    tenant, subject = await make_tenant(), uuid7()
    async with routing_transaction(tenant.id) as routing:
        await audit.record(routing, None, "referral.sent", "referral", subject)
    async with network_transaction() as network:
        await audit.record(network, None, "account.signed_in", "account", subject)
    async with connected(db.superuser_url) as superuser:
        rows = await superuser.fetch(
            "SELECT tenant_id, account_id FROM audit_log WHERE subject_id = $1 ORDER BY at", subject
        )
    assert [tuple(row) for row in rows] == [(tenant.id, None), (None, None)]


@pytest.mark.parametrize("sql", ["UPDATE audit_log SET codes = '{}'", "DELETE FROM audit_log"])
async def test_what_was_written_stays(db: Database, sql: str) -> None:
    tenant = await make_tenant()
    for transaction in (
        tenant_transaction(tenant.id),
        routing_transaction(tenant.id),
        network_transaction(),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction as scope:
                await scope.execute(sql)
