"""The connections over which one worker sends newsletters: as many as there is work for, within the relay's patience."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from hub import metrics
from hub.mail import lane
from hub.mail.connection import Connection
from hub.mail.feed import Feed
from hub.mail.relay import Relay
from hub.mail.replies import RelayUnavailable
from hub.mail.smtp import open_connection

# After a refused connection beside others that work, no further one for so long.
FEWER_SECONDS = 60.0


class Pool:
    """Goes behind `hub.mail.lane`: of what the relay grants, so many stay free as single mails may need.

    `refusal` is why there is no connection any more, where the relay refused us; whoever acts on it clears it.
    """

    def __init__(self, relay: Relay, feed: Feed) -> None:
        self.refusal: RelayUnavailable | None = None
        self.loop = asyncio.get_running_loop()
        self._relay = relay
        self._feed = feed
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._most = relay.connections
        self._fewer_until = 0.0
        self._gave_way_until = 0.0
        self._one_refused = False
        self._one_ended = asyncio.Event()
        # How many single mails wait for us to give way, and that there are none.
        self._before_us = 0
        self._free = asyncio.Event()
        self._free.set()
        self._now = self.loop.time
        lane.goes_before(self)

    def __bool__(self) -> bool:
        return bool(self._open)

    async def reach(self) -> None:
        """Open one. Raises RelayUnavailable."""
        await self._free.wait()
        try:
            connection = await open_connection(self._relay, self._feed)
        except RelayUnavailable as error:
            metrics.connection_refused(error.cause)
            raise
        if connection.is_open:  # It may have ended before this task's turn came.
            self._open.add(connection)
            metrics.connection_opened()

    def grow(self, work: int) -> None:
        """Open further ones, beside the caller's work, up to one a message and to the limit."""
        if self._one_refused or self._before_us:
            return
        if self._now() > self._fewer_until:
            self._most = self._relay.connections
        for _ in range(min(work, self._most) - len(self._open) - len(self._opening)):
            task = asyncio.create_task(self._reach_further())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    async def _reach_further(self) -> None:
        try:
            await self.reach()
        except RelayUnavailable:
            self._one_refused = True

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        # How many the relay grants is known once it has answered all of them.
        if self._one_refused and not self._opening:
            self._one_refused = False
            self._take_fewer()

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        """The feed was told so."""
        if connection in self._open:
            self._open.discard(connection)
            metrics.connection_closed()
        self._one_ended.set()
        if error is None or connection.carried or connection.was_cut:
            return  # It was granted: another one may be opened in its place.
        if self._open:
            self._take_fewer()
        else:
            self.refusal = error

    def _take_fewer(self) -> None:
        """The relay grants no more connections than there are now, and the lane's must be among them."""
        self._keep(max(1, len(self._open) - lane.not_open()))

    def _keep(self, most: int) -> None:
        """No more than so many, for a while. The others end behind the message on the wire, the idle ones at once."""
        self._most = most
        self._fewer_until = self._now() + FEWER_SECONDS
        working = sorted(self._open, key=lambda each: not each.is_idle)
        working = [each for each in working if each.is_open]
        for connection in working[: max(len(working) - most, 0)]:
            connection.close()

    @asynccontextmanager
    async def giving_way(self, within: float) -> AsyncIterator[bool]:
        """See `hub.mail.lane.GivesWay`."""
        self._before_us += 1
        self._free.clear()
        try:
            yield await self._make_room(within)
        finally:
            self._before_us -= 1
            if not self._before_us:
                self._free.set()

    async def _make_room(self, within: float) -> bool:
        held = len(self._open) + len(self._opening)
        for task in self._opening:
            task.cancel()
        if held and self._now() > self._gave_way_until:
            # Not at each mail again: where the relay refuses for another reason, that would be the end of newsletters.
            self._gave_way_until = self._now() + FEWER_SECONDS
            self._keep(max(held - lane.CONNECTIONS, 1 if held > 1 else 0))
        if all(each.is_open for each in self._open):
            return held > len(self._open)
        self._one_ended.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                return await self._one_ended.wait()
        return False

    async def close(self, grace: float) -> None:
        """Let each finish the message on the wire, for at most `grace` seconds; then cut them."""
        for task in list(self._opening):
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for connection in list(self._open):
            connection.close()
        give_up_at = self._now() + grace
        while self._open and self._now() < give_up_at:  # noqa: ASYNC110  # a few looks, at the very end
            await asyncio.sleep(0.02)
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)
