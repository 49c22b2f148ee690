"""Connections to the relay: everything the hub sends goes through here.

`await open_connection(relay, feed)` for many mails over pipelined connections (`hub.mail.dialogue` says what a feed
is), and for one after the other:

    async with await connect(relay) as session:
        answer = await session.send(sender, recipient, message)

Every answer says honestly what is known: `sent` (the relay took it), `failed` (it refused this recipient for good),
`retry` (not now; certainly not sent), `in_doubt` (the message was on the wire and no answer came: design §7).
A relay that does not answer, or refuses *us*, is nobody's failed message: that raises RelayUnavailable.
"""

import asyncio
import ssl
from types import TracebackType
from typing import NamedTuple, Self

from hub.mail.dialogue import Connection, Feed, Mail, Patience
from hub.mail.handshake import NoTls, introduce, tls_context, tls_words
from hub.mail.headers import BadHeader, header_address
from hub.mail.relay import Relay
from hub.mail.replies import UNWRITABLE, Answer, RelayUnavailable, in_words, own_answer, unavailable

__all__ = [
    "Answer",
    "Connection",
    "Feed",
    "Mail",
    "Patience",
    "RelayUnavailable",
    "Session",
    "connect",
    "in_words",
    "open_connection",
    "wire_form",
]

PATIENCE = Patience()


async def open_connection(
    relay: Relay, feed: Feed, *, patience: Patience | None = None
) -> Connection:
    """Ready to carry mails; it asks the feed for the first one before this returns. Raises RelayUnavailable."""
    patience = patience or PATIENCE
    try:
        async with asyncio.timeout(patience.connect):
            try:
                return await _connection(relay, feed, patience, starttls=relay.starttls != "off")
            except NoTls:
                if relay.needs_starttls:
                    raise
                # RFC 7435 §3: without a password, a connection in the clear is better than none.
                return await _connection(relay, feed, patience, starttls=False)
    except TimeoutError:
        raise unavailable("no_answer") from None


async def _connection(
    relay: Relay, feed: Feed, patience: Patience, *, starttls: bool
) -> Connection:
    connection = Connection(feed, limit=relay.session_messages, patience=patience)
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: connection,
            relay.host,
            relay.port,
            ssl=tls_context(verify=relay.verifies) if relay.implicit_tls else None,
        )
        await introduce(connection, relay, starttls=starttls and not relay.implicit_tls)
        connection.start()
    except BaseException as error:
        connection.abandon()
        if isinstance(error, ssl.SSLError):
            raise RelayUnavailable(tls_words(error), "tls") from error
        # ValueError: a host name that no resolver can be asked for.
        if isinstance(error, OSError | ValueError) and not isinstance(error, TimeoutError):
            raise unavailable("unreachable") from error
        raise
    return connection


class OneMail(NamedTuple):
    sender: bytes
    recipient: bytes
    needs_utf8: bool
    message: bytes

    def data(self) -> bytes:
        return self.message


async def connect(relay: Relay) -> "Session":
    """Raises RelayUnavailable."""
    session = Session()
    session.connection = await open_connection(relay, session)
    return session


class Session:
    """One mail after the other over one connection; it is its own feed."""

    connection: Connection | None = None

    def __init__(self) -> None:
        self._mail: OneMail | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._closed = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def alive(self) -> bool:
        return self.connection is not None and self.connection.is_open

    async def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            await self._closed

    async def send(self, sender: str, recipient: str, message: bytes) -> Answer:
        """`message` has CRLF line ends. Raises RelayUnavailable where the relay refuses the sender."""
        try:
            address = header_address(recipient)
        except BadHeader:
            return UNWRITABLE
        if self.connection is None or not self.alive:
            return own_answer("retry", "connection_lost")
        self._mail = OneMail(
            sender.encode(), address.encode(), needs_utf8=False, message=wire_form(message)
        )
        self._answer = asyncio.get_running_loop().create_future()
        self.connection.kick()
        return await self._answer

    def next(self, connection: Connection) -> Mail | None:  # noqa: ARG002  # a feed of one connection
        mail, self._mail = self._mail, None
        return mail

    def begun(self, mail: Mail) -> bool:  # noqa: ARG002  # there is only one
        return True

    def ended(self, mail: Mail, answer: Answer) -> None:  # noqa: ARG002  # there is only one
        if self._answer is None or self._answer.done():
            return
        if answer.cause == "sender":
            self._answer.set_exception(RelayUnavailable(answer.reply, answer.cause))
        else:
            self._answer.set_result(answer)

    def returned(self, mail: Mail) -> None:
        pass

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:  # noqa: ARG002  # the same
        if not self._closed.done():
            self._closed.set_result(None)
        if self._answer is None or self._answer.done():
            return
        if error is None or error.cause == "connection_lost":
            self._answer.set_result(own_answer("retry", "connection_lost"))
        else:
            self._answer.set_exception(error)


def wire_form(message: bytes) -> bytes:
    """RFC 5321 §4.5.2: a dot that begins a line is doubled. The dot that ends the message is the connection's."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
