"""Where a connection gets its mails, and whom it tells what became of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from hub.mail.replies import Answer, RelayUnavailable

if TYPE_CHECKING:
    # It imports this module.
    from hub.mail.connection import Connection


class Mail(Protocol):
    # What stands in the envelope may be unknown until `pieces` was called.

    @property
    def sender(self) -> bytes:
        """The reverse path without its angle brackets; empty for a message that must not come back."""

    @property
    def recipient(self) -> bytes:
        """The forward path without its angle brackets."""

    @property
    def needs_utf8(self) -> bool:
        """An address or a header of it is written in UTF-8 (RFC 6531)."""

    def pieces(self) -> Sequence[bytes]:
        """The message in wire form: lines end with CRLF, dots that begin one are doubled, the final dot is left out.

        Called once, when a connection takes the mail. Raises BadHeader for a mail that cannot be written.
        """


class Feed(Protocol):
    """Called from the event loop: none of it blocks."""

    def next(self, connection: "Connection") -> Mail | None:
        """The next mail to carry. After None the connection is idle, or about to be, until it is kicked."""

    def begun(self, mail: Mail) -> bool:
        """Its first byte is about to be written: from here on silence means doubt. False: not any more.

        The server waits for the message already, so the connection can only be cut then; the mail is returned.
        """

    def ended(self, mail: Mail, answer: Answer) -> None:
        """Exactly once for each mail that was taken and not returned."""

    def returned(self, mail: Mail) -> None:
        """Never on the wire and nobody's fault: take it back."""

    def closed(self, connection: "Connection", error: RelayUnavailable | None) -> None:
        """The last call, once. Without an error another connection may be opened at once."""
