"""The mailbox's SMTP, driven as a network would: by bytes that arrive in any pieces."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

from hub.embedded.ephemeral import EphemeralMailbox
from hub.embedded.mailbox_smtp import MAX_COMMAND_BYTES, Conversation


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Talk:
    """A conversation without a network; `kept` is what the store was given."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[str], bytes]] = []
        self.wire = Wire()
        self.disk_is_full = False
        self.conversation = Conversation(self._keep)
        self.conversation.connection_made(self.wire)

    def _keep(self, sender: str, recipients: list[str], raw: bytes) -> int:
        if self.disk_is_full:
            raise OSError
        self.kept.append((sender, recipients, raw))
        return len(self.kept)

    def say(self, *lines: str) -> list[str]:
        """The codes of the answers."""
        return self.say_bytes("".join(f"{line}\r\n" for line in lines).encode())

    def say_bytes(self, data: bytes) -> list[str]:
        self.wire.sent = b""
        self.conversation.data_received(data)
        return [line[:3].decode() for line in self.wire.sent.splitlines() if line[3:4] == b" "]


@pytest.fixture
def talk() -> Talk:
    talk = Talk()
    assert talk.wire.sent.startswith(b"220 ")
    assert talk.say("EHLO test") == ["250"]
    return talk


ENVELOPE = ("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA")


def test_a_message_is_kept_as_it_was_written(talk: Talk) -> None:
    talk.say(*ENVELOPE)
    assert talk.say("Subject: x", "", "one", ".") == ["250"]
    assert talk.kept == [("a@example.org", ["b@example.org"], b"Subject: x\r\n\r\none\r\n")]


def test_several_messages_in_one_packet(talk: Talk) -> None:
    message = (*ENVELOPE, "Subject: x", "", "text", ".")
    codes = talk.say(*message, *message, "QUIT")
    assert codes == ["250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert len(talk.kept) == 2
    assert talk.wire.closed


def test_bytes_that_come_one_by_one(talk: Talk) -> None:
    data = "\r\n".join([*ENVELOPE, "Subject: x", "", "text", ".", ""]).encode()
    codes = [code for index in range(len(data)) for code in talk.say_bytes(data[index : index + 1])]
    assert codes == ["250", "250", "354", "250"]
    assert talk.kept[0][2] == b"Subject: x\r\n\r\ntext\r\n"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\n...\r\n.\r\n", b"a\r\n..\r\n"),
        (b"a.\r\n.b\r\n.\r\n", b"a.\r\n.b\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    ],
)
def test_dots(talk: Talk, sent: bytes, kept: bytes) -> None:
    talk.say(*ENVELOPE)
    assert talk.say_bytes(sent) == ["250"]
    assert talk.kept[0][2] == kept


def test_the_next_message_starts_afresh(talk: Talk) -> None:
    talk.say(*ENVELOPE, "first", ".")
    assert talk.say("RCPT TO:<c@example.org>") == ["503"]
    talk.say("MAIL FROM:<>", "RCPT TO:<c@example.org>", "DATA", "second", ".")
    assert talk.kept[1] == ("", ["c@example.org"], b"second\r\n")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["NONSENSE"], "500"),
        (["RCPT TO:<b@example.org>"], "503"),
        (["DATA"], "503"),
        (["MAIL FROM:<a@b>", "DATA"], "503"),
        (["MAIL a@example.org"], "501"),
        (["MAIL FROM:<a@b>", "MAIL FROM:<c@d>"], "503"),
        (["MAIL FROM:<a@b>", "RCPT TO:<nobody>"], "501"),
        (["MAIL FROM:<a@b>", "RSET", "RCPT TO:<b@example.org>"], "503"),
        (["MAIL FROM:<a@b> SIZE=1000 BODY=8BITMIME"], "250"),
        (["mail from:<a@b>"], "250"),
        (["NOOP"], "250"),
    ],
)
def test_commands_out_of_order_and_malformed(talk: Talk, lines: list[str], code: str) -> None:
    assert talk.say(*lines)[-1] == code


def test_who_does_not_greet_may_not_send() -> None:
    assert Talk().say("MAIL FROM:<a@b>") == ["503"]


def test_a_line_that_real_servers_would_break_is_refused(talk: Talk) -> None:
    assert talk.say(*ENVELOPE, "x" * 998, ".")[-1] == "250"
    assert talk.say(*ENVELOPE, "x" * 999, ".")[-1] == "500"
    assert len(talk.kept) == 1


def test_an_endless_command_ends_the_connection(talk: Talk) -> None:
    assert talk.say_bytes(b"x" * (MAX_COMMAND_BYTES + 1)) == ["500"]
    assert talk.wire.closed


def test_an_endless_message_ends_the_connection(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.embedded.mailbox_smtp.MAX_MESSAGE_BYTES", 100)
    talk.say(*ENVELOPE)
    assert talk.say_bytes(b"x" * 101) == ["552"]
    assert talk.wire.closed


def test_a_full_disk_is_the_senders_to_try_again(talk: Talk) -> None:
    talk.disk_is_full = True
    assert talk.say(*ENVELOPE, "text", ".")[-1] == "451"
    talk.disk_is_full = False
    assert talk.say(*ENVELOPE, "text", ".")[-1] == "250"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[EphemeralMailbox]:
    with EphemeralMailbox() as mailbox:
        yield mailbox


def test_the_standard_librarys_client_gets_through(mailbox: EphemeralMailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port) as client:
        client.sendmail("a@example.org", ["b@example.org", "c@example.org"], "Subject: x\n\ntext")
        assert {"pipelining", "8bitmime", "smtputf8"} <= client.esmtp_features.keys()
