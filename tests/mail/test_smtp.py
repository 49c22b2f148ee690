"""What a connection does with its mails, while the server does what servers do."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable

import pytest

from hub.mail.connection import Connection, Patience
from hub.mail.dialogue import Dialogue
from hub.mail.feed import Mail
from hub.mail.headers import BadHeader
from hub.mail.replies import RelayUnavailable
from hub.mail.smtp import open_connection
from tests.mail.basket import IMPATIENT, LETTER, Basket, Letter, carry, letters, relay_at
from tests.mail.scripted_server import CLOSE, SILENCE, Raw, Said, hello, scripted, talking

PIPELINING = ("PIPELINING", "8BITMIME")


@pytest.fixture(params=["pipelined", "command by command"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return PIPELINING if request.param == "pipelined" else ()


def first_time(said: Said, usual: Said) -> Callable[[int], Said]:
    return lambda times: said if times == 1 else usual


async def test_mails_go_one_after_the_other_over_one_connection(
    extensions: tuple[str, ...],
) -> None:
    async with scripted(extensions=extensions) as server:
        basket = await carry(relay_at(server.port), letters(20))
    assert basket.states == {str(number): "sent" for number in range(1, 21)}
    assert basket.answers["7"].reply == "250 2.0.0 OK"
    assert server.held == [f"{number}@example.org" for number in range(1, 21)]
    assert server.messages == [LETTER + b".\r\n"] * 20
    assert (server.connections, server.lines[-1]) == (1, "QUIT")


async def test_the_next_envelope_does_not_wait_for_the_answer() -> None:
    """One round trip a message: this server says nothing to a message before it has seen the next envelope."""
    seen = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, "PIPELINING")
        await reader.readuntil(b"DATA\r\n")
        for number in range(5):
            writer.write(b"250 OK\r\n" * (3 if number else 2) + b"354 go ahead\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            if number < 4:
                seen.append((await reader.readuntil(b"DATA\r\n")).count(b"\r\n"))
        writer.write(b"250 OK\r\n")
        await reader.readline()
        writer.write(b"221 bye\r\n")

    async with talking(talk) as port:
        basket = await carry(relay_at(port), letters(5))
    assert set(basket.states.values()) == {"sent"}
    assert seen == [3] * 4


@pytest.mark.parametrize(
    ("says", "state", "cause"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, "failed", "unknown"),
        ({"RCPT": "450 4.2.1 mailbox busy"}, "retry", "busy"),
        ({"RCPT": "452 4.2.2 mailbox full"}, "retry", "mailbox_full"),
        ({"RCPT": "554 5.7.1 relay access denied"}, "retry", "policy"),
        ({"DATA": "451 4.3.0 later"}, "retry", "busy"),
        ({"DATA": "554 5.6.0 not that"}, "failed", "content"),
        ({".": "554 5.6.0 not after all"}, "failed", "content"),
        ({".": "554 5.7.26 unauthenticated"}, "retry", "unproven"),
        ({".": "451 4.3.0 disk full"}, "retry", "busy"),
        ({"MAIL": "553 5.1.8 who are you"}, "retry", "sender"),
        ({"MAIL": "450 4.1.8 who are you"}, "retry", "sender"),
        ({"MAIL": "552 5.3.4 too large"}, "retry", "too_large"),
    ],
)
async def test_a_refused_mail_does_not_disturb_the_next(
    says: dict[str, str], state: str, cause: str, extensions: tuple[str, ...]
) -> None:
    usual = {"DATA": "354 go ahead"}
    async with scripted(extensions=extensions) as server:
        for verb, said in says.items():
            server.says[verb] = first_time(said, usual.get(verb, "250 OK"))
        basket = await carry(relay_at(server.port), letters(3))
    first = basket.answers["1"]
    assert (first.state, first.cause) == (state, cause)
    assert first.policy == (first.reply.startswith("5") and state == "retry")
    assert (basket.states["2"], basket.states["3"]) == ("sent", "sent")
    assert (server.connections, basket.ends) == (1, [None])
    # Of a message whose recipient was refused the server saw a lone dot at most.
    assert [message for message in server.messages if message != b".\r\n"][-2:] == [
        LETTER + b".\r\n"
    ] * 2


async def test_a_go_ahead_for_a_refused_recipient_gets_a_lone_dot() -> None:
    """RFC 2920 §3.1. Whatever is said to the dot, it is nobody's answer."""
    for said in ("250 2.0.0 OK", "554 5.5.1 no valid recipients"):
        async with scripted(
            extensions=PIPELINING,
            RCPT=first_time("550 5.1.1 no such user", "250 OK"),
            end=first_time(said, "250 OK"),
        ) as server:
            basket = await carry(relay_at(server.port), letters(3))
        assert basket.states == {"1": "failed", "2": "sent", "3": "sent"}
        assert server.messages == [b".\r\n", LETTER + b".\r\n", LETTER + b".\r\n"]
        assert basket.began == ["2", "3"]


