"""The reserved lane: single mails, whatever the newsletters do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub import mail
from hub.config import Settings
from hub.mail import lane as lane_module
from hub.mail.connection import Patience
from hub.mail.lane import CONNECTIONS, Lane, Single
from hub.mail.replies import Answer, RelayUnavailable
from hub.mail.smtp import open_connection
from tests.mail.basket import IMPATIENT, LETTER, Basket, letters, relay_at
from tests.mail.scripted_server import (
    CLOSE,
    SILENCE,
    Said,
    ScriptedServer,
    hello,
    scripted,
    talking,
    until,
)


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
    return Single(b"hub@example.org", f"{name}@example.org".encode(), LETTER, needs_utf8=False)


async def test_a_connection_is_kept_for_the_next_mail(lane: Lane, server: ScriptedServer) -> None:
    for number in range(5):
        assert (await lane.carry(single(str(number)))).state == "sent"
    assert server.connections == 1


async def test_many_at_once_share_few_connections(lane: Lane, server: ScriptedServer) -> None:
    answers = await asyncio.gather(*(lane.carry(single(str(number))) for number in range(50)))
    assert {answer.state for answer in answers} == {"sent"}
    assert sorted(server.held) == sorted(f"{number}@example.org" for number in range(50))
    assert server.connections == CONNECTIONS


async def test_newsletters_never_stand_before_a_single_mail(server: ScriptedServer) -> None:
    """The relay holds every newsletter's answer back for as long as it likes."""
    server.says["."] = lambda times: SILENCE if times <= 8 else "250 2.0.0 OK"
    relay = relay_at(server.port)
    baskets = [Basket(deque(letters(100))) for _ in range(8)]
    bulk = [await open_connection(relay, basket) for basket in baskets]
    await asyncio.gather(*(basket.started.wait() for basket in baskets))
    lane = Lane(relay)
    for _ in range(3):
        assert (await lane.carry(single())).state == "sent"
    await lane.close()
    assert all(basket.answers == {} for basket in baskets)
    for connection in bulk:
        connection.abort()
    await asyncio.gather(*(basket.over.wait() for basket in baskets))


async def test_a_connection_that_went_cold_costs_nothing(
    lane: Lane, server: ScriptedServer
) -> None:
    """The server has closed it meanwhile, and says so only when the next mail comes."""
    server.says["MAIL"] = lambda times: CLOSE if times == 2 else "250 OK"
    assert (await lane.carry(single("1"))).state == "sent"
    assert (await lane.carry(single("2"))).state == "sent"
    assert server.held == ["1@example.org", "2@example.org"]
    assert server.connections == 2


@pytest.mark.parametrize(
    "says",
    [{"greeting": CLOSE}, {"greeting": "554 no"}, {"MAIL": "451 4.3.1 no space"}, {"MAIL": CLOSE}],
)
async def test_a_relay_that_is_away_is_said_at_once(
    lane: Lane, server: ScriptedServer, says: dict[str, Said]
) -> None:
    server.says |= says
    ends = await asyncio.gather(
        *(lane.carry(single(str(number))) for number in range(5)), return_exceptions=True
    )
    assert {type(end) for end in ends} == {RelayUnavailable}
    assert server.connections <= 5, "no mail asks again and again"
    server.says.clear()
    assert (await lane.carry(single())).state == "sent", "and serves again when the relay does"


async def test_one_connection_is_enough_where_the_relay_wants_no_second(
    lane: Lane, server: ScriptedServer
) -> None:
    server.says["greeting"] = lambda times: "220 hello" if times == 1 else "421 4.7.0 enough"
    answers = await asyncio.gather(*(lane.carry(single(str(number))) for number in range(5)))
    assert {answer.state for answer in answers} == {"sent"}


