"""A cable that a test can pull: a proxy in front of a server, in the test's own loop.

While it is cut, nothing passes in either direction and nobody is told: connections stay open, what was written waits,
a new connection is accepted and hears nothing. Mended, what waited arrives, late, as TCP would deliver it; or the
connections of before are reset, as by a router that has forgotten them.

With a plan, each new connection is severed at a point of its own: both ends see it close after so many bytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from hub.embedded.ports import HOST

# On, zero seconds: closing sends a reset.
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """After so many bytes of the client's, or of the server's; the client sees a reset or an ordinary end."""

    after: int
    of_client: bool
    reset: bool = True


class CuttingProxy:
    def __init__(self, url: str, plan: Iterable[Point] = ()) -> None:
        self.is_cut = False
        self.plan = deque(plan)
        self.dialogues: list[Dialogue] = []
        """Of every connection there was, where `keeps_dialogues`."""
        self.keeps_dialogues = False
        self.target = urlsplit(url)
        self.lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The server's, by way of here."""
        who, at, _ = self.target.netloc.rpartition("@")
        return urlunsplit(self.target._replace(netloc=f"{who}{at}{HOST}:{self._port}"))

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self).client, HOST, 0, backlog=1000)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self.is_cut = False
            for line in list(self.lines):
                line.sever(reset=True)
            await self._server.wait_closed()

    def cut(self) -> None:
        self.is_cut = True
        for line in self.lines:
            line.look()

    def mend(self, *, reset: bool = False) -> None:
        self.is_cut = False
        for line in list(self.lines):
            if reset:
                line.sever(reset=True)
            else:
                line.look()


@dataclass(slots=True)
class Dialogue:
    client: bytearray = field(default_factory=bytearray)
    server: bytearray = field(default_factory=bytearray)


class _End(asyncio.Protocol):
    """One of the two connections of a line."""

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.transport: asyncio.Transport | None = None
        self.is_full = False
        self.is_lost = False
        self.passed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.line.look()

    def data_received(self, data: bytes) -> None:
        self.line.pass_on(self, data)

    def pause_writing(self) -> None:
        self.is_full = True
        self.line.look()

    def resume_writing(self) -> None:
        self.is_full = False
        self.line.look()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        self.line.sever(reset=error is not None)

    def listen(self, *, wanted: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if wanted and not self.transport.is_reading():
            self.transport.resume_reading()
        elif not wanted and self.transport.is_reading():
            self.transport.pause_reading()

    def leave(self, *, reset: bool) -> None:
        """What was written before still arrives, unless it is reset."""
        if self.transport is None:
            return
        if reset:
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.close()


class _Line:
    """From a client to the server."""

    def __init__(self, proxy: CuttingProxy) -> None:
        self.proxy = proxy
        self.client, self.server = _End(self), _End(self)
        self.point = proxy.plan.popleft() if proxy.plan else None
        self.dialogue = Dialogue()
        self.reaching: asyncio.Task[None] | None = None
        self.is_over = False
        proxy.lines.add(self)
        if proxy.keeps_dialogues:
            proxy.dialogues.append(self.dialogue)

    def look(self) -> None:
        """Whether anything may pass now."""
        if self.proxy.is_cut or self.is_over:
            self.client.listen(wanted=False)
            self.server.listen(wanted=False)
            return
        if self.client.is_lost or self.server.is_lost:
            self.sever(reset=True)
            return
        if self.reaching is None:
            self.reaching = asyncio.create_task(self._reach())
        self.client.listen(wanted=self.server.transport is not None and not self.server.is_full)
        self.server.listen(wanted=not self.client.is_full)

    async def _reach(self) -> None:
        loop, target = asyncio.get_running_loop(), self.proxy.target
        try:
            await loop.create_connection(
                lambda: self.server, target.hostname or HOST, target.port or 0
            )
        except OSError:
            self.sever(reset=True)
        else:
            # The client may have gone in the meantime.
            if self.is_over:
                self.server.leave(reset=True)

    def pass_on(self, source: _End, data: bytes) -> None:
        of_client = source is self.client
        point = self.point if self.point and self.point.of_client == of_client else None
        if point is not None:
            data = data[: point.after - source.passed]
        source.passed += len(data)
        if self.proxy.keeps_dialogues:
            (self.dialogue.client if of_client else self.dialogue.server).extend(data)
        other = self.server if of_client else self.client
        if data and other.transport is not None:
            other.transport.write(data)
        if point is not None and source.passed >= point.after:
            self.sever(reset=point.reset)

    def sever(self, *, reset: bool) -> None:
        """The server always gets what had passed. A line that is cut stays as it is: nobody hears of the other's end."""
        if self.is_over or self.proxy.is_cut:
            return
        self.is_over = True
        self.proxy.lines.discard(self)
        self.client.leave(reset=reset)
        self.server.leave(reset=False)
