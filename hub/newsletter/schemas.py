"""A campaign as it is edited and shown, and its ledger's rows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hub.newsletter.blocks import Block
from hub.newsletter.segments import AllOf
from hub.web.fields import Integer
from hub.web.i18n import N_

CampaignState = Literal["draft", "freezing", "sending", "sent"]
CAMPAIGN_STATES: dict[CampaignState, str] = {
    "draft": N_("Draft"),
    "freezing": N_("Preparing"),
    "sending": N_("Being sent"),
    "sent": N_("Sent"),
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

    @property
    def is_draft(self) -> bool:
        return self.state == "draft"

    @property
    def is_running(self) -> bool:
        return self.state in ("freezing", "sending")


class SendForm(msgspec.Struct, frozen=True):
    """What the editor looked at before pressing the button."""

    version: Annotated[int, Integer()]
    recipients: Annotated[int, Integer()]


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


@dataclass(frozen=True, slots=True)
class Recipient:
    """A subscriber as a message addresses one."""

    email: str
    email_token: bytes
    name: str
    locale: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this worker's hands. `attempts` is its lease: results are recorded under it only."""

    id: UUID
    attempts: int
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed delivery. `due_at` matters for a retry."""

    id: UUID
    attempts: int
    state: str
    reply: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Unsent:
    """A line of "who did not get it, and why"."""

    id: UUID
    email: str
    name: str
    state: str
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
