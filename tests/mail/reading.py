"""A message as its reader's program has it: by Python's own e-mail package, which shares no code with ours."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header
from email.message import EmailMessage


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def lines_end_well(data: bytes) -> bool:
    bare = data.replace(b"\r\n", b"")
    return b"\n" not in bare and b"\r" not in bare and max(map(len, data.split(b"\r\n"))) <= 998


def display_name(data: bytes) -> str:
    """As RFC 2047 has it; the reader of addresses in Python 3.11 keeps the space between two encoded words."""
    raw = email.message_from_bytes(data, policy=email.policy.compat32)["to"]
    name = str(make_header(decode_header(raw))).rpartition("<")[0].strip()
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if raw.startswith('"') else name


def as_sent(text: str) -> str:
    """Line ends are the one thing a mail does not keep, and a last line gets one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"
