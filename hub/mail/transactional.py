"""One mail to one person, now: sign-in links, receipts, notices. Called by worker tasks, outside any transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub import clock
from hub.ids import uuid7
from hub.mail.dkim import sign
from hub.mail.messages import Body, build, message_id
from hub.mail.relay import Mailbox, current_relay
from hub.mail.smtp import connect
from hub.web import i18n

# RFC 3834 §5: programs that answer mail must leave this one alone.
_AUTOMATIC = (("Auto-Submitted", "auto-generated"),)


class NotSent(Exception):
    """The relay did not take the mail. `state` is retry, failed or in_doubt; the text is its reply's number only."""

    def __init__(self, state: str, code: str) -> None:
        self.state = state
        super().__init__(f"{state} {code}".strip())


async def send(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    name: str = "",
    key: UUID | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> None:
    """Returns once the relay has taken the mail.

    `key` (a job's id, say) makes the Message-ID, so that a repeated mail is recognisable as the same. The language
    is that of `reading_in`. Raises RelayUnavailable or NotSent; in a task either puts its row back for later.
    """
    relay = current_relay()
    message = build(
        sender=relay.sender,
        to=Mailbox(name, to),
        subject=subject,
        body=Body(text, html),
        message_id=message_id(relay.sender.domain, key or uuid7()),
        date=_now(),
        locale=i18n.locale(),
        headers=[*_AUTOMATIC, *headers],
    )
    async with await connect(relay) as session:
        signed = sign(message, relay.sender.domain)
        answer = await session.send(relay.sender.address, to, signed)
    if answer.state != "sent":
        raise NotSent(answer.state, answer.reply[:3] if answer.reply[:3].isdigit() else "")


def _now() -> datetime:
    return clock.now().replace(microsecond=0)