async def test_a_connection_that_breaks_leaves_the_others_their_mails(
    lane: Lane, server: ScriptedServer
) -> None:
    server.extensions = ()
    server.says["."] = lambda times: "421 4.3.2 closing" if times == 1 else "250 OK"
    answers = await asyncio.gather(*(lane.carry(single(str(number))) for number in range(6)))
    assert sorted(answer.state for answer in answers) == ["retry"] + ["sent"] * 5


async def test_whoever_gave_up_gets_no_mail(lane: Lane) -> None:
    """Its row will send another. Before its turn, and in the middle of its envelope."""
    seen: list[bytes] = []
    go_on = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, "PIPELINING")
        seen.append(await reader.readuntil(b"DATA\r\n"))
        await go_on.wait()
        writer.write(b"250 OK\r\n250 OK\r\n354 go ahead\r\n")
        seen.append(await reader.read())

    async with talking(talk) as port:
        slow = Lane(relay_at(port))
        waiting = [asyncio.create_task(slow.carry(single(str(number)))) for number in range(4)]
        await until(lambda: len(seen) == CONNECTIONS)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        go_on.set()
        await until(lambda: len(seen) == 2 * CONNECTIONS)
        await slow.close()
    assert seen[CONNECTIONS:] == [b""] * CONNECTIONS


async def test_closing_lets_the_mail_on_the_wire_end(lane: Lane, server: ScriptedServer) -> None:
    assert (await lane.carry(single())).state == "sent"
    await lane.close()
    assert server.lines[-1] == "QUIT"
    with pytest.raises(RelayUnavailable):
        await lane.carry(single())


async def test_closing_does_not_wait_for_ever(lane: Lane, server: ScriptedServer) -> None:
    server.says["."] = SILENCE
    task = asyncio.create_task(lane.carry(single()))
    await until(lambda: server.held)
    await lane.close()
    assert (await task).state == "in_doubt"


async def test_warmth_ends(monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> None:
    monkeypatch.setattr(lane_module, "PATIENCE", Patience(idle=0.1, tick=0.02))
    lane = Lane(relay_at(server.port))
    await lane.carry(single())
    await until(lambda: "QUIT" in server.verbs)
    await lane.carry(single())
    await lane.close()
    assert server.connections == 2


def test_every_loop_has_its_own_lane(settings: Settings) -> None:
    """A process may run one loop after the other, as `hub worker --once` and tests do."""

    async def once() -> list[str]:
        async with scripted() as server:
            mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
            await mail.send(to="anna@example.org", subject="x", text="x")
            await mail.send(to="bruno@example.org", subject="x", text="x")
            await mail.close_lane()
            await mail.close_lane()
            return server.held

    for _ in range(2):
        with asyncio.Runner() as runner:
            assert runner.run(once()) == ["anna@example.org", "bruno@example.org"]


async def test_another_relay_has_another_lane(settings: Settings) -> None:
    for _ in range(2):
        async with scripted() as server:
            mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
            await mail.send(to="anna@example.org", subject="x", text="x")
            assert server.held == ["anna@example.org"]
    await mail.close_lane()


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ({"RCPT": "450 4.2.1 later"}, "retry"),
        ({"RCPT": "550 5.1.1 gone"}, "failed"),
        ({".": "554 5.7.1 spam"}, "retry"),
        ({".": CLOSE}, "in_doubt"),
    ],
)
async def test_what_became_of_it_is_told(
    settings: Settings, server: ScriptedServer, says: dict[str, Said], state: str
) -> None:
    server.says |= says
    mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
    with pytest.raises(mail.NotSent) as refused:
        await mail.send(to="anna@example.org", subject="x", text="x")
    await mail.close_lane()
    assert refused.value.state == state


def test_an_answer_to_nobody_is_harmless() -> None:
    async def answer() -> None:
        lane = Lane(relay_at(1))
        mail_ = single()
        mail_.answer.cancel()
        lane.ended(mail_, Answer("sent", "", "250 OK"))

    asyncio.run(answer())
