"""Thirty-two lenders accept the same case at the same moment, fifty times, over real connections to a real server."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from hub.config import Settings
from hub.roles import ROUTER
from hub.web.csrf import COOKIE, HEADER
from tests.referrals.making import Network, Sent, make_network, make_numbered_case, send
from tests.referrals.serving import serving
from tests.support.databases import Database
from tests.support.web import sign_in

LENDERS = 32
ROUNDS = 50
# The aim of the issue that asked for this; a round takes a tenth of it on two cores.
LONGEST_ROUND = 1.0


@pytest.fixture
async def crowd(
    db: Database, settings: Settings, tmp_path: Path
) -> AsyncIterator[tuple[Network, Sequence[httpx.AsyncClient]]]:
    """A desk, its lenders, and a browser for each of them."""
    network = await make_network(LENDERS)
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(serving(settings, tmp_path / "web.log"))
        clients = []
        for lender in network.lenders:
            client = httpx.AsyncClient(base_url=address, timeout=30)
            clients.append(await stack.enter_async_context(client))
            token = secrets.token_urlsafe(32)
            client.cookies.set(COOKIE, token)
            client.headers[HEADER] = token
            await sign_in(client, lender)
        yield network, clients


async def next_referral(network: Network) -> Sent:
    case = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    again = Network(network.operator, network.desk, network.citizen, case, network.lenders)
    return await send(again)


async def accept_by_page(client: httpx.AsyncClient, offer: object) -> httpx.Response:
    return await client.post(f"/inbox/{offer}/accept", data={"form_key": str(uuid4())})


async def accept_by_api(client: httpx.AsyncClient, offer: object) -> httpx.Response:
    return await client.post(f"/api/v1/received-offers/{offer}/accept")


async def left_behind(settings: Settings, sent: Sent) -> dict[str, int]:
    """By offer state, how many receivers still have what they were shown: asked as the web's own login."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('role', $1, true)", ROUTER)
            rows = await connection.fetch(
                """
                SELECT o.state, count(d.id) FROM received_offers o
                LEFT JOIN disclosures d ON d.tenant_id = o.tenant_id AND d.received_offer_id = o.id
                WHERE o.referral_id = $1 GROUP BY o.state
                """,
                sent.referral_id,
            )
    finally:
        await connection.close()
    return {row[0]: row[1] for row in rows}


@pytest.mark.timeout(180)
async def test_exactly_one_acceptance_wins(
    crowd: tuple[Network, Sequence[httpx.AsyncClient]], settings: Settings
) -> None:
    """The counts hold in every round. The time is asked twice, for the machine may have been busy with another test."""
    network, clients = crowd
    slowest = await _fifty_rounds(network, clients, settings)
    if slowest >= LONGEST_ROUND:
        slowest = await _fifty_rounds(network, clients, settings)
    assert slowest < LONGEST_ROUND, f"the slowest round took {slowest:.2f} s"


async def _fifty_rounds(
    network: Network, clients: Sequence[httpx.AsyncClient], settings: Settings
) -> float:
    """Seconds of the slowest round."""
    winners = set()
    slowest = 0.0
    for number in range(ROUNDS):
        sent = await next_referral(network)
        accept, success = (accept_by_api, 200) if number % 2 else (accept_by_page, 303)
        start = time.perf_counter()
        answers = await asyncio.gather(*map(accept, clients, sent.offers))
        slowest = max(slowest, time.perf_counter() - start)
        codes = [answer.status_code for answer in answers]
        assert sorted(codes) == sorted([success, *[409] * (LENDERS - 1)]), (number, codes)
        winners.add(codes.index(success))
        assert await left_behind(settings, sent) == {"accepted": 1, "superseded": 0}
    assert len(winners) > 1, "the race is not decided before it begins"
    return slowest
