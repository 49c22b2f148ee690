"""A message as the bytes that go over the wire: headers by rule, text and HTML side by side, quoted-printable."""

import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from hub.mail.headers import mailbox_header, raw_header, text_header
from hub.mail.relay import Mailbox

# Quoted-printable writes every "=" as "=3D", so that "=_" cannot occur in a part.
_BOUNDARY = "=_microwork_hub"


@dataclass(frozen=True, slots=True)
class Body:
    """The same letter twice: for programs that show text, and for those that show HTML."""

    text: str
    html: str = ""


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
) -> bytes:
    """Lines end with CRLF and none is longer than 998 bytes. `headers` are further ones, given as they shall stand.

    Raises BadHeader where a value holds a line break or an address cannot be written.
    """
    lines = [
        mailbox_header("From", sender),
        mailbox_header("To", to),
        text_header("Subject", subject),
        raw_header("Date", format_datetime(date)),
        raw_header("Message-ID", message_id),
        raw_header("Content-Language", locale),
        *(raw_header(name, value) for name, value in headers),
        b"MIME-Version: 1.0\r\n",
    ]
    text = _part("plain", body.text)
    if not body.html:
        return b"".join([*lines, text])
    mark = f"--{_BOUNDARY}".encode()
    return b"".join(
        [
            *lines,
            f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'.encode(),
            mark + b"\r\n" + text + b"\r\n",
            mark + b"\r\n" + _part("html", body.html) + b"\r\n",
            mark + b"--\r\n",
        ]
    )


def message_id(domain: str, *parts: object) -> str:
    """Made of ids, so that the same message sent twice is recognisable as one."""
    return f"<{'.'.join(str(part) for part in parts)}@{domain}>"


def _part(kind: str, text: str) -> bytes:
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = re.sub(r"\r\n?", "\n", text)
    if not lines.endswith("\n"):
        lines += "\n"
    return head.encode() + quopri.encodestring(lines.encode()).replace(b"\n", b"\r\n")
