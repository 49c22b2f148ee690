"""A feed for tests: mails in a basket, and an account of what became of each."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.mail.connection import Connection, Patience
from hub.mail.feed import Mail
from hub.mail.relay import Mailbox, Relay, StartTls
from hub.mail.replies import Answer, RelayUnavailable
from hub.mail.smtp import open_connection

LETTER = b"Subject: x\r\n\r\nhello\r\n"
# Long enough for a busy machine, short enough for a test of silence.
IMPATIENT = Patience(connect=10.0, command=1.5, answer=1.5, idle=30.0, quit=1.5, tick=0.05)


@dataclass(frozen=True)
class Letter:
    recipient: bytes
    message: bytes = LETTER
    needs_utf8: bool = False
    sender: bytes = b"news@example.org"

    def pieces(self) -> list[bytes]:
        return [self.message[:7], self.message[7:]]


def letters(count: int, message: bytes = LETTER) -> list[Letter]:
    """To 1@example.org and so on."""
    return [Letter(b"%d@example.org" % number, message) for number in range(1, count + 1)]


def name_of(mail: Mail) -> str:
    return mail.recipient.decode().partition("@")[0]


@dataclass
class Basket:
    mails: deque[Mail]
    began: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    """By the name before the @."""
    returned_mails: list[str] = field(default_factory=list)
    ends: list[RelayUnavailable | None] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    accounted: Counter[str] = field(default_factory=Counter)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def next(self, connection: Connection) -> Mail | None:
        if not self.mails:
            self._look()
            return None
        mail = self.mails.popleft()
        self.taken[name_of(mail)] += 1
        return mail

    def begun(self, mail: Mail) -> bool:
        self.began.append(name_of(mail))
        self.started.set()
        return True

    def ended(self, mail: Mail, answer: Answer) -> None:
        self.answers[name_of(mail)] = answer
        self.accounted[name_of(mail)] += 1
        self._look()

    def returned(self, mail: Mail) -> None:
        self.returned_mails.append(name_of(mail))
        self.accounted[name_of(mail)] += 1
        self._look()

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        self.ends.append(error)
        self.over.set()
        self.empty.set()

    def _look(self) -> None:
        if not self.mails and self.taken == self.accounted:
            self.empty.set()

    @property
    def states(self) -> dict[str, str]:
        """What became of each mail that was taken."""
        found = {name: answer.state for name, answer in self.answers.items()}
        return found | dict.fromkeys(self.returned_mails, "returned")

    def check(self) -> None:
        """Every mail that was taken has exactly one end, and every connection too."""
        assert self.taken == self.accounted
        assert len(self.ends) == 1
        doubtful = {name for name, answer in self.answers.items() if answer.state == "in_doubt"}
        assert doubtful <= set(self.began)


def relay_at(
    port: int,
    *,
    username: str = "",
    host: str = "127.0.0.1",
    starttls: StartTls = "opportunistic",
    implicit_tls: bool = False,
    session_messages: int = 1000,
) -> Relay:
    return Relay(
        host,
        port,
        username,
        "secret",
        implicit_tls,
        Mailbox("Hub", "hub@example.org"),
        "http://hub.test",
        starttls=starttls,
        session_messages=session_messages,
    )


async def carry(relay: Relay, mails: Iterable[Mail], patience: Patience = IMPATIENT) -> Basket:
    """Over one connection, until it ends or has nothing left to do. Raises RelayUnavailable."""
    basket = Basket(deque(mails))
    connection = await open_connection(relay, basket, patience=patience)
    await basket.empty.wait()
    connection.close()
    await basket.over.wait()
    basket.check()
    return basket
