"""The receiving side of the local mailbox: aiosmtpd, which keeps what it is given. Nothing is logged: addresses are personal data."""

from __future__ import annotations

from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

# Keeps a message or raises OSError, and returns its number.
Keep = Callable[[str, list[str], bytes], int]

MAX_MESSAGE_BYTES = 30_000_000


class Keeper:
    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        offered: list[str],
    ) -> list[str]:
        session.host_name = hostname
        # It reads commands one after the other however they arrive, and only does not say so.
        return [offered[0], "250-PIPELINING", *offered[1:]]

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        try:
            raw = envelope.original_content or b""
            number = self._keep(envelope.mail_from or "", envelope.rcpt_tos, raw)
        except OSError:
            return "451 4.3.0 The mailbox cannot write to its file"
        return f"250 2.0.0 Kept as {number}"


def conversation(keep: Keep) -> SMTP:
    """A protocol for one connection."""
    return SMTP(
        Keeper(keep),
        hostname="mailbox.localhost",
        ident="ESMTP, what comes here stays here",
        enable_SMTPUTF8=True,
        data_size_limit=MAX_MESSAGE_BYTES,
    )
