"""One SMTP connection as a state machine: one round trip a message where the server has PIPELINING (RFC 2920).

What was answered is recorded as it was answered; what was not is sorted by one question only: may the server hold the
whole message? Before the first byte of the data it certainly does not (`returned`, or `retry`); once the final dot has
been handed to the transport it may (`in_doubt`); between the two it cannot, because no server may take a message for
whole without its dot (RFC 5321 §4.1.1.4).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from hub import logs
from hub.mail.feed import Feed, Mail
from hub.mail.headers import BadHeader
from hub.mail.replies import (
    NEEDS_UTF8,
    NOT_BUILT,
    TOO_LARGE,
    UNWRITABLE,
    Answer,
    RelayUnavailable,
    Stage,
    classify,
    one_line,
    own_answer,
    unavailable,
)
from hub.mail.wire import Wire

__all__ = ["Capabilities", "Connection", "Feed", "Mail", "Patience"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A deadline is for a whole reply: bytes that trickle in do not move it."""

    connect: float = 30.0
    """From the first packet to the end of the greetings, TLS and sign-in included."""
    command: float = 300.0
    """RFC 5321 §4.5.3.2.2 to .4: for an envelope, and for the go-ahead of the data."""
    answer: float = 600.0
    """RFC 5321 §4.5.3.2.6: a server may take ten minutes over the final dot; giving up sooner makes doubles."""
    idle: float = 60.0
    """So long a connection without work stays open."""
    quit: float = 2.0
    tick: float = 1.0
    """How often a connection looks at its clock."""


@dataclass(slots=True)
class Capabilities:
    """What the server said to EHLO."""

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    announces_size: bool = False
    largest: int = 0
    """Octets; 0 where the server sets no limit (RFC 1870 §4)."""
    sign_in: frozenset[str] = frozenset()


# Stages, in the order of a transaction.
GREETING, IDLE, RSET, MAIL, RCPT, DATA, END, STRAY, QUIT, OVER = range(10)
_STAGE_OF: dict[int, Stage] = {MAIL: "MAIL", RCPT: "RCPT", DATA: "DATA", END: "END"}

_GO_AHEAD = 354
_CLOSING = 421

# Up to that size the final dot leaves in the same write as the message. A larger one is poured in pieces, and its dot
# waits until the socket has taken them all, so that a connection cut in the middle leaves no doubt.
_AT_ONCE = 131_072
_PIECE = 65_536


