"""A body compiled once, of which afterwards only values change: quoted-printable (RFC 2045 §6.7) in finished pieces.

A value stands on lines of its own between soft line breaks, so that nothing around it has to be encoded again, and it
can become nothing but text. No line begins with a dot, which SMTP would have to double (RFC 5321 §4.5.2), nor with
"From ", which some programs alter (RFC 2049 §3).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

# RFC 2045 allows 76. Escaping a line's first character adds two and the soft break one.
_LONGEST = 73
_SOFT_BREAK = b"=\r\n"
_SAFE = bytes(octet for octet in range(0x20, 0x7F) if octet != ord("="))
_UNSAFE = re.compile(rb"[^ -<>-~]")
# As much as fits, without splitting an escaped octet.
_LINE = re.compile(rb".{1,%d}(?<!=)(?<!=.)" % _LONGEST)
_ESCAPES = [f"={octet:02X}".encode() for octet in range(256)]
_LINE_END = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the value of that name; `fallback` stands there where the value is empty."""

    name: str
    fallback: str = ""


class Template:
    """Pieces of bytes and slots, ready to be filled."""

    def __init__(self, pieces: Iterable[bytes | Slot]) -> None:
        self._parts: list[bytes] = []
        places: dict[Slot, list[int]] = {}
        for piece in _joined(pieces):
            if isinstance(piece, Slot):
                places.setdefault(piece, []).append(len(self._parts))
            self._parts.append(b"" if isinstance(piece, Slot) else piece)
        self._slots = [
            (slot.name, slot_value(slot.fallback), where) for slot, where in places.items()
        ]

    def fill(self, values: Mapping[str, bytes]) -> list[bytes]:
        """In pieces, to be joined by whoever needs them together. `values` were made by `slot_value`."""
        parts = self._parts.copy()
        for name, fallback, places in self._slots:
            value = values[name] or fallback
            for place in places:
                parts[place] = value
        return parts


def slot_value(text: str) -> bytes:
    """One line, quoted for a slot."""
    return quoted_line(text) + _SOFT_BREAK if text else b""


def quoted_text(text: str) -> bytes:
    """Lines end with CRLF afterwards, the last one too. Raises UnicodeEncodeError for half a surrogate pair."""
    return _quoted(with_line_ends(text))


def quoted_pieces(
    text: str, placeholder: re.Pattern[str], slot_of: Callable[[re.Match[str]], Slot]
) -> Iterator[bytes | Slot]:
    """The same for a text with placeholders in it."""
    text = with_line_ends(text)
    position = 0
    for match in placeholder.finditer(text):
        before = _quoted(text[position : match.start()])
        yield before
        if before and not before.endswith(b"\r\n"):
            yield _SOFT_BREAK
        yield slot_of(match)
        position = match.end()
    yield _quoted(text[position:])


def quoted_line(line: str) -> bytes:
    """On as many lines as it takes, without an end."""
    octets = line.encode()
    if octets.translate(None, _SAFE):
        octets = _UNSAFE.sub(_escape, octets)
    if octets.endswith(b" "):
        octets = octets[:-1] + b"=20"
    if len(octets) <= _LONGEST:
        return _guarded(octets)
    if b"=" in octets:
        lines = _LINE.findall(octets)
    else:
        lines = [octets[at : at + _LONGEST] for at in range(0, len(octets), _LONGEST)]
    return _SOFT_BREAK.join([_guarded(line) for line in lines])


def with_line_ends(text: str) -> str:
    """Every line ends with a line feed, the last one too."""
    text = _LINE_END.sub("\n", text)
    return text if text.endswith("\n") else text + "\n"


def _quoted(text: str) -> bytes:
    return b"\r\n".join([quoted_line(line) for line in text.split("\n")])


def _guarded(line: bytes) -> bytes:
    if line.startswith((b".", b"From ")):
        return _ESCAPES[line[0]] + line[1:]
    return line


def _escape(match: re.Match[bytes]) -> bytes:
    return _ESCAPES[match[0][0]]


def _joined(pieces: Iterable[bytes | Slot]) -> Iterator[bytes | Slot]:
    """Neighbouring bytes in one."""
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        yield b"".join(run)
        run.clear()
        yield piece
    yield b"".join(run)
