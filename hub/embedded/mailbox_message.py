"""A received message taken apart for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default

from markupsafe import Markup, escape

_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
# A link of the mail opens in a tab of its own: inside the frame it would be shut in with the mail.
_NEW_TAB = '<base target="_blank">'


@dataclass(frozen=True, slots=True)
class Opened:
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    attachments: tuple[tuple[str, int], ...]
    """Name and size in bytes."""


def open_message(raw: bytes) -> Opened:
    message = message_from_bytes(raw, _class=EmailMessage, policy=default)
    return Opened(
        headers=tuple((name, _header(message, name, index)) for index, name in _names(message)),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=tuple(
            (part.get_filename() or part.get_content_type(), len(_bytes(part)))
            for part in message.iter_attachments()
        )
        if message.is_multipart()
        else (),
    )


def framed(html: str) -> str:
    """The mail's HTML as a page for a sandboxed frame."""
    if head := _HEAD.search(html):
        return html[: head.end()] + _NEW_TAB + html[head.end() :]
    return f'<!doctype html><html><head><meta charset="utf-8">{_NEW_TAB}</head><body>{html}</body></html>'


def with_links(text: str) -> Markup:
    """Plain text whose web addresses can be followed."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(
            found.group()
        )
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _names(message: EmailMessage) -> list[tuple[int, str]]:
    """Each header's name with which of its namesakes it is."""
    seen: dict[str, int] = {}
    names = []
    for name in message.keys():  # noqa: SIM118  # a message is no mapping: names repeat
        index = seen.get(name.lower(), 0)
        seen[name.lower()] = index + 1
        names.append((index, name))
    return names


def _header(message: EmailMessage, name: str, index: int) -> str:
    try:
        return str(message.get_all(name, [])[index])
    except (ValueError, LookupError, AttributeError):
        # The standard library raises on some malformed headers; a mailbox must still show the message.
        return "?"


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        return _bytes(part).decode("utf-8", "replace")


def _bytes(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else bytes(part)
