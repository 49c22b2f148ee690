"""A dialogue that breaks, at every point and in every way: each mail has the end that is true, and no other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hub.mail import handshake
from hub.mail.connection import Patience
from hub.mail.relay import StartTls
from hub.mail.replies import RelayUnavailable
from tests.mail.basket import IMPATIENT, LETTER, Basket, carry, letters, relay_at
from tests.mail.certificates import Authority
from tests.mail.scripted_server import (
    CLOSE,
    SILENCE,
    Drip,
    Said,
    ScriptedServer,
    hello,
    scripted,
    talking,
)

POINTS = {
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go ahead",
    "body": "",
    ".": "250 2.0.0 OK",
}
TROUBLES = {
    "close": CLOSE,
    "silence": SILENCE,
    "421": "421 4.3.2 closing",
    "nonsense": "what do you want",
    "another number": "299",
    "no number": "999 2.0.0 OK",
}
LOST, SILENT, BUSY, SENSELESS = "connection_lost", "no_answer", "busy", "nonsense"

# The second of three mails meets the trouble: its state and cause, and the cause of the connection's end.
RETURNED = ("returned", "")
EXPECTED = {
    # The first mail was carried: a server may end a connection there, and nobody is to blame.
    ("MAIL", "close"): (RETURNED, None),
    ("MAIL", "421"): (RETURNED, None),
    ("MAIL", "silence"): (RETURNED, SILENT),
    ("MAIL", "nonsense"): (RETURNED, SENSELESS),
    ("MAIL", "no number"): (RETURNED, SENSELESS),
    **{
        (point, trouble): (("retry", cause), cause)
        for point in ("RCPT", "DATA")
        for trouble, cause in {
            "close": LOST,
            "silence": SILENT,
            "421": BUSY,
            "nonsense": SENSELESS,
            "no number": SENSELESS,
        }.items()
    },
    **{
        (point, trouble): (("in_doubt", cause), cause)
        for point in ("body", ".")
        for trouble, cause in {
            "close": LOST,
            "silence": SILENT,
            "nonsense": SENSELESS,
            "no number": SENSELESS,
        }.items()
    },
    # 421 is an answer: the server says that it has not taken the message (RFC 5321 §3.8).
    ("body", "421"): (("retry", BUSY), BUSY),
    (".", "421"): (("retry", BUSY), BUSY),
    # Any 2xx is a yes (RFC 5321 §4.2.1), except to DATA.
    ("MAIL", "another number"): (("sent", ""), None),
    ("RCPT", "another number"): (("sent", ""), None),
    ("DATA", "another number"): (("retry", SENSELESS), SENSELESS),
    ("body", "another number"): (("sent", ""), SENSELESS),
    (".", "another number"): (("sent", ""), None),
}


def second_time(usual: Said, other: Said) -> Callable[[int], Said]:
    return lambda times: other if times == 2 else usual


Runner = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    """The worker's loop is uvloop's; what is promised must hold on both."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(work)

    return run


@pytest.fixture(params=["in the clear", "over TLS"])
def tls(request: pytest.FixtureRequest, authority: Authority) -> dict[str, Any]:
    return {} if request.param == "in the clear" else {"certificate": authority.server()}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    handshake.tls_context.cache_clear()
    return made


