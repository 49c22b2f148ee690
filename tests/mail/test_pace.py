"""Buckets in the database: whoever takes from them, and whatever the clocks say, no more goes out than was allowed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock
from hub.db import relay_transaction
from hub.ids import uuid7
from hub.mail import pace
from hub.mail.pace import UNLIMITED, Allowance, Pace

# Everyone's relay is the same: no other test's senders.
pytestmark = pytest.mark.usefixtures("own_database")

ANNA, BRUNO = uuid7(), uuid7()
# Ten seconds' worth is 100; ten come each second.
BY_RELAY = Pace(relay=600)
BY_TENANT = Pace(tenant=600)


async def take(limits: Pace, wanted: int, tenant_id: UUID = ANNA) -> Allowance:
    async with relay_transaction() as scope:
        return await pace.take(scope, limits, tenant_id, wanted)


async def give_back(limits: Pace, count: int, tenant_id: UUID = ANNA) -> None:
    async with relay_transaction() as scope:
        await pace.give_back(scope, limits, tenant_id, count)


async def everything(limits: Pace, tenant_id: UUID = ANNA) -> int:
    return (await take(limits, 10_000, tenant_id)).count


async def test_without_a_limit_there_is_none() -> None:
    assert not UNLIMITED
    assert await take(UNLIMITED, 5_000) == Allowance(5_000, "")
    async with relay_transaction() as scope:
        assert await scope.fetchval("SELECT count(*) FROM mail_pace") == 0


@pytest.mark.parametrize(("limits", "kind"), [(BY_RELAY, "relay"), (BY_TENANT, "tenant")])
async def test_ten_seconds_worth_at_once(limits: Pace, kind: str) -> None:
    assert limits
    assert await take(limits, 60) == Allowance(60, "")
    granted = await take(limits, 60)
    assert granted.limited_by == kind
    assert 40 <= granted.count < 60
    assert (await take(limits, 60)).count < 20


async def test_it_fills_with_time_and_no_further() -> None:
    await everything(BY_RELAY)
    with clock.moved(timedelta(seconds=5)):
        assert 50 <= await everything(BY_RELAY) < 70
    with clock.moved(timedelta(hours=5)):
        assert await everything(BY_RELAY) == 100


async def test_each_tenant_has_its_own_and_all_share_the_relay() -> None:
    limits = Pace(relay=900, tenant=600)
    assert await everything(limits, ANNA) == 100
    assert await everything(limits, ANNA) < 20
    granted = await take(limits, 100, BRUNO)
    assert granted.limited_by == "relay"
    assert 50 <= granted.count < 90
    with clock.moved(timedelta(seconds=3)):
        assert 30 <= await everything(limits, BRUNO) < 70, "what the relay refused was not taken"


async def test_what_was_not_needed_comes_back() -> None:
    limits = Pace(relay=600, tenant=600)
    granted = await everything(limits)
    await give_back(limits, granted - 3)
    assert 97 <= await everything(limits) <= 100


async def test_a_clock_that_is_set_back_adds_nothing() -> None:
    await everything(BY_RELAY)
    with clock.moved(timedelta(hours=-3)):
        for _ in range(5):
            assert await everything(BY_RELAY) < 20
    assert await everything(BY_RELAY) <= 100, "set right again, it adds a bucket at most"


async def test_after_a_clock_was_set_back_the_bucket_fills_again() -> None:
    await everything(BY_RELAY)
    with clock.moved(timedelta(hours=-3)):
        await everything(BY_RELAY)
        with clock.moved(timedelta(seconds=5)):
            assert 40 <= await everything(BY_RELAY) < 70


async def test_two_clocks_add_no_more_than_one() -> None:
    """A worker is a minute ahead of another: they do not fill the bucket for each other again and again."""
    ahead = timedelta(minutes=1)
    with clock.moved(ahead):
        await everything(BY_RELAY)
    granted = 0
    for _ in range(10):
        granted += await everything(BY_RELAY)
        with clock.moved(ahead):
            granted += await everything(BY_RELAY)
    assert granted < 40


async def test_a_pace_of_less_than_one_in_ten_seconds() -> None:
    slow = Pace(relay=2)
    assert await everything(slow) == 1
    assert await everything(slow) == 0
    with clock.moved(timedelta(seconds=31)):
        assert await everything(slow) == 1


async def test_many_at_once_take_no_more_than_there_is() -> None:
    """Workers of several tenants take and give back at the same time, and nobody waits for ever for another."""
    limits = Pace(relay=600, tenant=480)

    async def work(tenant_id: UUID) -> int:
        kept = 0
        for _ in range(10):
            granted = (await take(limits, 9, tenant_id)).count
            unused = granted // 2
            await give_back(limits, unused, tenant_id)
            kept += granted - unused
        return kept

    began = asyncio.get_running_loop().time()
    kept = await asyncio.gather(*(work(tenant_id) for tenant_id in (ANNA, BRUNO) * 4))
    passed = asyncio.get_running_loop().time() - began
    assert 0 < sum(kept[::2]) <= 80 + 8 * passed + 1
    assert 0 < sum(kept[1::2]) <= 80 + 8 * passed + 1
    assert 90 <= sum(kept) <= 100 + 10 * passed + 1
