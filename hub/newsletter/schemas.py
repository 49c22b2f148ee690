"""A campaign as it is edited and shown, and its ledger's rows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import msgspec

from hub.newsletter.blocks import Block
from hub.newsletter.segments import AllOf
from hub.web.fields import Choice, Integer, Text
from hub.web.i18n import N_

CampaignState = Literal["draft", "freezing", "sending", "sent", "cancelled"]
CAMPAIGN_STATES: dict[CampaignState, str] = {
    "draft": N_("Draft"),
    "freezing": N_("Preparing"),
    "sending": N_("Being sent"),
    "sent": N_("Sent"),
    "cancelled": N_("Cancelled"),
}
DELIVERY_STATES = {
    "sent": N_("Sent"),
    "queued": N_("Waiting"),
    "sending": N_("On its way"),
    "retry": N_("Will be tried again"),
    "in_doubt": N_("In doubt"),
    "failed": N_("Refused"),
    "suppressed": N_("Unsubscribed in time"),
}
# "Who did not get it, and why": in this order.
UNSENT_STATES = ("failed", "in_doubt", "retry", "suppressed")
# Of a campaign that was cancelled, who still waited then. No delivery's state: the rows stay as they were.
NOT_SENT, NOT_SENT_LABEL = "not_sent", N_("Not sent: cancelled")
# Who left the newsletter is never written to again, whatever an editor asks for.
RESENDABLE_STATES = ("failed", "in_doubt")

# What becomes of messages whose answer never came.
OnDoubt = Literal["ask", "resend", "leave"]
ON_DOUBT: dict[OnDoubt, str] = {
    "ask": N_("Ask me: these messages are listed and wait for my decision"),
    "resend": N_("Send them again: everybody gets it, a few perhaps twice"),
    "leave": N_("Leave them: nobody gets it twice, a few perhaps not at all"),
}
# Under `resend` a row is queued again that often; a message that is in doubt even then is for a person to decide about.
MOST_RESENDS = 2

PausedWhy = Literal["by_hand", "policy", "failing_share"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the editor's form says."""

    subject: str
    preheader: str
    locale: str
    blocks: tuple[Block, ...]
    segment: AllOf


class Campaign(Draft, frozen=True, kw_only=True):
    id: UUID
    state: CampaignState
    recipients: int | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    stalled_at: datetime | None
    stalled_reply: str | None
    next_try_at: datetime | None
    version: int
    expected: int | None
    """How many recipients were confirmed when it was started."""
    on_doubt: OnDoubt
    paused_at: datetime | None
    paused_why: PausedWhy | None
    paused_reply: str | None
    due_at: datetime | None
    """When a worker looks for deliveries again."""

    @property
    def is_draft(self) -> bool:
        return self.state == "draft"

    @property
    def is_running(self) -> bool:
        return self.state in ("freezing", "sending")

    @property
    def is_paused(self) -> bool:
        return self.is_running and self.paused_at is not None


class SendForm(msgspec.Struct, frozen=True):
    """What the editor looked at before pressing the button."""

    version: Annotated[int, Integer()]
    recipients: Annotated[int, Integer()]
    on_doubt: Annotated[
        OnDoubt,
        Choice(
            N_("If the answer of the mail server is lost"),
            N_(
                "A connection can break after a message was handed over and before the mail server has said yes."
                " Nobody knows then whether it arrives. This concerns few messages, if any."
            ),
            options=ON_DOUBT,
        ),
    ]


class ResendForm(msgspec.Struct, frozen=True):
    """Whom the editor looked at before pressing the button."""

    state: Annotated[str, Text()]
    cause: Annotated[str, Text()] = ""
    """Empty: whatever the reason."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deliveries of a campaign are in each state."""

    by_state: dict[str, int] = field(default_factory=dict)

    def of(self, state: str) -> int:
        return self.by_state.get(state, 0)

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        return self.of("queued") + self.of("sending") + self.of("retry")

    @property
    def final(self) -> int:
        return self.total - self.open

    @property
    def share(self) -> float:
        """Of 1, to the hundredth; what is not quite done is never all of it."""
        return self.final * 100 // self.total / 100 if self.total else 0.0


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """How a campaign stood at an instant: all that had happened until then."""

    at: datetime
    sent: int
    failed: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a campaign goes: messages in the last minute, and when the last waiting one will have had its turn."""

    each_minute: int
    left: timedelta | None


@dataclass(frozen=True, slots=True)
class Cause:
    """So many deliveries are in one state for one reason; `code` is one of `hub.mail.replies`, or unknown."""

    state: str
    code: str | None
    count: int
    more: bool = False
    """There are more than were counted."""


class Recipient(NamedTuple):
    """A subscriber as a message addresses one."""

    email: str
    email_token: bytes
    name: str
    locale: str


class Claimed(NamedTuple):
    """A delivery in this worker's hands. `attempts` is its lease: results are recorded under it only."""

    id: UUID
    attempts: int
    tries: int
    tried_since: datetime
    recipient: Recipient


class Outcome(NamedTuple):
    """What became of a claimed delivery. `due_at` matters for a retry."""

    id: UUID
    attempts: int
    state: str
    cause: str | None
    reply: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Unsent:
    """A line of "who did not get it, and why"."""

    id: UUID
    email: str
    name: str
    state: str
    cause: str | None
    reply: str | None
    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Publisher:
    """The tenant in whose name a campaign is sent."""

    id: UUID
    name: str
    email: str | None
    website: str | None
    locale: str