async def test_a_transaction_that_failed_is_reset(extensions: tuple[str, ...]) -> None:
    """A server with its eyes on the order of commands would refuse a second MAIL (RFC 5321 §3.3)."""
    open_transaction = False

    def mail(_times: int) -> str:
        nonlocal open_transaction
        refused, open_transaction = open_transaction, True
        return "503 5.5.1 nested MAIL" if refused else "250 OK"

    def reset(_times: int) -> str:
        nonlocal open_transaction
        open_transaction = False
        return "250 OK"

    async with scripted(
        extensions=extensions,
        MAIL=mail,
        RSET=reset,
        RCPT=lambda times: "250 OK" if times == 3 else "550 5.1.1 no",
        DATA=lambda _times: "354 go" if server.verbs.count("RCPT") == 3 else "503 5.5.1 no",
    ) as server:
        basket = await carry(relay_at(server.port), letters(3))
    assert basket.states == {"1": "failed", "2": "failed", "3": "sent"}
    assert server.verbs.count("RSET") == 2


async def test_a_relay_that_takes_no_mail_at_the_moment_costs_no_mail_an_attempt(
    extensions: tuple[str, ...],
) -> None:
    async with scripted(extensions=extensions, MAIL="452 4.3.1 no space") as server:
        basket = await carry(relay_at(server.port), letters(3))
    (end,) = basket.ends
    assert end
    assert (basket.states, end.reply) == ({"1": "returned"}, "452 4.3.1 no space")


async def test_a_connection_ends_after_so_many_messages(extensions: tuple[str, ...]) -> None:
    async with scripted(extensions=extensions) as server:
        basket = await carry(relay_at(server.port, session_messages=3), letters(5))
    assert basket.states == dict.fromkeys("123", "sent")
    assert len(basket.mails) == 2, "never taken"
    assert (server.lines[-1], basket.ends) == ("QUIT", [None])


async def test_an_idle_connection_is_kicked_awake(extensions: tuple[str, ...]) -> None:
    async with scripted(extensions=extensions) as server:
        basket = Basket(deque())
        connection = await open_connection(relay_at(server.port), basket, patience=IMPATIENT)
        assert connection.is_idle
        for number in range(3):
            basket.empty.clear()
            basket.mails.extend(letters(number + 1)[number:])
            connection.kick()
            await basket.empty.wait()
        connection.close()
        assert not connection.is_open
        await basket.over.wait()
    assert basket.states == dict.fromkeys("123", "sent")
    assert server.connections == 1


async def test_a_kick_while_a_message_waits_for_its_answer_sends_an_envelope_behind_it() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, "PIPELINING")
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 OK\r\n250 OK\r\n354 go ahead\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        basket.mails.append(Letter(b"2@example.org"))
        connection.kick()
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 OK\r\n250 OK\r\n250 OK\r\n354 go ahead\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 OK\r\n")
        await reader.readline()

    async with talking(talk) as port:
        basket = Basket(deque())
        connection = await open_connection(relay_at(port), basket, patience=IMPATIENT)
        basket.empty.clear()
        basket.mails.append(Letter(b"1@example.org"))
        connection.kick()
        await basket.empty.wait()
        connection.close()
        await basket.over.wait()
    assert basket.states == {"1": "sent", "2": "sent"}


