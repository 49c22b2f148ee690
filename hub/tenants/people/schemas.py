"""Invitations, members and trainings, as pages and services know them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hub.web.i18n import N_

# As people choose them; `editor` writes the Ente's newsletters.
ROLES = {
    "admin": N_("administrator"),
    "operator": N_("operator"),
    "editor": N_("editor"),
    "viewer": N_("viewer"),
}
# How long support may be let in.
SUPPORT_HOURS = {
    "4": N_("4 hours"),
    "24": N_("24 hours"),
    "72": N_("3 days"),
    "168": N_("7 days"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Whom to invite, as what. `limited_to_desks` without any desk means none.

    The membership ends `membership_hours` after it begins (support), or at `membership_until` (a substitute).
    """

    email: str
    role: str
    name: str = ""
    desk_ids: tuple[UUID, ...] = ()
    limited_to_desks: bool = False
    support: bool = False
    membership_hours: int | None = None
    membership_until: datetime | None = None
    locale: str = "it"


@dataclass(frozen=True, slots=True)
class Invitation:
    """As its row stands. `invited_by` is None where the Ente invited."""

    id: UUID
    tenant_id: UUID
    email: str
    name: str
    role: str
    support: bool
    limited_to_desks: bool
    desk_ids: tuple[UUID, ...]
    membership_hours: int | None
    membership_until: datetime | None
    locale: str
    state: str
    link_version: int
    created_at: datetime
    invited_by: UUID | None
    sent_at: datetime | None
    expires_at: datetime
    accepted_at: datetime | None
    membership_id: UUID | None
    code_hash: bytes | None
    code_sent_at: datetime | None
    code_attempts: int
    codes_sent: int
    asked_again_at: datetime | None

    def standing(self, now: datetime) -> str:
        """Its state, or `expired`."""
        return "expired" if self.state == "open" and self.expires_at <= now else self.state


@dataclass(frozen=True, slots=True)
class Member:
    """`desk_ids` is None for somebody who is not limited to some desks; an empty tuple means none."""

    id: UUID
    account_id: UUID
    name: str
    role: str
    state: str
    support: bool
    desk_ids: tuple[UUID, ...] | None
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    last_training: date | None

    def is_active(self, now: datetime) -> bool:
        return self.state == "active" and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Training:
    id: UUID
    membership_id: UUID
    course: str
    completed_on: date
    certificate_id: UUID
    certificate_name: str
