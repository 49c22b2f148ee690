"""A connection's dialogue with the server, reply by reply.

Where the server has PIPELINING (RFC 2920), each message is one round trip: it leaves together with the envelope of the
next one, and `_mail` and `_next` are the two of them.
"""

import asyncio

from hub.mail.connection import (
    CLOSING,
    DATA,
    END,
    GREETING,
    IDLE,
    MAIL,
    OVER,
    QUIT,
    RCPT,
    RSET,
    STRAY,
)
from hub.mail.envelopes import Envelopes
from hub.mail.feed import Mail
from hub.mail.replies import Answer, RelayUnavailable, classify, one_line, unavailable

_GO_AHEAD = 354

# Up to that size the final dot leaves in the same write as the message. A larger one is poured in pieces, and its dot
# waits until the socket has taken them all, so that a connection cut in the middle leaves no doubt.
_AT_ONCE = 131_072
_PIECE = 65_536


class Dialogue(Envelopes):
    __slots__ = ()

    # The transaction, reply by reply.

    def _reply(self, code: int, line: bytes) -> None:
        stage = self._stage
        if stage == END and 200 <= code < 300:
            if self._carries_on(Answer("sent", "", one_line(line))):
                self._go_on()
        elif code == CLOSING and stage != GREETING:
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
            mail, self._mail, self._body, self._stage = self._mail, None, (), IDLE
            self.feed.ended(mail, classify(code, line, "DATA"))
            self._go_on()

    def _send_message(self, mail: Mail) -> None:
        envelope = self._take_behind()
        if self._stage != DATA:
            return
        body, self._body = self._body, ()
        if not self.feed.begun(mail):
            self._stop(None, "connection_lost", ours=True)
            return
        self._stage = END
        tail = b".\r\n" + envelope
        # Only here: whoever waits for its go-ahead needs no copy of its own.
        whole = b"".join((*body, tail))
        self._deadline = self._time() + self.patience.answer
        if len(whole) <= _AT_ONCE:
            self._due += 4 if envelope else 1
            self._write(whole)
            return
        self._pouring, self._tail = memoryview(whole)[: -len(tail)], tail
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

    def _drained(self) -> None:
        if self._tail:
            self._pour()

    def _carries_on(self, answer: Answer) -> bool:
        """The message has its answer. True where the connection is free for another one."""
        mail, self._mail = self._mail, self._next
        self._carried += 1
        if self._next is not None:
            self._body, self._next, self._next_body = self._next_body, None, ()
            self._stage = MAIL
            self._deadline = self._time() + self.patience.command
        else:
            self._stage = IDLE
        if mail is not None:
            self.feed.ended(mail, answer)
        return self._stage == IDLE

    def _refuse(self, answer: Answer, then: int) -> bool:
        """The transaction has failed. Behind a pipelined envelope further replies are due, and are swallowed."""
        mail, self._mail, self._body = self._mail, None, ()
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

    def start(self) -> None:
        """The greetings are over. Raises RelayUnavailable."""
        if self._stage == OVER:
            raise self._error or unavailable("connection_lost")
        self._stage = IDLE
        self._started = True
        self._timer = self._loop.call_later(self.patience.tick, self._look_at_clock)
        self._start_next()