@pytest.mark.parametrize("leave", ["close", "abort"])
async def test_leaving_in_the_middle(leave: str, extensions: tuple[str, ...]) -> None:
    """`close` waits for the answer to the message on the wire, `abort` does not; neither loses a mail."""
    there, go_on = asyncio.Event(), asyncio.Event()
    cut = asyncio.Queue[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer, *extensions)
        said = {b"MAIL": b"250 OK\r\n", b"RCPT": b"250 OK\r\n", b"DATA": b"354 go ahead\r\n"}
        while (line := await reader.readline())[:4] in said:
            writer.write(said[line[:4]])
            if line == b"DATA\r\n":
                try:
                    await reader.readuntil(b"\r\n.\r\n")
                except asyncio.IncompleteReadError as error:
                    cut.put_nowait(error.partial)
                    return
                there.set()
                await go_on.wait()
                writer.write(b"250 OK\r\n")

    async with talking(talk) as port:
        basket = Basket(deque(letters(3)))
        connection = await open_connection(relay_at(port), basket, patience=IMPATIENT)
        await there.wait()
        connection.close() if leave == "close" else connection.abort()
        assert not connection.is_open
        go_on.set()
        await basket.over.wait()
        if leave == "close" and extensions:
            assert await cut.get() == b"", "QUIT would be taken for the second message"
    basket.check()
    assert basket.states["1"] == ("sent" if leave == "close" else "in_doubt")
    assert basket.states.get("2") == ("returned" if extensions else None)
    assert basket.ends == [None]


async def test_closing_before_the_data_returns_the_mail() -> None:
    async with scripted(MAIL=SILENCE) as server:
        basket = Basket(deque(letters(2)))
        connection = await open_connection(relay_at(server.port), basket, patience=IMPATIENT)
        connection.close()
        await basket.over.wait()
    assert (basket.states, basket.ends) == ({"1": "returned"}, [None])


async def test_a_feed_may_stop_a_message_before_it_begins(extensions: tuple[str, ...]) -> None:
    class Halted(Basket):
        def begun(self, mail: Mail) -> bool:
            return False

    async with scripted(extensions=extensions) as server:
        basket = Halted(deque(letters(2)))
        await open_connection(relay_at(server.port), basket, patience=IMPATIENT)
        await basket.over.wait()
    basket.check()
    assert set(basket.states.values()) == {"returned"}
    assert server.messages == []


@pytest.mark.parametrize("leave", ["close", "abort"])
async def test_a_feed_may_leave_while_it_hands_out_a_mail(
    leave: str, extensions: tuple[str, ...]
) -> None:
    class Leaving(Basket):
        def next(self, connection: Connection) -> Mail | None:
            mail = super().next(connection)
            if mail is not None and mail.recipient.startswith(b"2"):
                connection.close() if leave == "close" else connection.abort()
            return mail

    async with scripted(extensions=extensions) as server:
        basket = Leaving(deque(letters(3)))
        await open_connection(relay_at(server.port), basket, patience=IMPATIENT)
        await basket.over.wait()
    basket.check()
    assert basket.states["2"] == "returned"
    assert (len(basket.mails), server.held) == (
        1,
        [] if "1" in basket.returned_mails else ["1@example.org"],
    )


async def test_a_mail_that_cannot_be_written_ends_alone(extensions: tuple[str, ...]) -> None:
    class Unwritable(Letter):
        def pieces(self) -> list[bytes]:
            raise BadHeader("To")

    class Broken(Letter):
        def pieces(self) -> list[bytes]:
            raise ZeroDivisionError

    mails = [Unwritable(b"1@example.org"), Broken(b"2@example.org"), *letters(3)[2:]]
    async with scripted(extensions=extensions) as server:
        basket = await carry(relay_at(server.port), mails)
    assert basket.states == {"1": "failed", "2": "retry", "3": "sent"}
    assert (basket.answers["1"].cause, basket.answers["2"].cause) == ("address", "not_built")
    assert server.held == ["3@example.org"]
    assert server.verbs.count("RCPT") == 1


async def test_an_address_in_other_letters_needs_smtputf8(extensions: tuple[str, ...]) -> None:
    mails = [Letter("żółw@example.org".encode(), needs_utf8=True), Letter(b"2@example.org")]
    async with scripted(extensions=(*extensions, "SMTPUTF8", "8BITMIME")) as server:
        basket = await carry(relay_at(server.port), mails)
    assert set(basket.states.values()) == {"sent"}
    assert server.held == ["żółw@example.org", "2@example.org"]
    said = [line for line in server.lines if line.startswith("MAIL")]
    assert said == [
        "MAIL FROM:<news@example.org> BODY=8BITMIME SMTPUTF8",
        "MAIL FROM:<news@example.org>",
    ]
    async with scripted(extensions=extensions) as server:
        basket = await carry(relay_at(server.port), mails)
    answer = basket.answers["żółw"]
    assert (answer.state, answer.cause) == ("failed", "needs_utf8")
    assert server.held == ["2@example.org"]


