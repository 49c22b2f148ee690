"""Header lines as bytes. What a person typed can become nothing but text: it is encoded (RFC 2047) and folded.

Python's own header classes would cost half a millisecond a message, and fold a long signed link into encoded words,
which no mail program undoes in List-Unsubscribe.
"""

import base64
import re
from functools import lru_cache

import idna

from hub.mail.relay import Mailbox

# RFC 2047 §2: a line with encoded words has at most 76 characters, the header's name among them. 39 bytes make 52 of
# base64, and 12 stand around them.
_WORD_BYTES = 39
_LINE = 76
_LONGEST_LINE = 998  # RFC 5322 §2.1.1
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# RFC 5322 §3.2.3.
_ATOM = re.compile(r"(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_ATOMS = re.compile(rf"{_ATOM.pattern}( {_ATOM.pattern})*")
_PLAIN_TEXT = re.compile(r"(?!.*=\?)[!-~]*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")

# RFC 5321 §4.1.2: a dot-string; a quoted local part is legal and nobody has one. RFC 6531 §3.3 adds what is not ASCII.
_ASCII_TEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ANY_TEXT = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x9f\s\ud800-\udfff])+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS = re.compile(rf"{_ASCII_TEXT}(?:\.{_ASCII_TEXT})*@{_DOMAIN}")
_UTF8_ADDRESS = re.compile(rf"{_ANY_TEXT}(?:\.{_ANY_TEXT})*@{_DOMAIN}")
# RFC 5321 §4.5.3.1: a path has at most 256 octets, with its angle brackets.
_LONGEST_ADDRESS, _LONGEST_LOCAL_PART = 254, 64


class BadHeader(ValueError):
    """The value holds a line break or another control character, or is no address. Never says the value."""


def text_header(name: str, text: str) -> bytes:
    """An unstructured header, such as a subject."""
    _refuse_control(name, text)
    return _folded(name, _words(text, _PLAIN_TEXT))


def mailbox_header(name: str, mailbox: Mailbox) -> bytes:
    """From, To and their like, with one address; one that is not ASCII stands there as UTF-8 (RFC 6532)."""
    return named_header(name, mailbox.name, wire_address(mailbox.address))


def named_header(name: str, display: str, address: str) -> bytes:
    """A name for people with something for machines in angle brackets, which is written as it is given."""
    address = f"<{address}>"
    if _PLAIN_NAME.fullmatch(display) and len(name) + len(display) + len(address) < _LINE - 2:
        return f"{name}: {display} {address}\r\n".encode()
    _refuse_control(name, display)
    display = display.strip()
    short = display.isascii() and len(display) < _LINE - 10
    if short and "=?" not in display and not _ATOMS.fullmatch(display):
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        return _folded(name, [f'"{quoted}"', address] if display else [address])
    return _folded(name, [*_words(display, _ATOM), address])


def raw_header(name: str, value: str) -> bytes:
    """A structured header that the caller has put together, such as List-Unsubscribe: never folded or encoded."""
    _refuse_control(name, value)
    line = f"{name}: {value}\r\n"
    if not line.isascii() or len(line) > _LONGEST_LINE:
        raise BadHeader(name)
    return line.encode()


def header_address(address: str) -> str:
    """Raises BadHeader for an address that ASCII cannot write."""
    found = wire_address(address)
    if not found.isascii():
        raise BadHeader("address")
    return found


def wire_address(address: str) -> str:
    """The address with its domain as DNS knows it (IDNA 2008); only what stands before the @ may be other than ASCII.

    Raises BadHeader for one that SMTP refuses.
    """
    if len(address) > _LONGEST_ADDRESS:
        raise BadHeader("address")
    found = address
    if not _ADDRESS.fullmatch(address):
        local, _, domain = address.rpartition("@")
        found = f"{local}@{_ascii_domain(domain)}"
        if not _UTF8_ADDRESS.fullmatch(found) or len(found.encode()) > _LONGEST_ADDRESS:
            raise BadHeader("address")
    is_short = len(found) <= _LONGEST_LOCAL_PART and found.isascii()
    if not is_short and len(found.partition("@")[0].encode()) > _LONGEST_LOCAL_PART:
        raise BadHeader("address")
    return found


@lru_cache(maxsize=1024)
def _ascii_domain(domain: str) -> str:
    """Not Python's own codec: it is IDNA 2003, for which straße.example is another's strasse.example."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        raise BadHeader("address") from None


def without_control(text: str) -> str:
    """A name from elsewhere, fit for a header: control characters become spaces, spaces become one."""
    # Nothing but plain spaces is space and printable.
    if text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text
    return " ".join(_CONTROL.sub(" ", text).split())


def _refuse_control(name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or _CONTROL.search(value):
        raise BadHeader(name)


def _words(text: str, plain: re.Pattern[str]) -> list[str]:
    """The text's words; those that are not plain stand in encoded words, neighbours together.

    A reader drops the space between two encoded words, so theirs is inside; Python's reader of names keeps it, one
    more reason to encode no more than must be.
    """
    found = text.split()
    if text != " ".join(found):
        return _encoded(text)
    words: list[str] = []
    odd: list[str] = []
    for word in found:
        if not (len(word) < _LINE and plain.fullmatch(word)):
            odd.append(word)
            continue
        if odd:
            words += _encoded(" ".join(odd))
            odd.clear()
        words.append(word)
    return words + _encoded(" ".join(odd)) if odd else words


def _encoded(text: str) -> list[str]:
    """RFC 2047: no encoded word may split a character."""
    octets = text.encode()
    if len(octets) <= _WORD_BYTES:
        return [_encoded_word(octets)]
    chunks, chunk = [], b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += encoded
    chunks.append(chunk)
    return [_encoded_word(chunk) for chunk in chunks]


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="


def _folded(name: str, words: list[str]) -> bytes:
    """Words with single spaces between them, broken before the line gets too long."""
    line = f"{name}: {' '.join(words)}\r\n"
    if len(line) <= _LINE + len("\r\n"):
        return line.encode()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode() + b"\r\n"
