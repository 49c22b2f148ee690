"""The connections over which one worker sends newsletters: as many as there is work for, within the relay's patience."""

import asyncio
from contextlib import suppress

from hub import metrics
from hub.mail.connection import Connection
from hub.mail.feed import Feed
from hub.mail.relay import Relay
from hub.mail.replies import RelayUnavailable
from hub.mail.smtp import open_connection

# After a refused connection beside others that work, no further one for so long.
FEWER_SECONDS = 60.0


class Pool:
    """`refusal` is why there is no connection any more, where the relay refused us; whoever acts on it clears it."""

    def __init__(self, relay: Relay, feed: Feed) -> None:
        self.refusal: RelayUnavailable | None = None
        self._relay = relay
        self._feed = feed
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._most = relay.connections
        self._fewer_until = 0.0
        self._now = asyncio.get_running_loop().time

    def __bool__(self) -> bool:
        return bool(self._open)

    async def reach(self) -> None:
        """Open one. Raises RelayUnavailable."""
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
        if self._now() > self._fewer_until:
            self._most = self._relay.connections
        for _ in range(min(work, self._most) - len(self._open) - len(self._opening)):
            task = asyncio.create_task(self._reach_further())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _reach_further(self) -> None:
        with suppress(RelayUnavailable):
            await self.reach()
            return
        self._take_fewer()

    def closed(self, connection: Connection, error: RelayUnavailable | None) -> None:
        """The feed was told so."""
        if connection in self._open:
            self._open.discard(connection)
            metrics.connection_closed()
        if error is None or connection.carried:
            return  # It took mails: another one may be opened in its place.
        if self._open:
            self._take_fewer()
        else:
            self.refusal = error

    def _take_fewer(self) -> None:
        """The relay takes no more connections than there are."""
        self._most = max(1, len(self._open))
        self._fewer_until = self._now() + FEWER_SECONDS

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
