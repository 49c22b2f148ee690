"""The mailbox's SMTP, as mail clients and worse use it."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub.embedded.ephemeral import EphemeralMailbox


@pytest.fixture(scope="module")
def mailbox() -> Iterator[EphemeralMailbox]:
    with EphemeralMailbox() as mailbox:
        yield mailbox


def newest(mailbox: EphemeralMailbox, to: str) -> bytes:
    found = httpx.get(f"{mailbox.page_url}/messages.json", params={"to": to}).json()
    number = found["items"][0]["id"]
    return httpx.get(f"{mailbox.page_url}/messages/{number}/message.eml").content


def talk(mailbox: EphemeralMailbox, sent: bytes) -> bytes:
    """Send everything at once, as a pipelining client does, and read until the server has closed."""
    with socket.create_connection(("127.0.0.1", mailbox.smtp_port), timeout=10) as wire:
        wire.sendall(sent)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    return answer


def test_a_message_is_kept_as_it_was_written(mailbox: EphemeralMailbox) -> None:
    body = "Subject: uno\r\n\r\n.una riga col punto\r\n..due\r\nperché\r\n"
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port) as client:
        client.sendmail("a@example.org", "uno@example.org", body.encode(), ["BODY=8BITMIME"])
    assert newest(mailbox, "uno@example.org") == body.encode()


def test_commands_and_messages_may_come_in_one_packet(mailbox: EphemeralMailbox) -> None:
    message = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<due@example.org>\r\nDATA\r\nSubject: %d\r\n\r\n\r\n.\r\n"
    answer = talk(mailbox, b"EHLO test\r\n" + message % 1 + message % 2 + b"QUIT\r\n")
    assert b"PIPELINING" in answer
    assert answer.count(b"250 2.0.0 Kept as") == 2
    assert newest(mailbox, "due@example.org").startswith(b"Subject: 2")


def test_an_international_address(mailbox: EphemeralMailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port) as client:
        client.sendmail("a@example.org", "nicolò@example.org", b"Subject: x\r\n\r\n", ["SMTPUTF8"])
    assert newest(mailbox, "nicolò@example.org")


def test_a_full_disk_is_the_senders_to_try_again(tmp_path: Path) -> None:
    import asyncio

    from hub.embedded.mailbox_smtp import conversation

    def full(sender: str, recipients: list[str], raw: bytes) -> int:
        raise OSError

    async def answer() -> bytes:
        server = await asyncio.get_running_loop().create_server(
            lambda: conversation(full), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(
            b"EHLO t\r\nMAIL FROM:<a@b.it>\r\nRCPT TO:<c@d.it>\r\nDATA\r\n\r\n.\r\nQUIT\r\n"
        )
        said = await reader.read()
        writer.close()
        server.close()
        return said

    assert b"451 4.3.0" in asyncio.run(answer())


def test_nonsense_does_not_stop_it(mailbox: EphemeralMailbox) -> None:
    answer = talk(mailbox, b"\x00\xff\r\nDATA\r\nRCPT TO:<x>\r\nMAIL FROM:x\r\nQUIT\r\n")
    assert answer.count(b"\r\n5") >= 3
    test_an_international_address(mailbox)
