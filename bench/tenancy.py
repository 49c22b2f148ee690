"""What keeping tenants apart costs: the same look-up in a tenant's transaction and in a bare one."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import asyncpg

from bench.harness import Figure, figure, seconds_each, take_turns
from hub import facts
from hub.db import close_pool, network_transaction, open_pool, tenant_transaction
from hub.embedded.ephemeral import EphemeralPostgres
from hub.ids import uuid7
from hub.schema import migrate

TENANTS = 100
TIMES, SLICES = 100, 12
LOOK_UP = "SELECT number FROM network_facts WHERE tenant_id = $1 AND name = 'open_cases'"


async def figures(rounds: int) -> list[Figure]:
    with EphemeralPostgres(hasty=False) as server:
        server.prepare()
        with redirect_stdout(io.StringIO()):  # Piccolo reports each migration
            await migrate(server.url("hub_owner"))
        await open_pool(server.url("hub_web"), size=1)
        bare = await asyncpg.connect(server.url("postgres"))
        try:
            return await _measure(bare, rounds)
        finally:
            await bare.close()
            await close_pool()


async def _measure(bare: asyncpg.Connection[asyncpg.Record], rounds: int) -> list[Figure]:
    tenant_ids = [uuid7() for _ in range(TENANTS)]
    async with network_transaction() as network:
        await network.executemany(
            "INSERT INTO tenants (id, name, name_search, kinds, state, created_at)"
            " VALUES ($1, 'A', 'a', '{host}', 'active', $2)",
            [(tenant_id, network.now) for tenant_id in tenant_ids],
        )
    for tenant_id in tenant_ids:
        async with tenant_transaction(tenant_id) as scope:
            await facts.add_to(scope, facts.OPEN_CASES, 1)
    chosen = tenant_ids[TENANTS // 2]

    async def in_bare_transaction() -> None:
        await bare.execute("BEGIN")
        await bare.fetchval(LOOK_UP, chosen)
        await bare.execute("COMMIT")

    async def in_tenant_transaction() -> None:
        async with tenant_transaction(chosen) as scope:
            await scope.fetchval(LOOK_UP, chosen)

    results = await take_turns(
        {
            "bare": lambda: seconds_each(in_bare_transaction, TIMES),
            "tenant": lambda: seconds_each(in_tenant_transaction, TIMES),
        },
        rounds,
        slices=SLICES,
    )
    pairs = list(zip(results["tenant"], results["bare"], strict=True))
    return [
        figure(
            "tenancy.overhead",
            "µs",
            [(tenant - bare) * 1e6 for tenant, bare in pairs],
            against={"bare transaction": [bare / tenant for tenant, bare in pairs]},
        )
    ]
