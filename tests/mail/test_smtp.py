"""What a session says about each message, against servers of every temper."""

from __future__ import annotations

import pytest

from hub.mail import smtp
from hub.mail.relay import Mailbox, Relay
from hub.mail.replies import classify, in_words
from hub.mail.smtp import RelayUnavailable, connect, wire_form
from hub.web.i18n import reading_in
from tests.mail.scripted_server import CLOSE, SILENCE, ScriptedServer, scripted

MESSAGE = b"Subject: x\r\n\r\nhello\r\n"


def relay_at(port: int, *, username: str = "", host: str = "127.0.0.1") -> Relay:
    return Relay(
        host, port, username, "secret", False, Mailbox("Hub", "hub@example.org"), "http://hub.test"
    )


async def send_one(server: ScriptedServer, recipient: str = "anna@example.org") -> smtp.Answer:
    async with await connect(relay_at(server.port)) as session:
        return await session.send("hub@example.org", recipient, MESSAGE)


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ({}, "sent"),
        ({"RCPT": "550 5.1.1 no such user"}, "failed"),
        ({"RCPT": "450 4.2.1 mailbox busy"}, "retry"),
        ({"RCPT": "452 4.2.2 mailbox full"}, "retry"),
        ({"RCPT": "554 5.7.1 relay access denied"}, "retry"),
        ({"RCPT": "421 4.3.2 closing"}, "retry"),
        ({"RCPT": CLOSE}, "retry"),
        ({"RCPT": "nonsense"}, "retry"),
        ({"DATA": "451 4.3.0 later"}, "retry"),
        ({"DATA": "554 5.6.0 not that"}, "failed"),
        ({"DATA": CLOSE}, "retry"),
        ({"MAIL": CLOSE}, "retry"),
        ({"end": "554 5.6.0 not after all"}, "failed"),
        ({"end": "554 5.7.26 unauthenticated"}, "retry"),
        ({"end": "451 4.3.0 disk full"}, "retry"),
        ({"end": "421 4.3.2 closing"}, "retry"),
        ({"end": CLOSE}, "in_doubt"),
        ({"end": "nonsense"}, "in_doubt"),
    ],
)
async def test_every_answer_has_a_meaning(says: dict[str, str], state: str) -> None:
    async with scripted(**says) as server:
        answer = await send_one(server)
    assert answer.state == state, answer


async def test_silence_after_the_message_is_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "PATIENCE", smtp.Patience(answer=0.2, tick=0.05))
    async with scripted(end=SILENCE) as server:
        assert (await send_one(server)).state == "in_doubt"


@pytest.mark.parametrize(
    "says",
    [
        {"greeting": "554 5.3.2 not today"},
        {"greeting": "421 4.7.0 too many connections"},
        {"greeting": CLOSE},
        {"greeting": "nonsense"},
        {"EHLO": CLOSE},
        {"MAIL": "553 5.7.1 sender not allowed"},
        {"MAIL": "451 4.3.1 no space"},
    ],
)
async def test_a_relay_that_refuses_us_blames_no_recipient(says: dict[str, str]) -> None:
    async with scripted(**says) as server:
        with pytest.raises(RelayUnavailable):
            await send_one(server)


async def test_a_silent_greeting_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "PATIENCE", smtp.Patience(connect=0.2))
    async with scripted(greeting=SILENCE) as server:
        with pytest.raises(RelayUnavailable):
            await connect(relay_at(server.port))


async def test_nobody_listening() -> None:
    with pytest.raises(RelayUnavailable):
        await connect(relay_at(1))


async def test_a_refused_recipient_does_not_disturb_the_next() -> None:
    def refuse_first(times: int) -> str:
        return "550 5.1.1 no" if times == 1 else "250 OK"

    async with (
        scripted(RCPT=refuse_first) as server,
        await connect(relay_at(server.port)) as session,
    ):
        answers = [
            await session.send("hub@example.org", f"{n}@example.org", MESSAGE) for n in range(3)
        ]
    assert [answer.state for answer in answers] == ["failed", "sent", "sent"]
    assert server.connections == 1
    assert len(server.messages) == 2


async def test_a_session_knows_when_it_is_over() -> None:
    async with scripted(end=CLOSE) as server:
        session = await connect(relay_at(server.port))
        before = session.alive
        await session.send("hub@example.org", "anna@example.org", MESSAGE)
        assert (before, session.alive) == (True, False)
        later = await session.send("hub@example.org", "anna@example.org", MESSAGE)
        assert later.state == "retry"
        await session.close()


@pytest.mark.parametrize(
    "recipient",
    ["", "nobody", "a b@example.org", "x@y@example.org", "è@example.org", "a\r\nRCPT TO:<b@c.it>@d.it",
     "<a@b.it>", "a@exa mple.org", "a@-..it", "a,b@example.org"],
)  # fmt: skip
async def test_an_address_that_smtp_cannot_carry_fails_alone(recipient: str) -> None:
    async with scripted() as server, await connect(relay_at(server.port)) as session:
        assert (await session.send("hub@example.org", recipient, MESSAGE)).state == "failed"
        assert (await session.send("hub@example.org", "b@example.org", MESSAGE)).state == "sent"
    assert server.verbs.count("RCPT") == 1


async def test_a_password_asks_for_tls() -> None:
    assert relay_at(25, username="hub", host="mail.example.org").needs_tls
    assert not relay_at(25, username="hub").needs_tls
    assert not relay_at(25, host="mail.example.org").needs_tls


def test_replies_are_kept_short_and_printable() -> None:
    answer = classify(550, b"550 no\x00\r\n" + b"x" * 5000, "RCPT")
    assert answer.reply.isprintable()
    assert len(answer.reply) <= 300


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n..b\r\n", b"a\r\n...b\r\n"),
        (b"a", b"a\r\n"),
    ],
)
def test_a_lone_dot_does_not_end_the_message(message: bytes, wire: bytes) -> None:
    assert wire_form(message) == wire


def test_our_own_words_are_the_readers_and_a_servers_stay_its_own() -> None:
    with reading_in("it"):
        assert in_words("no answer after the message: the connection was lost") == (
            "nessuna risposta dopo il messaggio: la connessione si è interrotta"
        )
        assert in_words("450 4.2.0 try 100% later: greylisted") == (
            "450 4.2.0 try 100% later: greylisted"
        )
