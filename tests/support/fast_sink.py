"""A mail server as a process of its own: fast enough not to be what is measured, and it writes down what it saw and when.

    python -m tests.support.fast_sink PORT[,PORT …] LOG     a LOG of `-` keeps none
        --faults '{"delay": 0.01}'      how it behaves, see `Faults`; `XFAULTS {…}` in a session changes it for all
        --share-port                    let several processes listen on the same port
        --host ADDRESS                  where it listens, by default on loopback only

The log has a line for each event, written before the answer is: what a client was told is in the log, whoever is
killed. Its fields are separated by tabs; every line begins with an event's letter, CLOCK_MONOTONIC in nanoseconds and
the session's number. `tests/support/sink_log.py` reads it.

    O  port, the client's port                  a session begins
    B  message number, recipient                the first byte of its content has come
    A  message number, code, Message-ID, sender the content has come whole and was answered so
    S  message number, Message-ID, sender       it has come whole and was kept, but the connection closed without a word
    E  quit | lost                              the session has ended
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import time
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import msgspec
import uvloop

_END = b"\r\n.\r\n"
_MESSAGE_ID = re.compile(
    rb"^message-id:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)", re.IGNORECASE | re.MULTILINE
)


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares are of all messages, from 0 to 1; what is drawn follows from `seed`."""

    pipelining: bool = True
    eightbitmime: bool = True
    smtputf8: bool = True
    delay: float = 0.0
    """Seconds between the last byte of a message and its answer."""
    refuse_recipient: float = 0.0
    recipient_reply: str = "450 4.2.1 try again later"
    refuse_data: float = 0.0
    data_reply: str = "451 4.3.0 try again later"
    swallow: float = 0.0
    """Kept, and then the connection closes without an answer."""
    messages_a_session: int = 0
    """After so many, 421 and the end; 0 is no limit."""
    greeting: str = "220 sink.test ESMTP"
    seed: int = 1


