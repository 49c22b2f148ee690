"""One connection to the relay for many messages, and what became of each.

    async with await connect(relay) as session:
        answer = await session.send(sender, recipient, message)

Every answer says honestly what is known: `sent` (the relay took it), `failed` (it refused this recipient for good),
`retry` (not now; certainly not sent), `in_doubt` (the message was on the wire and no answer came: design §7).
A relay that does not answer, or refuses *us*, is nobody's failed message: that raises RelayUnavailable.
"""

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import aiosmtplib
from aiosmtplib import SMTP, SMTPResponse

from hub.mail.headers import BadHeader, header_address
from hub.mail.relay import Relay
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 60.0
# RFC 5321 §4.5.3.2.6: a server may take ten minutes to answer the end of the data; giving up sooner makes doubles.
ANSWER_SECONDS = 600.0

State = Literal["sent", "retry", "failed", "in_doubt"]
_LONGEST_REPLY = 300
_GO_AHEAD = 354
_POLICY = re.compile(r"5\.7\.\d+")


class RelayUnavailable(Exception):
    """The relay cannot be reached, or refuses us (greeting, sign-in, sender). `reply` is what it said, if anything."""

    def __init__(self, reply: str = "") -> None:
        self.reply = _short(reply)
        super().__init__(self.reply)


@dataclass(frozen=True, slots=True)
class Answer:
    state: State
    reply: str


async def connect(relay: Relay) -> "Session":
    """Raises RelayUnavailable."""
    client = SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.username or None,
        password=relay.password or None,
        use_tls=relay.implicit_tls,
        start_tls=None if relay.implicit_tls or not relay.needs_tls else True,
        # Without a password STARTTLS is opportunistic (RFC 7435): a relay's own certificate is better than none.
        validate_certs=relay.implicit_tls or relay.needs_tls,
        timeout=COMMAND_SECONDS,
    )
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        raise RelayUnavailable(_reply_of(error)) from error
    except BaseException:
        client.close()
        raise
    return Session(client)


class Session:
    def __init__(self, client: SMTP) -> None:
        self._client = client

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
        return self._client.is_connected

    async def close(self) -> None:
        try:
            if self.alive:
                await self._client.quit(timeout=2)
        except (aiosmtplib.SMTPException, OSError):
            pass
        finally:
            self._client.close()

    async def send(self, sender: str, recipient: str, message: bytes) -> Answer:
        """`message` has CRLF line ends. Raises RelayUnavailable where the relay refuses the sender."""
        try:
            address = header_address(recipient)
        except BadHeader:
            return Answer("failed", "5.1.3 the address cannot be written in ASCII")
        try:
            refusal = await self._envelope(sender, address)
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            return Answer("retry", f"not sent: {_reply_of(error)}")
        if refusal is not None:
            return await self._refused(refusal)
        return await self._data(message)

    async def _envelope(self, sender: str, recipient: str) -> SMTPResponse | None:
        """Everything up to the go-ahead for the data; the response that refused this recipient, or None."""
        try:
            await self._client.mail(sender)
        except aiosmtplib.SMTPSenderRefused as refused:
            await self.close()
            raise RelayUnavailable(f"{refused.code} {refused.message}") from refused
        try:
            await self._client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as refused:
            return SMTPResponse(refused.code, refused.message)
        answer = await self._client.execute_command(b"DATA")
        return None if answer.code == _GO_AHEAD else answer

    async def _refused(self, response: SMTPResponse) -> Answer:
        """Clear the envelope, so that the next recipient starts afresh."""
        try:
            if self.alive:
                await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()
        return classify(response.code, response.message)

    async def _data(self, message: bytes) -> Answer:
        """From the first byte on, silence means doubt."""
        protocol = self._client.protocol
        if protocol is None:
            return Answer("retry", "not sent: the connection was lost")
        try:
            protocol.write(wire_form(message))
            response = await protocol.read_response(timeout=ANSWER_SECONDS)
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            return Answer("in_doubt", f"no answer after the message: {_reply_of(error)}")
        if response.code == 421:
            self._client.close()
        return classify(response.code, response.message)


def wire_form(message: bytes) -> bytes:
    """RFC 5321 §4.5.2: a dot that begins a line is doubled, a line with one dot ends the message."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def classify(code: int, text: str) -> Answer:
    """By the first digit (RFC 5321 §4.2.1); a policy refusal (5.7.x, RFC 3463 §3.8) never blames the recipient."""
    reply = _short(f"{code} {text}")
    if 200 <= code < 300:
        return Answer("sent", reply)
    if 500 <= code < 600 and not _POLICY.search(text):
        return Answer("failed", reply)
    return Answer("retry", reply)


# What we say where the server said nothing.
_OWN_WORDS = frozenset(
    (
        N_("no answer in time"),
        N_("the connection was lost"),
        N_("cannot be reached"),
        N_("not sent"),
        N_("no answer after the message"),
    )
)


def in_words(reply: str) -> str:
    """A kept reply for people: our own words in the reader's language, a server's as they came."""
    return ": ".join(_(part) if part in _OWN_WORDS else part for part in reply.split(": "))


def _reply_of(error: Exception) -> str:
    """What the server said, or the kind of failure; a library's own sentences may hold addresses."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _short(f"{error.code} {error.message}")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return "the connection was lost"
    return "cannot be reached" if isinstance(error, OSError) else type(error).__name__


def _short(text: str) -> str:
    """One printable line: a server may answer anything, and the ledger keeps it."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(clean.split())[:_LONGEST_REPLY]
