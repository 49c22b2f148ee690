"""One mail to one person, now: sign-in links, receipts, notices. Called by worker tasks, outside any transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub import clock, metrics
from hub.ids import uuid7
from hub.mail.dkim import sign
from hub.mail.headers import BadHeader
from hub.mail.lane import Lane, Single
from hub.mail.messages import Attachment, Body, build, envelope, message_id
from hub.mail.relay import Mailbox, Relay, current_relay
from hub.web import i18n

# RFC 3834 §5: programs that answer mail must leave this one alone.
_AUTOMATIC = (("Auto-Submitted", "auto-generated"),)

_lane: Lane | None = None


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
    attachments: Sequence[Attachment] = (),
) -> None:
    """Returns once the relay has taken the mail.

    `key` (a job's id, say) makes the Message-ID, so that a repeated mail is recognisable as the same. The language
    is that of `reading_in`. Raises RelayUnavailable or NotSent; in a task either puts its row back for later.
    """
    relay = current_relay()
    try:
        message = build(
            sender=relay.sender,
            to=Mailbox(name, to),
            subject=subject,
            body=Body(text, html),
            message_id=message_id(relay.sender.domain, key or uuid7()),
            date=_now(),
            locale=i18n.locale(),
            headers=[*_AUTOMATIC, *headers],
            attachments=attachments,
        )
        sender, recipient, needs_utf8 = envelope(relay.sender.address.encode(), to)
    except BadHeader as error:
        raise NotSent("failed", "") from error
    signed = sign(message, relay.sender.domain)
    single = Single(sender, recipient, signed, needs_utf8=needs_utf8)
    lane = _lane_to(relay)
    asked_at = lane.loop.time()
    answer = await lane.carry(single)
    metrics.transactional_sent(lane.loop.time() - asked_at)
    if answer.state != "sent":
        raise NotSent(answer.state, answer.reply[:3] if answer.reply[:3].isdigit() else "")


def _lane_to(relay: Relay) -> Lane:
    """This loop's; a relay of another address gets another lane."""
    global _lane
    loop = asyncio.get_running_loop()
    if _lane is not None and _lane.loop is loop and _lane.relay != relay:
        _lane.retire()
        _lane = None
    if _lane is None or _lane.loop is not loop:
        _lane = Lane(relay)
    return _lane


async def close_lane() -> None:
    """At the end of a process: finish what is on the wire and part politely."""
    global _lane
    lane, _lane = _lane, None
    if lane is not None and lane.loop is asyncio.get_running_loop():
        await lane.close()


def _now() -> datetime:
    return clock.now().replace(microsecond=0)
