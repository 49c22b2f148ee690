"""The receiving side of SMTP (RFC 5321), as much as a mailbox on loopback needs.

Reading a newsletter line by line through a general server took 1.5 ms of a core that the senders need; this takes
a tenth. Commands may come in one packet (PIPELINING, RFC 2920). Nothing is logged: addresses are personal data.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

# Keeps a message or raises OSError, and returns its number.
Keep = Callable[[str, list[str], bytes], int]

MAX_MESSAGE_BYTES = 30_000_000
MAX_COMMAND_BYTES = 2_000
MAX_LINE_BYTES = 998  # RFC 5321 4.5.3.1.6, without CRLF: real servers refuse or break longer ones
END = b"\r\n.\r\n"
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(?:\s+[\x21-\x7e ]*)?", re.IGNORECASE)


class Conversation(asyncio.Protocol):
    """One connection. `_take` reads commands, or the message between DATA and the lone dot."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._buffer = bytearray()
        self._searched = 0
        self._in_message = False
        self._greeted = False
        self._reset()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # create_server makes no other
        self._transport = transport
        self._answer("220 mailbox.localhost ESMTP, what comes here stays here")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing() and self._take():
            pass

    def _reset(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def _answer(self, line: str) -> None:
        self._transport.write(f"{line}\r\n".encode())

    def _close(self, line: str) -> None:
        self._answer(line)
        self._transport.close()

    def _take(self) -> bool:
        """Take one command or message off the buffer; False if none is complete."""
        return self._take_message() if self._in_message else self._take_command()

    def _take_command(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0 or end > MAX_COMMAND_BYTES:
            if len(self._buffer) > MAX_COMMAND_BYTES:
                self._close("500 5.5.6 Line too long")
            return False
        line = self._buffer[:end].decode("utf-8", "replace")
        del self._buffer[: end + 2]
        verb, _, argument = line.partition(" ")
        if command := _COMMANDS.get(verb.upper()):
            command(self, argument.strip())
        else:
            self._answer("500 5.5.1 Unknown command")
        return True

    def _take_message(self) -> bool:
        # A message may be empty, so its first line counts as one after a line break (put there by DATA).
        end = self._buffer.find(END, max(0, self._searched - len(END)))
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > MAX_MESSAGE_BYTES:
                self._close("552 5.3.4 Message too big")
            return False
        raw = bytes(self._buffer[2 : end + 2]).replace(b"\r\n..", b"\r\n.")
        raw = raw[1:] if raw.startswith(b"..") else raw
        del self._buffer[: end + len(END)]
        self._in_message = False
        self._answer(self._kept(raw))
        self._reset()
        return True

    def _kept(self, raw: bytes) -> str:
        if any(len(line) > MAX_LINE_BYTES for line in raw.split(b"\r\n")):
            return "500 5.6.0 Line too long (RFC 5321 4.5.3.1.6)"
        try:
            number = self._keep(self._sender or "", self._recipients, raw)
        except OSError:
            return "451 4.3.0 The mailbox cannot write to its file"
        return f"250 2.0.0 Kept as {number}"

    def _hello(self, _name: str) -> None:
        self._greeted = True
        self._reset()
        extensions = ("mailbox.localhost", "PIPELINING", f"SIZE {MAX_MESSAGE_BYTES}", "8BITMIME")
        for extension in extensions:
            self._answer(f"250-{extension}")
        self._answer("250 SMTPUTF8")

    def _mail(self, argument: str) -> None:
        path = _PATH.fullmatch(argument)
        if not self._greeted:
            self._answer("503 5.5.1 Say EHLO first")
        elif self._sender is not None:
            self._answer("503 5.5.1 One sender a message")
        elif path is None:
            self._answer("501 5.5.4 Syntax: MAIL FROM:<address>")
        else:
            self._sender = path[1]
            self._answer("250 2.1.0 Ok")

    def _recipient(self, argument: str) -> None:
        path = _PATH.fullmatch(argument)
        if self._sender is None:
            self._answer("503 5.5.1 Say MAIL first")
        elif path is None or "@" not in path[1]:
            self._answer("501 5.1.3 Syntax: RCPT TO:<address>")
        else:
            self._recipients.append(path[1])
            self._answer("250 2.1.5 Ok")

    def _data(self, _argument: str) -> None:
        if not self._recipients:
            self._answer("503 5.5.1 No valid recipient")
            return
        self._in_message = True
        self._searched = 0
        self._buffer[:0] = b"\r\n"
        self._answer("354 End with a dot on a line of its own")

    def _restart(self, _argument: str) -> None:
        self._reset()
        self._answer("250 2.0.0 Ok")

    def _nothing(self, _argument: str) -> None:
        self._answer("250 2.0.0 Ok")

    def _quit(self, _argument: str) -> None:
        self._close("221 2.0.0 Bye")


_COMMANDS: dict[str, Callable[[Conversation, str], None]] = {
    "EHLO": Conversation._hello,
    "HELO": Conversation._hello,
    "MAIL": Conversation._mail,
    "RCPT": Conversation._recipient,
    "DATA": Conversation._data,
    "RSET": Conversation._restart,
    "NOOP": Conversation._nothing,
    "QUIT": Conversation._quit,
}