async def test_a_server_says_how_large_a_message_may_be(extensions: tuple[str, ...]) -> None:
    large = Letter(b"1@example.org", LETTER + b"x" * 70 + b"\r\n")
    async with scripted(extensions=(*extensions, "SIZE 60")) as server:
        basket = await carry(relay_at(server.port), [large, Letter(b"2@example.org")])
    answer = basket.answers["1"]
    assert (answer.state, answer.cause, answer.policy) == ("retry", "too_large", True)
    assert basket.states["2"] == "sent"
    assert [line for line in server.lines if line.startswith("MAIL")] == [
        f"MAIL FROM:<news@example.org> SIZE={len(LETTER)}"
    ]


@pytest.mark.parametrize("said", ["502 5.5.1 what?", "500 what?", "550 no"])
async def test_a_server_of_old_is_greeted_as_of_old(said: str) -> None:
    async with scripted(EHLO=said) as server:
        basket = await carry(relay_at(server.port), letters(2))
    assert basket.states == dict.fromkeys("12", "sent")
    assert server.verbs[:3] == ["greeting", "EHLO", "HELO"]


@pytest.mark.parametrize(
    ("greeting", "cause", "policy"),
    [
        ("554 5.7.1 your address is on our list", "policy", True),
        ("554 no service for you", "policy", True),
        ("521 5.3.2 this host takes no mail", "policy", True),
        ("550 5.7.25 no PTR record", "unproven", True),
        ("421 4.7.0 too many connections", "slowed", False),
        ("450 4.3.2 not now", "busy", False),
        ("503 bad sequence", "protocol", False),
        ("250 what?", "nonsense", False),
    ],
)
async def test_a_refusal_in_place_of_a_greeting(greeting: str, cause: str, policy: bool) -> None:
    for says in ({"greeting": greeting}, {"EHLO": greeting, "HELO": greeting}):
        if greeting.startswith("2") and "EHLO" in says:
            continue
        async with scripted() as server:
            server.says |= says
            with pytest.raises(RelayUnavailable) as refused:
                await carry(relay_at(server.port), letters(1))
        error = refused.value
        assert (error.reply, error.cause, error.policy) == (greeting, cause, policy)


async def test_nobody_listening() -> None:
    with pytest.raises(RelayUnavailable) as refused:
        await carry(relay_at(1), letters(1))
    assert refused.value.cause == "unreachable"


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_host_that_is_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(RelayUnavailable) as refused:
        await carry(relay_at(25, host="mail.example.org"), letters(1))
    assert refused.value.cause == "unreachable"


async def test_an_idle_connection_parts_politely() -> None:
    async with scripted() as server:
        basket = Basket(deque())
        await open_connection(relay_at(server.port), basket, patience=Patience(idle=0.2, tick=0.05))
        await basket.over.wait()
    assert (basket.ends, server.lines[-1]) == ([None], "QUIT")


