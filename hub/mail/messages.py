"""A message as the bytes that go over the wire: headers by rule, text and HTML side by side, quoted-printable.

Wire form: lines end with CRLF and have at most 998 octets, and none begins with a dot, so that nothing is left to be
done to it but the final dot (RFC 5321 §4.5.2).
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

from hub.mail.headers import BadHeader, mailbox_header, raw_header, text_header, wire_address
from hub.mail.relay import Mailbox
from hub.mail.template import Slot, Template, quoted_text

# Quoted-printable writes every "=" as "=3D", so that "=_" cannot occur in a part.
_BOUNDARY = "=_microwork_hub"
_PART = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
_TEXT, _HTML = _PART.format("plain").encode(), _PART.format("html").encode()
_MARK = f"--{_BOUNDARY}\r\n".encode()

# The letter's own boundary must not begin with this one, or it would end the letter.
_OUTER_BOUNDARY = "=_mixed_microwork_hub"
_MIXED = f'Content-Type: multipart/mixed; boundary="{_OUTER_BOUNDARY}"\r\n'.encode()
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

MIME_VERSION = b"MIME-Version: 1.0\r\n"
ALTERNATIVE = f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'.encode()


class Envelope(NamedTuple):
    """What the dialogue with the server says; the message itself is not asked."""

    sender: bytes
    recipient: bytes
    needs_utf8: bool
    """The address before the @ is not ASCII: only a server with SMTPUTF8 (RFC 6531) can take it."""


def envelope(sender: bytes, recipient: str) -> Envelope:
    """Raises BadHeader for an address that SMTP refuses."""
    address = wire_address(recipient)
    return Envelope(sender, address.encode(), not address.isascii())


@dataclass(frozen=True, slots=True)
class Body:
    """The same letter twice: for programs that show text, and for those that show HTML."""

    text: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """`name` in ASCII letters, digits, dots and hyphens; other characters have no place in a name we give."""

    name: str
    media_type: str
    content: bytes


def build(
    *,
    sender: Mailbox,
    to: Mailbox,
    subject: str,
    body: Body,
    message_id: str,
    date: datetime,
    locale: str,
    headers: Sequence[tuple[str, str]] = (),
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """In wire form. `headers` are further ones, given as they shall stand.

    Raises BadHeader where a value holds a line break or an address cannot be written.
    """
    lines = [
        mailbox_header("From", sender),
        mailbox_header("To", to),
        text_header("Subject", subject),
        date_header(int(date.timestamp())),
        raw_header("Message-ID", message_id),
        raw_header("Content-Language", locale),
        *(raw_header(name, value) for name, value in headers),
        MIME_VERSION,
    ]
    if not body.html:
        inner = [_TEXT, b"\r\n", quoted_text(body.text)]
    else:
        parts = Template(alternative([quoted_text(body.text)], [quoted_text(body.html)]))
        inner = [ALTERNATIVE, b"\r\n", *parts.fill({})]
    if attachments:
        inner = _mixed(inner, attachments)
    return b"".join([*lines, *inner])


def _mixed(inner: Sequence[bytes], attachments: Iterable[Attachment]) -> list[bytes]:
    """RFC 2046 §5.1.3: the letter, and behind it what comes with it."""
    mark = f"--{_OUTER_BOUNDARY}".encode()
    parts = [_MIXED, b"\r\n", mark, b"\r\n", *inner]
    for attachment in attachments:
        if not _FILE_NAME.fullmatch(attachment.name):
            raise BadHeader("attachment")
        parts += [
            b"\r\n",
            mark,
            f'\r\nContent-Type: {attachment.media_type}; name="{attachment.name}"\r\n'.encode(),
            f'Content-Disposition: attachment; filename="{attachment.name}"\r\n'.encode(),
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            base64.encodebytes(attachment.content).replace(b"\n", b"\r\n"),
        ]
    return [*parts, b"\r\n", mark, b"--\r\n"]


def alternative(
    text: Iterable[bytes | Slot], html: Iterable[bytes | Slot]
) -> Iterator[bytes | Slot]:
    """The body below the header ALTERNATIVE."""
    yield _MARK + _TEXT + b"\r\n"
    yield from text
    yield b"\r\n" + _MARK + _HTML + b"\r\n"
    yield from html
    yield b"\r\n" + _MARK.replace(b"\r", b"--\r")


@lru_cache(maxsize=2)
def date_header(second: int) -> bytes:
    """Kept while the second lasts, since thousands of messages share it."""
    return raw_header("Date", format_datetime(datetime.fromtimestamp(second, UTC)))


def message_id(domain: str, *parts: object) -> str:
    """Made of ids, so that the same message sent twice is recognisable as one."""
    return f"<{'.'.join(str(part) for part in parts)}@{domain}>"
