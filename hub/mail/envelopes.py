"""Mails as a connection takes them from its feed, and the envelopes in which they are announced to the server."""

import logging
from collections.abc import Sequence

from hub import logs
from hub.mail.connection import END, IDLE, MAIL, RSET, Connection
from hub.mail.feed import Mail
from hub.mail.headers import BadHeader
from hub.mail.replies import NEEDS_UTF8, NOT_BUILT, TOO_LARGE, UNWRITABLE

log = logging.getLogger(__name__)


class Envelopes(Connection):
    """With PIPELINING an envelope is `MAIL`, `RCPT` and `DATA` in one write (RFC 2920), otherwise each by itself."""

    __slots__ = ()

    def kick(self) -> None:
        if self._stage == IDLE:
            self._start_next()
        elif self._stage == END and self._next is None and not self._tail:
            envelope = self._take_behind()
            if envelope:
                self._due += 3
                self._write(envelope)

    def _take(self) -> tuple[Mail, Sequence[bytes]] | None:
        """The next mail that can be carried. One that cannot ends here: nothing of it is ever sent."""
        capabilities = self.capabilities
        while self._taken < self.limit and not self._closing:
            mail = self.feed.next(self)
            if mail is None:
                return None
            try:
                body = mail.pieces()
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
                elif 0 < capabilities.largest < _size(body):
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

    def _go_on(self) -> None:
        if self._stage == IDLE:
            self._start_next()

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

    def _start(self, mail: Mail, body: Sequence[bytes]) -> None:
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

    def _envelope(self, mail: Mail, body: Sequence[bytes]) -> bytes:
        if mail.needs_utf8 or self.capabilities.announces_size:
            return b"%bRCPT TO:<%b>\r\nDATA\r\n" % (self._mail_from(mail, body), mail.recipient)
        return b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % (mail.sender, mail.recipient)

    def _mail_from(self, mail: Mail, body: Sequence[bytes]) -> bytes:
        parameters = b" SIZE=%d" % _size(body) if self.capabilities.announces_size else b""
        if mail.needs_utf8:
            parameters += b" BODY=8BITMIME" if self.capabilities.eight_bit else b""
            parameters += b" SMTPUTF8"
        return b"MAIL FROM:<%b>%b\r\n" % (mail.sender, parameters)


def _size(body: Sequence[bytes]) -> int:
    return sum(map(len, body))