@pytest.mark.parametrize("farewell", [b"421 4.4.2 idle too long\r\n", b"", b"250 boo\r\n", b"25"])
async def test_an_idle_connection_that_the_server_ends_is_no_trouble(farewell: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hello(reader, writer)
        await idle.wait()
        writer.write(farewell)
        await writer.drain()
        if farewell:
            await reader.read()

    idle = asyncio.Event()
    async with talking(talk) as port:
        basket = Basket(deque())
        connection = await open_connection(relay_at(port), basket, patience=IMPATIENT)
        idle.set()
        await basket.over.wait()
        connection.kick()
        connection.close()
        connection.abort()
    assert basket.ends == [None]


@pytest.mark.parametrize("point", ["greeting", "EHLO", "MAIL", "."])
@pytest.mark.parametrize(
    "reply", [b"250-and so on\r\n" * 100_000, b"250 " + b"x" * 1_000_000, b"\0" * 1_000_000]
)
async def test_a_reply_without_end_is_cut_short(point: str, reply: bytes) -> None:
    async with scripted() as server:
        server.says[point] = Raw(reply)
        if point in {"greeting", "EHLO"}:
            with pytest.raises(RelayUnavailable) as refused:
                await carry(relay_at(server.port), letters(1))
            assert refused.value.cause == "nonsense"
            return
        basket = await carry(relay_at(server.port), letters(1))
    (end,) = basket.ends
    assert end
    assert end.cause == "nonsense"
    assert basket.states == {"1": "in_doubt" if point == "." else "returned"}


@pytest.mark.parametrize("reply", [b"250-a\r\n550 b\r\n", b"550-a\r\n250-b\r\n550 c\r\n"])
async def test_a_reply_of_two_minds_is_none(reply: bytes) -> None:
    """RFC 5321 §4.2.1: every line of a reply has its number."""
    async with scripted() as server:
        server.says["."] = Raw(reply)
        basket = await carry(relay_at(server.port), letters(1))
    answer = basket.answers["1"]
    assert (answer.state, answer.cause) == ("in_doubt", "nonsense")


async def test_a_long_reply_is_kept_short_and_printable() -> None:
    reply = Raw(
        b"550-5.1.1 no\0such user\r\n" + b"550-" + b"\xff\x1b[31m" * 200 + b"\r\n550 5.1.1 x\r\n"
    )
    async with scripted(RCPT=reply) as server:
        basket = await carry(relay_at(server.port), letters(1))
    kept = basket.answers["1"]
    assert (kept.state, kept.cause) == ("failed", "unknown")
    assert kept.reply.startswith("550-5.1.1 no such user")
    assert kept.reply.isprintable()
    assert len(kept.reply) <= 300


@pytest.mark.parametrize(
    ("greeting", "to_data"),
    [
        (b"220 hello\r\n250 OK\r\n", b""),
        (b"220 hello\r\n25", b""),
        (b"220 hello\r\n", b"354 go ahead\r\n250 OK: queued\r\n"),
        (b"220 hello\r\n", b"354 go ahead\r\n421 and good bye\r\n"),
        (b"220 hello\r\n", b"354 go ahead\r\n250"),
    ],
)
async def test_replies_before_their_time_are_not_believed(greeting: bytes, to_data: bytes) -> None:
    """A yes that was on its way before the message was, is no yes to it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while (line := await reader.readline()) and line != b"DATA\r\n":
            writer.write(b"250 OK\r\n")
        writer.write(to_data)
        try:
            got.append(await reader.read())
        except ConnectionError:
            got.append(b"")
        read.set()

    read = asyncio.Event()
    got: list[bytes] = []
    async with talking(talk) as port:
        if not to_data:
            with pytest.raises(RelayUnavailable) as refused:
                await carry(relay_at(port), letters(1))
            assert refused.value.cause == "nonsense"
            return
        basket = await carry(relay_at(port), letters(1))
        await read.wait()
    answer = basket.answers["1"]
    assert (answer.state, answer.cause) == ("retry", "nonsense")
    assert (basket.began, got) == ([], [b""])


LARGE = LETTER + (b"x" * 996 + b"\r\n") * 15_000


@pytest.mark.parametrize(
    ("middle", "cause", "policy"),
    [
        (CLOSE, "connection_lost", False),
        (SILENCE, "no_answer", False),
        ("421 4.3.2 closing", "busy", False),
        ("552 5.3.4 too large", "too_large", True),
        ("250 OK", "nonsense", False),
    ],
)
async def test_a_message_cut_in_the_middle_is_in_no_doubt(
    middle: str, cause: str, *, policy: bool, extensions: tuple[str, ...]
) -> None:
    """While the socket has not taken the whole message its final dot is not sent: nobody can hold it."""
    async with scripted(extensions=extensions, body=middle) as server:
        task = asyncio.ensure_future(
            carry(relay_at(server.port), [Letter(b"1@example.org", LARGE), *letters(2)[1:]])
        )
        basket = await task
    answer = basket.answers["1"]
    assert (answer.state, answer.cause, answer.policy) == ("retry", cause, policy)
    assert basket.states.get("2") in (None, "returned")
    assert server.held == []


async def test_a_large_message_arrives_whole(extensions: tuple[str, ...]) -> None:
    async with scripted(extensions=extensions) as server:
        basket = await carry(relay_at(server.port), letters(2, LARGE))
    assert basket.states == dict.fromkeys("12", "sent")
    assert server.messages == [LARGE + b".\r\n"] * 2


async def test_no_more_than_one_message_waits_for_a_server_that_does_not_read() -> None:
    async with scripted(extensions=PIPELINING, body=SILENCE) as server:
        basket = Basket(deque(letters(5, LARGE)))
        connection = await open_connection(relay_at(server.port), basket, patience=IMPATIENT)
        await basket.started.wait()
        assert isinstance(connection, Dialogue)
        transport = connection.bare_transport()
        assert 0 < transport.get_write_buffer_size() <= 65_536
        await basket.over.wait()
    assert basket.began == ["1"]
    assert sum(basket.taken.values()) <= 2
