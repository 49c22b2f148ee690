"""Header lines as bytes. What a person typed can become nothing but text: it is encoded (RFC 2047) and folded.

Python's own header classes would cost half a millisecond a message, and fold a long signed link into encoded words,
which no mail program undoes in List-Unsubscribe.
"""

import base64
import re

from hub.mail.relay import Mailbox

# RFC 2047 §2: an encoded word has at most 75 characters; 45 bytes make 60 of base64, and 12 stand around them.
_WORD_BYTES = 45
_LINE = 76
_LONGEST_LINE = 998  # RFC 5322 §2.1.1
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# RFC 5322 §3.2.3: atoms. A quoted local part is legal and nobody has one.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/?^`{|}~-]+( [A-Za-z0-9!#$%&'*+/?^`{|}~-]+)*")


class BadHeader(ValueError):
    """The value holds a line break or another control character, or is no address. Never says the value."""


def text_header(name: str, text: str) -> bytes:
    """An unstructured header, such as a subject."""
    _refuse_control(name, text)
    plain = text.isascii() and "=?" not in text and text == " ".join(text.split())
    words = text.split(" ") if plain else []
    if not plain or any(len(word) > _LINE - 2 for word in words):
        words = _encoded_words(text)
    return _folded(name, words)


def mailbox_header(name: str, mailbox: Mailbox) -> bytes:
    """From, To and their like, with one address."""
    _refuse_control(name, mailbox.name)
    address = f"<{header_address(mailbox.address)}>"
    display = mailbox.name.strip()
    if not display:
        return _folded(name, [address])
    if display.isascii() and len(display) < _LINE - 10 and "=?" not in display:
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        words = [display if _PLAIN_NAME.fullmatch(display) else f'"{quoted}"']
    else:
        words = _encoded_words(display)
    return _folded(name, [*words, address])


def raw_header(name: str, value: str) -> bytes:
    """A structured header that the caller has put together, such as List-Unsubscribe: never folded or encoded."""
    _refuse_control(name, value)
    line = f"{name}: {value}\r\n"
    if not line.isascii() or len(line) > _LONGEST_LINE:
        raise BadHeader(name)
    return line.encode()


def header_address(address: str) -> str:
    """The address with its domain as DNS knows it (IDNA). Raises BadHeader for one that ASCII cannot write."""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        raise BadHeader("address") from None
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadHeader("address")
    return f"{local}@{ascii_domain}"


def without_control(text: str) -> str:
    """A name from elsewhere, fit for a header: control characters become spaces, spaces become one."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _refuse_control(name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or _CONTROL.search(value):
        raise BadHeader(name)


def _encoded_words(text: str) -> list[str]:
    """A reader joins neighbouring encoded words without the space between them, so none may split a character."""
    words, chunk = [], b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += encoded
    words.append(chunk)
    return [f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words]


def _folded(name: str, words: list[str]) -> bytes:
    """Words with single spaces between them, broken before the line gets too long."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode() + b"\r\n"
