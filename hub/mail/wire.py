"""Replies as they come over the wire (RFC 5321 §4.2), and commands and messages as they leave."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

# No other number is a reply. A table reads them faster than int() does, and refuses the rest.
_CODES = {b"%d" % code: code for code in range(200, 600)}
_GO_AHEAD = 354
# What may stand behind it: a hyphen says that more lines come (RFC 5321 §4.2.1).
_MORE = b"-"
_MARKS = frozenset((b"-", b" ", b"\r", b""))

# RFC 5321 §4.5.3.1.5 allows 512 octets a line; servers that explain themselves send more.
_LONGEST_LINE = 4_096
_LONGEST_REPLY = 65_536


class Wire(asyncio.Protocol, ABC):
    """`_due` is how many replies are due: whoever writes commands adds to it. `_over` ends all reading."""

    __slots__ = (
        "_due",
        "_lines",
        "_lines_size",
        "_over",
        "_paused",
        "_rest",
        "_transport",
        "_write",
    )

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._write: Callable[[bytes | memoryview], None]
        self._paused = False
        self._over = False
        # The greeting is.
        self._due = 1
        self._rest = b""
        self._lines: list[bytes] = []
        self._lines_size = 0

    # What a dialogue makes of it.

    @abstractmethod
    def _reply(self, code: int, line: bytes) -> None:
        """One that is due. `line` is all of it, its code included."""

    @abstractmethod
    def _out_of_turn(self, code: int, line: bytes) -> None:
        """It was on its way before the command that it would answer; code 0 for the beginning of one."""

    @abstractmethod
    def _lost_the_thread(self) -> None:
        """It is no reply, or none that can come here."""

    @abstractmethod
    def _gone(self) -> None:
        """The server has ended the connection."""

    @abstractmethod
    def _drained(self) -> None:
        """The socket has taken all that was written."""

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.use_transport(cast("asyncio.Transport", transport))

    def use_transport(self, transport: asyncio.Transport) -> None:
        # One octet that the socket does not take stops us: no more than what is at hand is ever buffered.
        transport.set_write_buffer_limits(high=1, low=0)
        self._transport, self._write = transport, transport.write

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data, self._rest = self._rest + data, b""
        *lines, rest = data.split(b"\n")
        behind = len(lines)
        # A reply that is here already cannot answer what is written from now on.
        due = self._due
        for line in lines:
            if self._over:
                return
            behind -= 1
            code = _CODES.get(line[:3])
            mark = line[3:4]
            if code is None or mark not in _MARKS or (self._lines and self._lines[0][0] != line[0]):
                self._lost_the_thread()
            elif mark == _MORE:
                self._more(line + b"\n")
            else:
                whole = self._with_those_before(line) if self._lines else line
                if due == 0 or (code == _GO_AHEAD and (behind or rest)):
                    self._out_of_turn(code, whole)
                else:
                    due -= 1
                    self._due -= 1
                    self._reply(code, whole)
        if rest and not self._over:
            self._rest = rest
            if due == 0 or len(rest) > _LONGEST_LINE:
                self._out_of_turn(0, b"")

    def _more(self, line: bytes) -> None:
        """One line of several, with its end."""
        self._lines.append(line)
        self._lines_size += len(line)
        if self._lines_size > _LONGEST_REPLY:
            self._lost_the_thread()

    def _with_those_before(self, line: bytes) -> bytes:
        lines, self._lines, self._lines_size = self._lines, [], 0
        return b"".join((*lines, line))

    def eof_received(self) -> None:
        if not self._over:
            self._gone()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        if not self._over:
            self._gone()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if not self._over:
            self._drained()