@dataclass(slots=True)
class Sink:
    log: int | None
    faults: Faults
    chance: random.Random = field(default_factory=random.Random)
    sessions: int = 0
    lines: list[bytes] = field(default_factory=list)

    def behave(self, faults: Faults) -> None:
        self.faults = faults
        self.chance = random.Random(faults.seed)

    def draws(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share

    def note(self, event: bytes, session: int, *fields: bytes) -> None:
        if self.log is not None:
            when = b"%d" % time.monotonic_ns()
            self.lines.append(b"\t".join((event, when, b"%d" % session, *fields)) + b"\n")

    def flush(self) -> None:
        if self.lines and self.log is not None:
            os.write(self.log, b"".join(self.lines))
            self.lines.clear()


class Session(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, sink: Sink, port: int) -> None:
        self.sink = sink
        self.port = port
        sink.sessions += 1
        self.number = sink.sessions
        self.buffer = b""
        self.out: list[bytes] = []
        self.in_data = False
        self.begun = False
        # How far the end of the content was looked for in vain.
        self.searched = 0
        self.messages = 0
        self.sender = b""
        self.recipient: bytes | None = None
        self.holding = False
        self.how = b"lost"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")[1]
        self.sink.note(b"O", self.number, b"%d" % self.port, b"%d" % peer)
        self.say(self.sink.faults.greeting.encode())
        self.tell()
        if not self.sink.faults.greeting.startswith("220"):
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.note(b"E", self.number, self.how)
        self.sink.flush()

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.holding:
            self.serve()

    def serve(self) -> None:
        """Take what is there, one command or one message after the other."""
        while self.buffer and not self.holding and not self.transport.is_closing():
            if not (self.take_content() if self.in_data else self.take_command()):
                break
        self.tell()

    def take_content(self) -> bool:
        if not self.begun:
            if self.buffer.startswith(b".\r\n"):
                return self.take_nothing()
            if self.buffer in {b".", b".\r"}:
                return False
            self.begun = True
            self.sink.note(b"B", self.number, b"%d" % self.messages, self.recipient or b"")
        end = self.buffer.find(_END, max(self.searched - len(_END), 0))
        if end < 0:
            self.searched = len(self.buffer)
            return False
        content, self.buffer = self.buffer[: end + 2], self.buffer[end + len(_END) :]
        self.in_data, self.searched = False, 0
        answer = partial(self.answer, message_id(content))
        if self.sink.faults.delay:
            self.holding = True
            asyncio.get_running_loop().call_later(self.sink.faults.delay, self.go_on, answer)
        else:
            answer()
        return True

    def take_nothing(self) -> bool:
        """A lone dot: the client has thought better of it."""
        self.buffer, self.in_data = self.buffer[3:], False
        self.say(b"554 5.6.0 no content")
        return True

    def go_on(self, answer: partial[None]) -> None:
        self.holding = False
        answer()
        self.serve()

    def answer(self, identity: bytes) -> None:
        faults, number = self.sink.faults, b"%d" % self.messages
        self.messages += 1
        if self.sink.draws(faults.swallow):
            self.sink.note(b"S", self.number, number, identity, self.sender)
            self.transport.abort()
            return
        refused = self.sink.draws(faults.refuse_data)
        reply = faults.data_reply.encode() if refused else b"250 2.0.0 kept"
        self.sink.note(b"A", self.number, number, reply[:3], identity, self.sender)
        self.say(reply)
        self.sender, self.recipient = b"", None

    def take_command(self) -> bool:
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        verb = line[:4].upper()
        if verb == b"MAIL":
            self.mail(line)
        elif verb == b"RCPT":
            self.rcpt(line)
        elif verb == b"DATA":
            self.data()
        elif verb == b"QUIT":
            self.how = b"quit"
            self.say(b"221 2.0.0 bye")
            self.tell()
            self.transport.close()
        else:
            self.rarely(verb, line)
        return True

    def rarely(self, verb: bytes, line: bytes) -> None:
        if verb == b"EHLO":
            self.say(self.extensions())
        elif verb == b"XFAU":
            self.sink.behave(msgspec.json.decode(line.partition(b" ")[2], type=Faults))
            self.say(b"250 2.0.0 as you like")
        elif verb in {b"HELO", b"NOOP", b"RSET"}:
            self.sender, self.recipient = b"", None
            self.say(b"250 2.0.0 well")
        else:
            self.say(b"502 5.5.1 unknown here")

    def extensions(self) -> bytes:
        faults = self.sink.faults
        names = [b"sink.test"]
        names += [b"PIPELINING"] if faults.pipelining else []
        names += [b"8BITMIME"] if faults.eightbitmime else []
        names += [b"SMTPUTF8"] if faults.smtputf8 else []
        lines = [b"250-" + name for name in names]
        return b"\r\n".join([*lines[:-1], b"250 " + names[-1]])

    def mail(self, line: bytes) -> None:
        limit = self.sink.faults.messages_a_session
        if limit and self.messages >= limit:
            self.say(b"421 4.7.0 enough for one session")
            self.tell()
            self.transport.close()
            return
        self.sender, self.recipient = path(line), None
        self.say(b"250 2.1.0 well")

    def rcpt(self, line: bytes) -> None:
        if self.sink.draws(self.sink.faults.refuse_recipient):
            self.say(self.sink.faults.recipient_reply.encode())
            return
        self.recipient = path(line)
        self.say(b"250 2.1.5 well")

    def data(self) -> None:
        if self.recipient is None:
            self.say(b"554 5.5.1 nobody to send it to")
            return
        self.in_data, self.begun = True, False
        self.say(b"354 go on")

    def say(self, reply: bytes) -> None:
        self.out.append(reply)

    def tell(self) -> None:
        self.sink.flush()
        if self.out and not self.transport.is_closing():
            self.transport.write(b"\r\n".join(self.out) + b"\r\n")
        self.out.clear()


def path(line: bytes) -> bytes:
    """What stands between the angle brackets."""
    return line[line.find(b"<") + 1 : line.rfind(b">")]


def message_id(content: bytes) -> bytes:
    """Empty where there is none."""
    at = content.find(b"\r\nMessage-ID: <")
    if at >= 0:
        return content[at + 14 : content.find(b"\r\n", at + 14)].strip()
    found = _MESSAGE_ID.search(content, 0, content.find(b"\r\n\r\n") + 2)
    return found[1].strip() if found else b""


async def serve(host: str, ports: list[int], sink: Sink, *, share_port: bool) -> None:
    loop = asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(
            partial(Session, sink, port), host, port, reuse_port=share_port, backlog=1000
        )
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ports")
    parser.add_argument("log")
    parser.add_argument("--faults", default="{}")
    parser.add_argument("--share-port", action="store_true")
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    log = None
    if arguments.log != "-":
        log = os.open(arguments.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    faults = msgspec.json.decode(arguments.faults, type=Faults)
    sink = Sink(log, faults, random.Random(faults.seed))
    ports = [int(port) for port in arguments.ports.split(",")]
    uvloop.run(serve(arguments.host, ports, sink, share_port=arguments.share_port))


if __name__ == "__main__":
    main()
