from __future__ import annotations

import asyncio

import pytest

from hub.db import routing_transaction, tenant_transaction
from hub.idempotency import KeyReused, once
from hub.ids import uuid7
from tests.factories import make_tenant

pytestmark = pytest.mark.usefixtures("db")


async def test_a_seen_key_brings_the_first_result_back() -> None:
    tenant, key, first = await make_tenant(), uuid7(), uuid7()
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", key, first) is None
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", key, uuid7()) == first
    async with routing_transaction(tenant.id) as routing:
        assert await once(routing, "case.open", key, uuid7()) == first


async def test_keys_are_the_tenants_and_the_operations_own() -> None:
    tenant, other, key = await make_tenant(), await make_tenant(), uuid7()
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", key, uuid7()) is None
        assert await once(scope, "case.close", key, uuid7()) is None
    async with tenant_transaction(other.id) as scope:
        assert await once(scope, "case.open", key, uuid7()) is None


async def test_without_a_key_every_time_is_new() -> None:
    tenant = await make_tenant()
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", None, uuid7()) is None
        assert await once(scope, "case.open", None, uuid7()) is None


async def test_what_failed_may_be_tried_again() -> None:
    tenant, key = await make_tenant(), uuid7()

    async def fail() -> None:
        async with tenant_transaction(tenant.id) as scope:
            assert await once(scope, "case.open", key, uuid7()) is None
            raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await fail()


async def test_of_two_at_once_the_second_waits_for_the_first() -> None:
    tenant, key = await make_tenant(), uuid7()

    async def click() -> bool:
        result_id = uuid7()
        async with tenant_transaction(tenant.id) as scope:
            seen = await once(scope, "case.open", key, result_id)
            await scope.execute("SELECT pg_sleep(0.02)")
        results.append(seen or result_id)
        return seen is None

    results: list[object] = []
    assert sorted(await asyncio.gather(*(click() for _ in range(6)))) == [False] * 5 + [True]
    assert len(set(results)) == 1


async def test_a_key_with_other_content_is_refused_and_not_swallowed() -> None:
    tenant, key, first = await make_tenant(), uuid7(), uuid7()
    asked = {"subject": "first"}
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", key, first, content=asked) is None
    async with tenant_transaction(tenant.id) as scope:
        assert await once(scope, "case.open", key, uuid7(), content=asked) == first
        assert await once(scope, "case.open", key, uuid7()) == first
    with pytest.raises(KeyReused):
        async with tenant_transaction(tenant.id) as scope:
            await once(scope, "case.open", key, uuid7(), content={"subject": "second"})
    async with tenant_transaction(tenant.id) as scope:
        kept = await scope.fetchval("SELECT content FROM idempotency_keys WHERE key = $1", key)
    assert len(kept) == 32, "a keyed fingerprint, and not what was asked"