class Connection(Wire):
    """Made by `hub.mail.smtp.open_connection`."""

    __slots__ = (
        "_body",
        "_carried",
        "_closing",
        "_deadline",
        "_dirty",
        "_error",
        "_loop",
        "_mail",
        "_next",
        "_next_body",
        "_pouring",
        "_stage",
        "_started",
        "_tail",
        "_taken",
        "_time",
        "_timer",
        "_waiter",
        "capabilities",
        "feed",
        "greeting",
        "limit",
        "patience",
    )

    def __init__(self, feed: Feed, *, limit: int, patience: Patience) -> None:
        super().__init__()
        self.feed = feed
        self.limit = limit
        self.patience = patience
        self.capabilities = Capabilities()
        self._loop = asyncio.get_running_loop()
        self._time: Callable[[], float] = self._loop.time
        self.greeting: asyncio.Future[tuple[int, bytes]] = self._loop.create_future()
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = self.greeting
        self._timer: asyncio.TimerHandle | None = None
        self._stage = GREETING
        self._started = False
        self._deadline = 0.0
        self._error: RelayUnavailable | None = None
        # The rest of a large message, and what follows it: its final dot, and the next envelope.
        self._pouring = memoryview(b"")
        self._tail = b""
        # The mail of the transaction (None once it has ended and only its replies are waited for), and the one whose
        # envelope has been sent behind it.
        self._mail: Mail | None = None
        self._body = b""
        self._next: Mail | None = None
        self._next_body = b""
        self._dirty = False
        self._closing = False
        self._taken = self._carried = 0

    # What the feed may do.

    def kick(self) -> None:
        """There is work again. Harmless at any time."""
        if self._stage == IDLE:
            self._start_next()
        elif self._stage == END and self._next is None and not self._tail:
            envelope = self._take_behind()
            if envelope:
                self._due += 3
                self._write(envelope)

    def close(self) -> None:
        """Finish the message on the wire, then QUIT; what has not begun is returned."""
        if self._closing or self._stage == OVER:
            return
        self._closing = True
        if self._stage == IDLE:
            self._quit()
        elif self._stage in (RSET, MAIL, RCPT, DATA):
            self._stop(None, "connection_lost", ours=True)
        elif self._next is not None:
            mail, self._next, self._next_body = self._next, None, b""
            self.feed.returned(mail)

    def abort(self) -> None:
        """Cut the connection now: a message on the wire is in doubt, what has not begun is returned."""
        if self._stage != OVER:
            self._stop(None, "connection_lost", ours=True)

    @property
    def carried(self) -> int:
        """How many messages have had their answer."""
        return self._carried

    @property
    def is_open(self) -> bool:
        """It can take further mails."""
        return self._stage not in (QUIT, OVER) and not self._closing and self._taken < self.limit

    @property
    def is_idle(self) -> bool:
        return self._stage == IDLE

    # Taking mails.

    def _take(self) -> tuple[Mail, bytes] | None:
        """The next mail that can be carried. One that cannot ends here: nothing of it is ever sent."""
        capabilities = self.capabilities
        while self._taken < self.limit and not self._closing:
            mail = self.feed.next(self)
            if mail is None:
                return None
            try:
                body = mail.data()
            except BadHeader:
                self.feed.ended(mail, UNWRITABLE)
            except Exception as error:  # noqa: BLE001  # one broken message must not hold up the others
                log.warning("a message could not be put together: %s", logs.describe(error))
                self.feed.ended(mail, NOT_BUILT)
            else:
                if self._closing or self._over:
                    # The feed has left us meanwhile.
                    self.feed.returned(mail)
                    return None
                if mail.needs_utf8 and not capabilities.smtputf8:
                    self.feed.ended(mail, NEEDS_UTF8)
                elif 0 < capabilities.largest < len(body):
                    self.feed.ended(mail, TOO_LARGE)
                else:
                    self._taken += 1
                    return mail, body
        return None

    def _take_behind(self) -> bytes:
        """The envelope of the next mail, to be sent behind the message on the wire; empty if there is none."""
        if not self.capabilities.pipelining:
            return b""
        taken = self._take()
        if taken is None:
            return b""
        self._next, self._next_body = taken
        return self._envelope(*taken)

    def _start_next(self) -> None:
        taken = self._take()
        # The feed may have kicked us from within.
        if self._stage != IDLE:
            if taken is not None:
                self.feed.returned(taken[0])
        elif taken is not None:
            self._start(*taken)
        elif self._closing or self._taken >= self.limit:
            self._quit()
        else:
            self._deadline = self._time() + self.patience.idle

    def _start(self, mail: Mail, body: bytes) -> None:
        self._mail, self._body = mail, body
        self._deadline = self._time() + self.patience.command
        self._stage = MAIL
        if self.capabilities.pipelining:
            words, replies = self._envelope(mail, body), 3
        else:
            words, replies = self._mail_from(mail, body), 1
        if self._dirty:
            # The recipient was refused, which does not end the transaction (RFC 5321 §4.1.1.5).
            self._dirty = False
            self._stage = RSET
            words, replies = b"RSET\r\n" + words, replies + 1
        self._due += replies
        self._write(words)

    def _envelope(self, mail: Mail, body: bytes) -> bytes:
        if mail.needs_utf8 or self.capabilities.announces_size:
            return b"%bRCPT TO:<%b>\r\nDATA\r\n" % (self._mail_from(mail, body), mail.recipient)
        return b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % (mail.sender, mail.recipient)

    def _mail_from(self, mail: Mail, body: bytes) -> bytes:
        parameters = b" SIZE=%d" % len(body) if self.capabilities.announces_size else b""
        if mail.needs_utf8:
            parameters += b" BODY=8BITMIME" if self.capabilities.eight_bit else b""
            parameters += b" SMTPUTF8"
        return b"MAIL FROM:<%b>%b\r\n" % (mail.sender, parameters)

    # The transaction, reply by reply.

    def _reply(self, code: int, line: bytes) -> None:
        stage = self._stage
        if stage == END and 200 <= code < 300:
            if self._carries_on(Answer("sent", "", one_line(line))):
                self._go_on()
        elif code == _CLOSING:
            self._farewell(line)
        elif stage == MAIL:
            self._at_mail(code, line)
        elif stage == RCPT:
            self._at_rcpt(code, line)
        elif stage == DATA:
            self._at_data(code, line)
        elif stage == END:
            if code < 400:
                self._lost_the_thread()
            elif self._carries_on(classify(code, line, "END")):
                self._go_on()
        else:
            self._beside_a_transaction(stage, code, line)

    def _at_mail(self, code: int, line: bytes) -> None:
        mail = self._mail
        if 200 <= code < 300:
            self._stage = RCPT
            if not self.capabilities.pipelining and mail is not None:
                self._due += 1
                self._write(b"RCPT TO:<%b>\r\n" % mail.recipient)
        elif code < 400:
            self._lost_the_thread()
        else:
            answer = classify(code, line, "MAIL")
            if answer.state == "retry" and not answer.policy and answer.cause != "sender":
                self._stop(RelayUnavailable(answer.reply, answer.cause), answer.cause)
            elif self._refuse(answer, RCPT):
                self._go_on()

    def _at_rcpt(self, code: int, line: bytes) -> None:
        mail = self._mail
        if mail is None:
            self._stage = DATA
        elif 200 <= code < 300:
            self._stage = DATA
            if not self.capabilities.pipelining:
                self._due += 1
                self._write(b"DATA\r\n")
        elif code < 400:
            self._lost_the_thread()
        else:
            self._dirty = True
            if self._refuse(classify(code, line, "RCPT"), DATA):
                self._go_on()

    def _at_data(self, code: int, line: bytes) -> None:
        if code == _GO_AHEAD:
            if self._mail is not None:
                self._send_message(self._mail)
            else:
                # RFC 2920 §3.1: the server waits for data that nobody will get. What it says to a lone dot is nobody's.
                self._dirty = False
                self._stage = STRAY
                self._due += 1
                self._write(b".\r\n")
        elif code < 400:
            self._lost_the_thread()
        elif self._mail is None:
            self._stage = IDLE
            self._go_on()
        else:
            self._dirty = True
            mail, self._mail, self._body, self._stage = self._mail, None, b"", IDLE
            self.feed.ended(mail, classify(code, line, "DATA"))
            self._go_on()

    def _send_message(self, mail: Mail) -> None:
        envelope = self._take_behind()
        if self._stage != DATA:
            return
        body, self._body = self._body, b""
        if not self.feed.begun(mail):
            self._stop(None, "connection_lost", ours=True)
            return
        self._stage = END
        tail = b".\r\n" + envelope
        if len(body) <= _AT_ONCE:
            self._due += 4 if envelope else 1
            self._deadline = self._time() + self.patience.answer
            self._write(body + tail)
            return
        self._pouring, self._tail = memoryview(body), tail
        self._deadline = self._time() + self.patience.answer
        self._pour()

    def _pour(self) -> None:
        while self._pouring and not self._paused:
            piece, self._pouring = self._pouring[:_PIECE], self._pouring[_PIECE:]
            self._write(piece)
        if self._paused:
            return
        tail, self._tail = self._tail, b""
        self._due += 4 if len(tail) > len(b".\r\n") else 1
        self._deadline = self._time() + self.patience.answer
        self._write(tail)

    def _carries_on(self, answer: Answer) -> bool:
        """The message has its answer. True where the connection is free for another one."""
        mail, self._mail = self._mail, self._next
        self._carried += 1
        if self._next is not None:
            self._body, self._next, self._next_body = self._next_body, None, b""
            self._stage = MAIL
            self._deadline = self._time() + self.patience.command
        else:
            self._stage = IDLE
        if mail is not None:
            self.feed.ended(mail, answer)
        return self._stage == IDLE

    def _refuse(self, answer: Answer, then: int) -> bool:
        """The transaction has failed. Behind a pipelined envelope further replies are due, and are swallowed."""
        mail, self._mail, self._body = self._mail, None, b""
        self._stage = then if self.capabilities.pipelining else IDLE
        if mail is not None:
            self.feed.ended(mail, answer)
        return self._stage == IDLE

    def _beside_a_transaction(self, stage: int, code: int, line: bytes) -> None:
        if stage == RSET:
            if 200 <= code < 300:
                self._stage = MAIL
            else:
                self._lost_the_thread()
        elif stage == STRAY:
            self._stage = IDLE
            self._go_on()
        elif stage == GREETING:
            waiter, self._waiter = self._waiter, None
            if waiter is not None and not waiter.done():
                waiter.set_result((code, line))
        elif stage == QUIT:
            self._stop(None, "connection_lost")

    def _go_on(self) -> None:
        if self._stage == IDLE:
            self._start_next()

    # Ends.

    def _quit(self) -> None:
        if self._due:
            # An envelope was sent behind the last message: the server would take QUIT for data.
            self._stop(None, "connection_lost")
            return
        self._stage = QUIT
        self._due += 1
        self._deadline = self._time() + self.patience.quit
        self._write(b"QUIT\r\n")

    def _farewell(self, line: bytes) -> None:
        """421 may come at any time, and the server closes behind it (RFC 5321 §3.8)."""
        if self._stage == GREETING:
            self._beside_a_transaction(GREETING, _CLOSING, line)
            return
        stage, mail = self._stage, self._mail
        if stage in (IDLE, QUIT) or (stage in (RSET, MAIL) and self._carried):
            # It waited long enough, or has taken as many messages as it takes of one connection.
            self._stop(None, "connection_lost")
            return
        answer = classify(_CLOSING, line, _STAGE_OF.get(stage, "MAIL"))
        if mail is not None and stage in (RCPT, DATA, END):
            self._mail = None
            self.feed.ended(mail, answer)
        self._stop(RelayUnavailable(answer.reply, answer.cause), answer.cause)

    def _lost_the_thread(self) -> None:
        """What the server says is no reply, or none that can come here: nothing after it can be trusted."""
        self._stop(unavailable("nonsense"), "nonsense")

    def _out_of_turn(self, code: int, line: bytes) -> None:
        mail = self._mail
        if self._stage in (IDLE, QUIT):
            self._stop(None, "connection_lost")
        elif self._stage == END and self._tail and mail is not None and code >= 400:
            # It refuses the message before it has all of it.
            self._mail = None
            answer = classify(code, line, "END")
            self.feed.ended(mail, answer)
            self._stop(
                RelayUnavailable(answer.reply, answer.cause) if code == _CLOSING else None,
                answer.cause,
            )
        else:
            self._lost_the_thread()

    def _gone(self) -> None:
        over = self._stage in (IDLE, QUIT) or (self._stage in (RSET, MAIL) and self._carried > 0)
        # The server may end what was over; anything else is its fault.
        self._stop(None if over else unavailable("connection_lost"), "connection_lost")

    def _stop(self, error: RelayUnavailable | None, cause: str, *, ours: bool = False) -> None:
        """Say nothing more, and account for every mail in hand. `ours`: the server did nothing wrong."""
        self._over = True
        stage, self._stage = self._stage, OVER
        mail, self._mail, self._body = self._mail, None, b""
        following, self._next, self._next_body = self._next, None, b""
        in_the_middle, self._tail, self._pouring = bool(self._tail), b"", memoryview(b"")
        self._error = error
        if self._transport is not None:
            self._transport.abort()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error or unavailable("connection_lost"))
        if following is not None:
            self.feed.returned(following)
        if mail is None:
            return
        if stage == END:
            self.feed.ended(mail, own_answer("retry" if in_the_middle else "in_doubt", cause))
        elif stage in (RCPT, DATA) and not ours:
            self.feed.ended(mail, own_answer("retry", cause))
        else:
            self.feed.returned(mail)

    def _look_at_clock(self) -> None:
        if self._stage == OVER:
            return
        if self._time() >= self._deadline:
            if self._stage == IDLE:
                self._quit()
            elif self._stage == QUIT:
                self._stop(None, "connection_lost")
                return
            else:
                self._stop(unavailable("no_answer"), "no_answer")
                return
        self._timer = self._loop.call_later(self.patience.tick, self._look_at_clock)

    def _drained(self) -> None:
        if self._tail:
            self._pour()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        if self._started:
            self.feed.closed(self, self._error)

    # Called by `hub.mail.handshake`, before there are mails.

    async def ask(self, command: bytes) -> tuple[int, bytes]:
        """Its reply. Raises RelayUnavailable."""
        if self._stage == OVER:
            raise self._error or unavailable("connection_lost")
        self._waiter = self._loop.create_future()
        self._due += 1
        self._write(command + b"\r\n")
        return await self._waiter

    def own_address(self) -> str:
        """Of this end of the connection, for servers that ask for a name."""
        if self._transport is None:
            raise unavailable("connection_lost")
        return str(self._transport.get_extra_info("sockname")[0])

    def bare_transport(self) -> asyncio.Transport:
        """For TLS to be laid over. Raises RelayUnavailable where the server has said more than it was asked."""
        if self._rest or self._lines:
            self._lost_the_thread()
        if self._stage == OVER or self._transport is None:
            raise self._error or unavailable("connection_lost")
        return self._transport

    def abandon(self) -> None:
        """It came to nothing: whoever opens it has been told why."""
        self.greeting.cancel()
        if self._stage != OVER:
            self._stop(None, "connection_lost", ours=True)

    def start(self) -> None:
        """The greetings are over. Raises RelayUnavailable."""
        if self._stage == OVER:
            raise self._error or unavailable("connection_lost")
        self._stage = IDLE
        self._started = True
        self._timer = self._loop.call_later(self.patience.tick, self._look_at_clock)
        self._start_next()
