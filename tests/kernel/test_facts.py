from __future__ import annotations

from datetime import timedelta

import pytest

from hub import facts
from hub.db import network_transaction, tenant_transaction
from tests.factories import Tenant, make_tenant

pytestmark = pytest.mark.usefixtures("db")


async def stored(tenant: Tenant, name: str) -> tuple[object, object]:
    """As the network reads it: facts are all it may know of a tenant's cases."""
    async with network_transaction() as scope:
        row = await scope.fetchrow(
            "SELECT number, moment FROM network_facts WHERE tenant_id = $1 AND name = $2",
            tenant.id,
            name,
        )
    return tuple(row) if row else (None, None)


async def test_a_counter_begins_at_nought_and_moves() -> None:
    tenant, other = await make_tenant(), await make_tenant()
    for change in (2, 3, -1):
        async with tenant_transaction(tenant.id) as scope:
            await facts.add_to(scope, facts.OPEN_CASES, change)
    async with tenant_transaction(other.id) as scope:
        await facts.add_to(scope, facts.OPEN_CASES, 7)
    assert await stored(tenant, facts.OPEN_CASES) == (4, None)
    assert await stored(other, facts.OPEN_CASES) == (7, None)


async def test_a_date_moves_forward_only() -> None:
    tenant = await make_tenant()
    async with tenant_transaction(tenant.id) as scope:
        present = scope.now
        for moment in (present - timedelta(days=2), present, present - timedelta(days=1)):
            await facts.advance(scope, facts.LAST_CONSULTATION, moment)
    assert await stored(tenant, facts.LAST_CONSULTATION) == (None, present)
