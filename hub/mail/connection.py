"""A connection to the relay: what it knows, what its feed, a pool or a lane may do with it, and how it ends.

Three classes make one connection, each in its own module: this one, `Envelopes` (which takes mails from the feed) and
`Dialogue` (which carries them, reply by reply).

At its end, what was answered has been told as it was answered; what was not is sorted by one question only: may the
server hold the whole message? Before the first byte of the data it certainly does not (`returned`, or `retry`); once
the final dot has been handed to the transport it may (`in_doubt`); between the two it cannot, because no server may
take a message for whole without its dot (RFC 5321 §4.1.1.4).
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.mail.capabilities import Capabilities
from hub.mail.feed import Feed, Mail
from hub.mail.replies import RelayUnavailable, Stage, classify, own_answer, unavailable
from hub.mail.wire import Wire


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


# Which reply is waited for, in the order of a transaction: none in IDLE, that to a stray final dot in STRAY.
GREETING, IDLE, RSET, MAIL, RCPT, DATA, END, STRAY, QUIT, OVER = range(10)
_STAGE_OF: dict[int, Stage] = {MAIL: "MAIL", RCPT: "RCPT", DATA: "DATA", END: "END"}

CLOSING = 421


class Connection(Wire):
    """Made by `hub.mail.smtp.open_connection`."""

    __slots__ = (
        "_body",
        "_carried",
        "_closing",
        "_cut",
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
        self._body: Sequence[bytes] = ()
        self._next: Mail | None = None
        self._next_body: Sequence[bytes] = ()
        # The server's transaction is still open: RSET goes before the next.
        self._dirty = False
        self._closing = False
        self._cut = False
        self._taken = self._carried = 0

    # What others may do with it.

    @abstractmethod
    def kick(self) -> None:
        """There is work again. Harmless at any time."""

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
            mail, self._next, self._next_body = self._next, None, ()
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
    def was_cut(self) -> bool:
        """The server took it, and ended it at a message that had begun: which may be that message's doing."""
        return self._cut

    @property
    def is_open(self) -> bool:
        """It can take further mails."""
        return self._stage not in (QUIT, OVER) and not self._closing and self._taken < self.limit

    @property
    def is_idle(self) -> bool:
        return self._stage == IDLE

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
        stage, mail = self._stage, self._mail
        if stage in (IDLE, QUIT) or (stage in (RSET, MAIL) and self._carried):
            # It waited long enough, or has taken as many messages as it takes of one connection.
            self._stop(None, "connection_lost")
            return
        answer = classify(CLOSING, line, _STAGE_OF.get(stage, "MAIL"))
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
                RelayUnavailable(answer.reply, answer.cause) if code == CLOSING else None,
                answer.cause,
            )
        else:
            self._lost_the_thread()

    def _gone(self) -> None:
        over = self._stage in (IDLE, QUIT) or (self._stage in (RSET, MAIL) and self._carried > 0)
        self._cut = self._stage == END
        # The server may end what was over; anything else is its fault.
        self._stop(None if over else unavailable("connection_lost"), "connection_lost")

    def _stop(self, error: RelayUnavailable | None, cause: str, *, ours: bool = False) -> None:
        """Say nothing more, and account for every mail in hand. `ours`: the server did nothing wrong."""
        self._over = True
        stage, self._stage = self._stage, OVER
        mail, self._mail, self._body = self._mail, None, ()
        following, self._next, self._next_body = self._next, None, ()
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

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        if self._started:
            self.feed.closed(self, self._error)

    def abandon(self) -> None:
        """It came to nothing: whoever opens it has been told why."""
        self.greeting.cancel()
        if self._stage != OVER:
            self._stop(None, "connection_lost", ours=True)
