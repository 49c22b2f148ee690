"""How many connections there are: no more than there is work for, or than the relay likes."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field, replace

import pytest

from hub.mail.connection import Connection
from hub.mail.pool import Pool
from hub.mail.replies import RelayUnavailable
from tests.mail.basket import Basket, letters, relay_at
from tests.mail.scripted_server import CLOSE, SILENCE, ScriptedServer, scripted
from tests.newsletter.making import until


@dataclass
class Hands(Basket):
    """A basket that is carried by a pool."""

    pool: Pool = field(init=False)

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        super().closed(connection, error)
        self.pool.closed(connection, error)


def hands_for(
    server: ScriptedServer, mails: int, *, connections: int = 8, session_messages: int = 1000
) -> Hands:
    relay = replace(
        relay_at(server.port, session_messages=session_messages), connections=connections
    )
    hands = Hands(deque(letters(mails)))
    hands.pool = Pool(relay, hands)
    return hands


@pytest.mark.parametrize(("mails", "connections"), [(1, 1), (3, 3), (50, 8)])
async def test_one_a_message_and_no_more_than_the_limit(mails: int, connections: int) -> None:
    async with scripted(end=SILENCE) as server:
        hands = hands_for(server, mails)
        await hands.pool.reach()
        for _ in range(5):
            hands.pool.grow(len(hands.mails) + 1)
        hands.pool.grow(len(hands.mails))
        await until(lambda: len(hands.began) == connections)
        await hands.pool.close(0)
        assert server.connections <= min(connections + 1, 8)
        assert list(hands.states.values()) == ["in_doubt"] * connections
        assert not hands.pool


async def test_all_of_it_is_carried() -> None:
    async with scripted() as server:
        hands = hands_for(server, 100)
        hands.pool.grow(100)
        await hands.empty.wait()
        assert set(hands.states.values()) == {"sent"}
        assert bool(hands.pool)
        await hands.pool.close(5)
        assert not hands.pool
        assert hands.pool.refusal is None
        assert server.verbs.count("QUIT") == server.connections


async def test_a_relay_that_is_not_there() -> None:
    async with scripted() as server:
        hands = hands_for(server, 3)
    with pytest.raises(RelayUnavailable):
        await hands.pool.reach()
    assert not hands.pool
    assert len(hands.mails) == 3, "not one was taken"


async def test_a_relay_that_allows_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them are for single mails."""
    async with scripted(MAIL=SILENCE) as server:
        server.grants = 4
        hands = hands_for(server, 50)
        await hands.pool.reach()
        hands.pool.grow(50)
        await until(lambda: server.connections == 8)
        await until(lambda: len(hands.returned_mails) == 2)
        for _ in range(20):
            hands.pool.grow(50)
            await asyncio.sleep(0.005)
        assert server.connections == 8, "it is not asked again and again"
        assert hands.pool.refusal is None, "it takes our mail"
        monkeypatch.setattr(hands.pool, "_fewer_until", 0.0)
        hands.pool.grow(50)
        await until(lambda: server.connections == 14)
        await hands.pool.close(0)


async def test_the_last_one_that_is_refused_says_why() -> None:
    async with scripted(MAIL="421 4.3.2 closing for maintenance") as server:
        hands = hands_for(server, 3, connections=1)
        await hands.pool.reach()
        await until(lambda: not hands.pool)
        assert hands.pool.refusal is not None
        assert hands.pool.refusal.reply == "421 4.3.2 closing for maintenance"
        assert hands.returned_mails == ["1"]


@pytest.mark.parametrize("connections", [1, 3])
async def test_a_connection_that_ends_at_the_final_dot_was_granted(connections: int) -> None:
    """Its message may be to blame: others are carried over further connections."""
    async with scripted() as server:
        server.says["."] = lambda times: CLOSE if times <= 6 else "250 ok"
        hands = hands_for(server, 20, connections=connections)
        while len(hands.states) < 20:
            await hands.pool.reach()
            hands.pool.grow(len(hands.mails))
            await until(lambda: not hands.pool or len(hands.states) == 20)
            assert hands.pool.refusal is None
        assert Counter(hands.states.values()) == {"in_doubt": 6, "sent": 14}
        assert hands.pool._most == connections
        await hands.pool.close(5)


async def test_a_limit_of_messages_is_no_refusal() -> None:
    async with scripted() as server:
        hands = hands_for(server, 23, connections=1, session_messages=5)
        for _ in range(4):
            await hands.pool.reach()
            await until(lambda: not hands.pool)
        assert len(hands.states) == 20
        await hands.pool.reach()
        await until(lambda: len(hands.states) == 23)
        assert hands.pool.refusal is None
        assert set(hands.states.values()) == {"sent"}
        assert server.verbs.count("QUIT") == 4
        await hands.pool.close(5)


async def test_closing_waits_for_what_is_on_the_wire() -> None:
    async with scripted(end=SILENCE) as server:
        hands = hands_for(server, 30, connections=3)
        hands.pool.grow(30)
        await until(lambda: len(hands.began) == 3)
        await hands.pool.close(0.2)
        assert sorted(hands.states.values()) == ["in_doubt"] * 3, "its answer did not come in time"
        assert len(hands.mails) == 27


async def test_closing_while_connections_are_being_opened() -> None:
    async with scripted(greeting=SILENCE) as server:
        hands = hands_for(server, 5)
        hands.pool.grow(5)
        await until(lambda: server.connections == 5)
        await hands.pool.close(5)
        assert not hands.pool
        assert len(hands.mails) == 5
