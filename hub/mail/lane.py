"""The reserved lane: a few connections of their own for single mails, so that no newsletter stands before them.

Opened at the first mail and kept warm for some seconds. A mail that was not begun when its connection ended goes over
another one; one that was, has its honest answer. Where newsletters hold all the connections that the relay grants,
they give way.
"""

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Protocol, cast
from weakref import WeakSet

from hub.mail.connection import Connection, Patience
from hub.mail.feed import Mail
from hub.mail.relay import Relay
from hub.mail.replies import Answer, RelayUnavailable, unavailable
from hub.mail.smtp import open_connection

CONNECTIONS = 2
# Whoever waits for a sign-in link does not wait as long as a newsletter does; a task has less than a minute.
PATIENCE = Patience(connect=15.0, command=20.0, answer=40.0, idle=20.0)


class GivesWay(Protocol):
    """Connections for newsletters."""

    loop: asyncio.AbstractEventLoop

    def giving_way(self, within: float) -> AbstractAsyncContextManager[bool]:
        """Close as many as the lane has a right to; gives whether one of them has ended within so many seconds.

        Until this is left, no further one is opened.
        """


_lanes: WeakSet["Lane"] = WeakSet()
_behind: WeakSet[GivesWay] = WeakSet()


def goes_before(newsletters: GivesWay) -> None:
    """From now on, in their event loop."""
    _behind.add(newsletters)


def not_open() -> int:
    """How many of the lane's connections are not open now."""
    here = asyncio.get_running_loop()
    open_now = (len(lane.connections) for lane in _lanes if lane.loop is here)
    return CONNECTIONS - max(open_now, default=0)


class Single:
    """A mail and whoever waits for its answer."""

    def __init__(
        self, sender: bytes, recipient: bytes, message: bytes, *, needs_utf8: bool
    ) -> None:
        self.sender = sender
        self.recipient = recipient
        self.needs_utf8 = needs_utf8
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.came_back = False
        self._message = message

    def pieces(self) -> list[bytes]:
        return [self._message]


class Lane:
    """Implements `hub.mail.feed.Feed`; belongs to one event loop."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.loop = asyncio.get_running_loop()
        self._waiting: deque[Single] = deque()
        self.connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._retired = False
        _lanes.add(self)

    async def carry(self, mail: Single) -> Answer:
        """Raises RelayUnavailable."""
        if self._retired:
            raise unavailable("connection_lost")
        self._waiting.append(mail)
        self._serve()
        try:
            return await mail.answer
        finally:
            # Cancelled before its turn came.
            with suppress(ValueError):
                self._waiting.remove(mail)

    async def close(self) -> None:
        """Finish what is on the wire, then QUIT."""
        self.retire()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE.quit + 1):
                while self.connections or self._opening:
                    self._changed.clear()
                    await self._changed.wait()
        for connection in list(self.connections):
            connection.abort()

    def retire(self) -> None:
        """Close without waiting for it."""
        self._retired = True
        for task in self._opening:
            task.cancel()
        for connection in list(self.connections):
            connection.close()
        self._refuse_waiting(unavailable("connection_lost"))

    def _serve(self) -> None:
        for connection in list(self.connections):
            if self._waiting and connection.is_idle:
                connection.kick()
        wanted = min(len(self._waiting), CONNECTIONS - len(self.connections))
        for _ in range(wanted - len(self._opening)):
            task = self.loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            connection = await self._reach()
        except RelayUnavailable as error:
            # Where another connection is open or may be, the relay perhaps only wants no further one.
            if not self.connections and len(self._opening) == 1:
                self._refuse_waiting(error)
        else:
            if connection.is_open:
                self.connections.add(connection)
        finally:
            self._opening.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._changed.set()

    async def _reach(self) -> Connection:
        try:
            return await open_connection(self.relay, self, patience=PATIENCE)
        except RelayUnavailable as error:
            if error.policy or self.connections:
                raise
            async with AsyncExitStack() as stack:
                made_room = False
                for each in [each for each in _behind if each.loop is self.loop]:
                    made_room |= await stack.enter_async_context(each.giving_way(PATIENCE.connect))
                if not made_room:
                    raise
                return await open_connection(self.relay, self, patience=PATIENCE)

    def _refuse_waiting(self, error: RelayUnavailable, *, came_back_only: bool = False) -> None:
        waiting, self._waiting = self._waiting, deque()
        for mail in waiting:
            if came_back_only and not mail.came_back:
                self._waiting.append(mail)
            elif not mail.answer.done():
                mail.answer.set_exception(error)

    # What connections ask and tell.

    def next(self, connection: Connection) -> Mail | None:  # noqa: ARG002  # any may carry any mail
        while self._waiting:
            mail = self._waiting.popleft()
            if not mail.answer.done():
                return mail
        return None

    def begun(self, mail: Mail) -> bool:
        """Not where nobody waits any more: whoever gave up will send another."""
        return not cast("Single", mail).answer.done()

    def ended(self, mail: Mail, answer: Answer) -> None:
        waiting = cast("Single", mail).answer
        if not waiting.done():
            waiting.set_result(answer)

    def returned(self, mail: Mail) -> None:
        single = cast("Single", mail)
        single.came_back = True
        self._waiting.appendleft(single)

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        self.connections.discard(connection)
        self._changed.set()
        if error is not None:
            # What it was refused over this connection it is not to be refused over the next and the next.
            alone = not self.connections and not self._opening
            self._refuse_waiting(error, came_back_only=not alone)
        if self._retired:
            self._refuse_waiting(unavailable("connection_lost"))
        self._serve()
