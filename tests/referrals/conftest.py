"""Visitors who have signed in, and a small network for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import httpx
import pytest

from tests.factories import Member
from tests.referrals.making import Network, make_network
from tests.support.databases import Database
from tests.support.web import sign_in

SignedIn: TypeAlias = Callable[[Member], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def signed_in(new_client: Callable[[], httpx.AsyncClient]) -> SignedIn:
    """A visitor who is that person."""

    async def enter(member: Member) -> httpx.AsyncClient:
        client = new_client()
        await sign_in(client, member)
        return client

    return enter


@pytest.fixture
async def network(db: Database) -> Network:
    return await make_network()


@pytest.fixture
async def desk(network: Network, signed_in: SignedIn) -> httpx.AsyncClient:
    """The operator's browser."""
    return await signed_in(network.operator)
