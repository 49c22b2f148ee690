"""Connections to the relay: everything the hub sends goes through here.

`await open_connection(relay, feed)` for newsletters, `hub.mail.send` for a single mail, over a lane of its own.

Every answer says honestly what is known: `sent` (the relay took it), `failed` (it refused this recipient for good),
`retry` (not now; certainly not sent), `in_doubt` (the message was on the wire and no answer came). A relay that does
not answer, or refuses *us*, is nobody's failed message: that is RelayUnavailable.
"""

import asyncio
import ssl

from hub.mail.connection import Connection, Patience
from hub.mail.dialogue import Dialogue
from hub.mail.feed import Feed
from hub.mail.handshake import NoTls, introduce, tls_context, tls_words
from hub.mail.relay import Relay
from hub.mail.replies import RelayUnavailable, unavailable

PATIENCE = Patience()


async def open_connection(relay: Relay, feed: Feed, *, patience: Patience = PATIENCE) -> Connection:
    """Ready to carry mails; it asks the feed for the first one before this returns. Raises RelayUnavailable."""
    try:
        async with asyncio.timeout(patience.connect):
            try:
                return await _connection(relay, feed, patience, starttls=relay.starttls != "off")
            except NoTls:
                if relay.needs_starttls:
                    raise
                # RFC 7435 §3: without a password, a connection in the clear is better than none.
                return await _connection(relay, feed, patience, starttls=False)
    except TimeoutError:
        raise unavailable("no_answer") from None


async def _connection(
    relay: Relay, feed: Feed, patience: Patience, *, starttls: bool
) -> Connection:
    connection = Dialogue(feed, limit=relay.session_messages, patience=patience)
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: connection,
            relay.host,
            relay.port,
            ssl=tls_context(verify=relay.verifies) if relay.implicit_tls else None,
        )
        await introduce(connection, relay, starttls=starttls and not relay.implicit_tls)
        connection.start()
    except BaseException as error:
        connection.abandon()
        if isinstance(error, ssl.SSLError):
            raise RelayUnavailable(tls_words(error), "tls") from error
        # ValueError: a host name that no resolver can be asked for.
        if isinstance(error, OSError | ValueError) and not isinstance(error, TimeoutError):
            raise unavailable("unreachable") from error
        raise
    return connection
