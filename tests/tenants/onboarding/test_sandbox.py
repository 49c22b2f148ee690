"""The sandbox is made once, whoever asks first, and nobody meets it by chance."""

from __future__ import annotations

import asyncio

import httpx

from hub.db import network_transaction
from hub.tenants.onboarding.sandbox import (
    DESK_ID,
    EMAIL,
    HOST_ID,
    LENDER_ID,
    SANDBOX,
    Sandbox,
    ensure_sandbox,
)
from tests.support.databases import Database


async def make() -> Sandbox:
    async with network_transaction() as scope:
        return await ensure_sandbox(scope)


async def test_two_at_once_make_one(own_database: Database) -> None:
    first, second = await asyncio.gather(make(), make())
    assert first == second == SANDBOX
    async with network_transaction() as scope:
        made = await scope.fetch(
            "SELECT id, kinds, state FROM tenants WHERE sandbox ORDER BY kinds"
        )
        memberships = await scope.fetchval(
            "SELECT count(*) FROM memberships WHERE account_id = $1", SANDBOX.account_id
        )
    assert [(row["id"], row["kinds"], row["state"]) for row in made] == [
        (HOST_ID, ["host"], "active"),
        (LENDER_ID, ["lender"], "active"),
    ]
    assert memberships == 2


async def test_nobody_signs_in_there(db: Database) -> None:
    await make()
    async with network_transaction() as scope:
        account = await scope.fetchrow(
            "SELECT password_hash, state FROM accounts WHERE email = $1", EMAIL
        )
    assert account is not None
    assert tuple(account) == ("!", "disabled")


async def test_its_lender_offers_every_kind_of_loan_everywhere(db: Database) -> None:
    await make()
    async with network_transaction() as scope:
        services = await scope.fetch(
            """
            SELECT kind, answer_days, min_amount_cents, max_amount_cents, valid_to,
              cardinality(regions) = (SELECT count(*) FROM regions) AS everywhere
            FROM services_offered WHERE tenant_id = $1 ORDER BY kind
            """,
            LENDER_ID,
        )
    assert [tuple(row) for row in services] == [
        ("enterprise_loan", 1, None, None, None, True),
        ("social_loan", 1, None, None, None, True),
    ]


async def test_the_public_does_not_find_its_desk(db: Database, client: httpx.AsyncClient) -> None:
    await make()
    assert (await client.get(f"/desks/{DESK_ID}")).status_code == 404
    assert (await client.get(f"/api/v1/desks/{DESK_ID}")).status_code == 404
