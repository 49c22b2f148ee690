"""A relay that grants fewer connections than newsletters and single mails would have: single mails go first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from hub.mail import lane as lane_module
from hub.mail import pool as pool_module
from hub.mail.feed import Mail
from hub.mail.lane import CONNECTIONS, Lane, Single
from hub.mail.pool import Pool
from hub.mail.replies import RelayUnavailable
from tests.mail.basket import IMPATIENT, LETTER, letters, name_of, relay_at
from tests.mail.scripted_server import SILENCE, ScriptedServer, scripted
from tests.mail.test_pool import Hands
from tests.newsletter.making import until

NEWSLETTERS = 1000


@dataclass
class Letterbox(Hands):
    """What comes back goes out again, as a sender has it."""

    def returned(self, mail: Mail) -> None:
        self.taken[name_of(mail)] -= 1
        self.mails.appendleft(mail)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "PATIENCE", IMPATIENT)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted(extensions=["PIPELINING"]) as script:
        yield script


@pytest.fixture
async def lane(server: ScriptedServer) -> AsyncIterator[Lane]:
    made = Lane(relay_at(server.port))
    yield made
    await made.close()


def single(name: str = "anna") -> Single:
    return Single(b"hub@example.org", f"{name}@example.net".encode(), LETTER, needs_utf8=False)


def newsletters(server: ScriptedServer, connections: int, count: int = NEWSLETTERS) -> Letterbox:
    relay = replace(relay_at(server.port), connections=connections)
    letterbox = Letterbox(deque(letters(count)))
    letterbox.pool = Pool(relay, letterbox)
    return letterbox


def at_work(hands: Hands) -> asyncio.Task[None]:
    """What the sender does all the time: another connection wherever one may be."""

    async def work() -> None:
        while hands.mails:
            if not hands.pool:
                try:
                    await hands.pool.reach()
                except RelayUnavailable:
                    await asyncio.sleep(0.05)
            hands.pool.grow(len(hands.mails))
            await asyncio.sleep(0.001)

    return asyncio.create_task(work())


@pytest.mark.parametrize(("grants", "wanted"), [(1, 1), (1, 8), (2, 2), (2, 8), (4, 4), (8, 8), (9, 8)])  # fmt: skip
async def test_a_single_mail_gets_through(
    lane: Lane, server: ScriptedServer, grants: int, wanted: int
) -> None:
    """At the first try, while newsletters hold everything; and they all arrive, once."""
    server.grants = grants
    hands = newsletters(server, connections=wanted)
    working = at_work(hands)
    await until(lambda: len(hands.answers) > 50)
    for name in ("anna", "bruno", "carla"):
        assert (await lane.carry(single(name))).state == "sent"
    await lane.close()
    await working
    await until(lambda: len(hands.answers) == NEWSLETTERS)
    assert set(hands.states.values()) == {"sent"}
    assert len(server.held) == len(set(server.held)) == NEWSLETTERS + 3
    await hands.pool.close(5)


@pytest.mark.parametrize(("grants", "left"), [(2, 1), (3, 1), (4, 2), (6, 4), (8, 6)])
async def test_newsletters_that_are_refused_leave_the_lane_its_own(
    lane: Lane, server: ScriptedServer, grants: int, left: int
) -> None:
    server.grants = grants
    hands = newsletters(server, connections=12)
    working = at_work(hands)
    await until(lambda: server.connections >= 12)
    await until(lambda: server.open_now == left)
    asked = server.connections
    room = min(CONNECTIONS, grants - left)
    mails = await asyncio.gather(*(lane.carry(single(str(number))) for number in range(room)))
    assert [mail.state for mail in mails] == ["sent"] * room
    assert server.connections == asked + room, "nobody was refused"
    await working
    await hands.pool.close(5)


async def test_what_the_lane_holds_is_not_left_to_it_once_more(
    lane: Lane, server: ScriptedServer
) -> None:
    server.grants = 6
    await asyncio.gather(*(lane.carry(single(str(number))) for number in range(9)))
    assert server.open_now == CONNECTIONS
    hands = newsletters(server, connections=12)
    working = at_work(hands)
    await until(lambda: server.connections >= CONNECTIONS + 12)
    await until(lambda: server.open_now == 6)
    await working
    assert server.open_now == 6
    await hands.pool.close(5)


async def test_newsletters_come_back_after_a_while(
    lane: Lane, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "FEWER_SECONDS", 0.2)
    server.grants = 4
    hands = newsletters(server, connections=4, count=50_000)
    working = at_work(hands)
    await until(lambda: server.open_now == 4)
    assert (await lane.carry(single())).state == "sent"
    await lane.close()
    await until(lambda: server.open_now == 4)
    hands.mails.clear()
    await working
    await hands.pool.close(5)


async def test_a_relay_that_is_slow_to_end_is_not_waited_for(
    lane: Lane, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message on the wire has no answer yet, and may take minutes: the task tries again later."""
    server.grants = 2
    server.says["."] = SILENCE
    hands = newsletters(server, connections=2)
    working = at_work(hands)
    await until(lambda: len(hands.began) == 2)
    monkeypatch.setattr(lane_module, "PATIENCE", replace(IMPATIENT, connect=0.2))
    with pytest.raises(RelayUnavailable, match="too many connections"):
        await lane.carry(single())
    with pytest.raises(RelayUnavailable, match="too many connections"):
        await lane.carry(single())
    working.cancel()
    await hands.pool.close(0)
    assert list(hands.states.values()).count("in_doubt") == 2


async def test_a_relay_that_refuses_us_for_good_takes_nothing_from_newsletters(
    lane: Lane, server: ScriptedServer
) -> None:
    hands = newsletters(server, connections=3)
    server.says["greeting"] = lambda times: "220 hello" if times <= 3 else "554 5.7.1 no"
    working = at_work(hands)
    await until(lambda: server.open_now == 3)
    with pytest.raises(RelayUnavailable):
        await lane.carry(single())
    assert "QUIT" not in server.verbs
    await working
    await hands.pool.close(5)