@pytest.fixture(params=["pipelined", "command by command"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return ("PIPELINING", "8BITMIME") if request.param == "pipelined" else ("8BITMIME",)


def starttls(tls: dict[str, Any]) -> StartTls:
    return "required" if tls else "off"


async def meet(
    point: str, trouble: Said, extensions: tuple[str, ...], tls: dict[str, Any]
) -> tuple[Basket, ScriptedServer]:
    async with scripted(extensions=extensions, **tls) as server:
        server.says[point] = second_time(POINTS[point], trouble)
        relay = relay_at(server.port, starttls=starttls(tls))
        return await carry(relay, letters(3)), server


def test_every_point_and_every_trouble(
    run: Runner, extensions: tuple[str, ...], tls: dict[str, Any]
) -> None:
    async def all_at_once() -> list[tuple[Basket, ScriptedServer]]:
        return await asyncio.gather(
            *(meet(point, TROUBLES[trouble], extensions, tls) for point, trouble in EXPECTED)
        )

    found = {}
    for key, (basket, server) in zip(EXPECTED, run(all_at_once()), strict=True):
        answer = basket.answers.get("2")
        second = (answer.state, answer.cause) if answer else (basket.states["2"], "")
        (end,) = basket.ends
        found[key] = (second, end.cause if end else None)
        assert basket.states["1"] == "sent"
        # After trouble the third is not begun: a 2xx too many makes the next replies senseless, which is seen in time.
        third = {"sent"} if second[0] == "sent" and end is None else {None, "returned", "retry"}
        assert basket.states.get("3") in third
        check_honesty(basket, server)
    assert found == EXPECTED


def check_honesty(basket: Basket, server: ScriptedServer) -> None:
    """What the server holds is sent or in doubt, unless it refused it; what is sent, it holds."""
    held = {recipient.partition("@")[0] for recipient in server.held}
    states = basket.states
    assert {name for name, state in states.items() if state == "sent"} <= held
    answered = {name for name, answer in basket.answers.items() if answer.reply[:3].isdigit()}
    assert {name for name in held - answered if states[name] != "in_doubt"} == set()


def test_replies_octet_by_octet_are_replies(
    run: Runner, extensions: tuple[str, ...], tls: dict[str, Any]
) -> None:
    async def everything_drips() -> Basket:
        usual = {
            "greeting": "220-scripted.test\r\n220 at your service",
            **{point: said for point, said in POINTS.items() if said},
            "QUIT": "221 bye",
        }
        async with scripted(extensions=extensions, **tls) as server:
            server.says |= {verb: Drip(said) for verb, said in usual.items()}
            relay = relay_at(server.port, starttls=starttls(tls))
            return await carry(relay, letters(3))

    basket = run(everything_drips())
    assert basket.states == dict.fromkeys("123", "sent")
    assert basket.ends == [None]


@pytest.mark.parametrize("point", ["greeting", "EHLO"])
@pytest.mark.parametrize("trouble", [*TROUBLES.values(), "554 5.3.2 not today", "451 later"])
async def test_a_greeting_that_goes_wrong_is_nobodys_mail(point: str, trouble: str) -> None:
    async with scripted() as server:
        server.says[point] = trouble
        if point == "EHLO" and trouble in {"299", "554 5.3.2 not today"}:
            # Any 2xx will do, and who refuses EHLO may take HELO.
            basket = await carry(relay_at(server.port), letters(1))
            assert basket.states == {"1": "sent"}
        else:
            soon = replace(IMPATIENT, connect=0.5 if trouble == SILENCE else 10.0)
            with pytest.raises(RelayUnavailable) as refused:
                await carry(relay_at(server.port), letters(1), soon)
            assert refused.value.reply


TRICKLE = [CLOSE, SILENCE, "421 4.3.2 closing", "451 4.3.0 later", "550 5.1.1 no", "554 5.7.1 spam",
           "nonsense", "250-more\r\n250 2.0.0 OK", "354 go ahead"]  # fmt: skip


def test_whatever_a_server_does_every_mail_has_one_true_end(run: Runner) -> None:
    """Two hundred servers that throw dice."""

    async def throw(seed: int) -> tuple[Basket, ScriptedServer]:
        dice = random.Random(seed)
        extensions = ("PIPELINING",) if seed % 2 else ()

        def thrown(usual: str) -> Callable[[int], Said]:
            return lambda _times: usual if dice.random() < 0.8 else dice.choice(TRICKLE)

        async with scripted(extensions=extensions) as server:
            for point in ("MAIL", "RCPT", "DATA", "."):
                server.says[point] = thrown(POINTS[point])
            return await carry(relay_at(server.port), letters(8)), server

    async def all_of_them() -> list[tuple[Basket, ScriptedServer]]:
        return await asyncio.gather(*(throw(seed) for seed in range(200)))

    for basket, server in run(all_of_them()):
        check_honesty(basket, server)


def test_a_large_message_cut_in_the_middle_is_in_no_doubt(
    run: Runner, extensions: tuple[str, ...], tls: dict[str, Any]
) -> None:
    """While the socket has not taken all of it, its final dot is not sent, and nobody can hold it."""
    large = LETTER + (b"x" * 996 + b"\r\n") * 15_000

    async def send(middle: str) -> Basket:
        async with scripted(extensions=extensions, body=middle, **tls) as server:
            relay = relay_at(server.port, starttls=starttls(tls))
            answer = 1.5 if middle == SILENCE else 30.0
            basket = await carry(relay, letters(2, large), Patience(answer=answer, tick=0.05))
            assert server.held == ([] if middle else ["1@example.org", "2@example.org"])
            return basket

    async def all_three() -> tuple[Basket, ...]:
        return await asyncio.gather(send(CLOSE), send(SILENCE), send(""))

    cut, silent, whole = run(all_three())
    assert cut.answers["1"].state == silent.answers["1"].state == "retry"
    assert (cut.answers["1"].cause, silent.answers["1"].cause) == (LOST, SILENT)
    assert whole.states == {"1": "sent", "2": "sent"}


def test_patience_is_for_the_whole_reply(run: Runner) -> None:
    """A server that says an octet from time to time says nothing."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer)
        await reader.readline()
        while True:
            writer.write(b"250-")
            await asyncio.sleep(0.05)
            writer.write(b"x\r\n")

    async def wait_for_it() -> Basket:
        async with talking(trickle) as port:
            return await carry(relay_at(port), letters(1))

    basket = run(wait_for_it())
    (end,) = basket.ends
    assert end
    assert (basket.states, end.cause) == ({"1": "returned"}, SILENT)
