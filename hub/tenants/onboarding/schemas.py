"""The checklist of a set-up: its points, who they are for, and what they are called."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from hub.tenants.protocols.schemas import ProtocolParty
from hub.web.i18n import N_

PROTOCOL_SIGNED = "protocol_signed"
REGISTER_STATED = "register_stated"
ADMINISTRATOR_INVITED = "administrator_invited"
OPERATORS_INVITED = "operators_invited"
TRAINING_COMPLETED = "training_completed"
DESKS_COMPLETE = "desks_complete"
SERVICES_STATED = "services_stated"
TEST_REFERRAL_ANSWERED = "test_referral_answered"

POINTS = {
    PROTOCOL_SIGNED: N_("Protocol signed"),
    REGISTER_STATED: N_("Place in the register stated"),
    ADMINISTRATOR_INVITED: N_("Administrator invited"),
    OPERATORS_INVITED: N_("Operators invited"),
    TRAINING_COMPLETED: N_("Training completed"),
    DESKS_COMPLETE: N_("Desk data complete"),
    SERVICES_STATED: N_("Services and territory stated"),
    TEST_REFERRAL_ANSWERED: N_("Test referral answered"),
}

# The same points as they are called while they are open: what is still to be done.
OPEN_POINTS = {
    PROTOCOL_SIGNED: N_("Protocol to be signed"),
    REGISTER_STATED: N_("Place in the register to be stated"),
    ADMINISTRATOR_INVITED: N_("Administrator to be invited"),
    OPERATORS_INVITED: N_("Operators to be invited"),
    TRAINING_COMPLETED: N_("Training to be completed"),
    DESKS_COMPLETE: N_("Desk data to be completed"),
    SERVICES_STATED: N_("Services and territory to be stated"),
    TEST_REFERRAL_ANSWERED: N_("Test referral to be answered"),
}

_COMMON = (PROTOCOL_SIGNED, ADMINISTRATOR_INVITED, OPERATORS_INVITED)
_OF_KIND = {
    "host": (*_COMMON, TRAINING_COMPLETED, DESKS_COMPLETE, SERVICES_STATED, TEST_REFERRAL_ANSWERED),
    "lender": (*_COMMON, REGISTER_STATED, SERVICES_STATED, TEST_REFERRAL_ANSWERED),
    "tutor": (*_COMMON, REGISTER_STATED, SERVICES_STATED),
}

# How many days after its start each point of a set-up is due.
DUE_DAYS = {
    PROTOCOL_SIGNED: 30,
    REGISTER_STATED: 30,
    ADMINISTRATOR_INVITED: 35,
    OPERATORS_INVITED: 45,
    TRAINING_COMPLETED: 75,
    DESKS_COMPLETE: 75,
    SERVICES_STATED: 75,
    TEST_REFERRAL_ANSWERED: 90,
}


def points_of(kinds: list[str] | tuple[str, ...]) -> list[str]:
    """The points of an organisation with these kinds, in their order."""
    wanted = {code for kind in kinds for code in _OF_KIND.get(kind, ())}
    return [code for code in POINTS if code in wanted]


class ExceptionView(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to become active without a point: asked by one person of the Ente, agreed or refused by another."""

    id: UUID
    code: str
    reason: str
    state: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    refused_reason: str | None = None


class PointView(msgspec.Struct, frozen=True, kw_only=True):
    """`changed_at` is since when it is in its state. `exception` is the one that is asked for or agreed."""

    id: UUID
    code: str
    state: str
    due_on: date
    changed_at: datetime
    have: int
    want: int
    exception: ExceptionView | None = None

    @property
    def excepted(self) -> bool:
        return self.exception is not None and self.exception.state == "agreed"

    @property
    def blocks(self) -> bool:
        """Whether the organisation cannot become active for it."""
        return self.state != "done" and not self.excepted


class SetupView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    coordinator_id: UUID
    application_id: UUID | None
    kinds: tuple[str, ...]
    state: str
    contact_name: str
    contact_email: str
    contact_phone: str
    locale: str
    started_at: datetime
    due_on: date
    due_reason: str
    ended_at: datetime | None
    ended_by: UUID | None
    ended_reason: str
    points: tuple[PointView, ...] = ()

    @property
    def done(self) -> int:
        return sum(not point.blocks for point in self.points)

    @property
    def blocking(self) -> tuple[PointView, ...]:
        return tuple(point for point in self.points if point.blocks)

    @property
    def undone(self) -> tuple[PointView, ...]:
        return tuple(point for point in self.points if point.state == "undone")

    @property
    def ready(self) -> bool:
        return self.state == "running" and not self.blocking


class Party(ProtocolParty, frozen=True, kw_only=True):
    """An organisation that is to sign: `kinds` are those for which nothing signed is in force."""

    application_id: UUID | None
    kinds: tuple[str, ...]


class Reader(NamedTuple):
    """Somebody who gets a letter, and the organisation on whose behalf.

    `is_contact`: the set-up's, whom the hub does not let in as such.
    """

    email: str
    name: str
    locale: str
    tenant_id: UUID
    is_contact: bool


SUSPENSION_REASONS = {
    "protocol": N_("No protocol in force"),
    "inactivity": N_("No activity"),
    "requirements": N_("Requirements no longer met"),
    "breach": N_("Breach of the rules of the network"),
    "request": N_("At its own request"),
    "other": N_("Another reason"),
}


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is a code; `note` somebody's own words."""

    id: UUID
    reason: str
    note: str
    suspended_at: datetime
    suspended_by: UUID
    lifted_at: datetime | None
    lifted_by: UUID | None


class DeskLine(NamedTuple):
    id: UUID
    name: str
    state: str
    place: str
    address: str


class People(NamedTuple):
    """How many of a role, and how many invited; nobody is named."""

    role: str
    active: int
    invited: int


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as the Ente sees it."""

    id: UUID
    name: str
    kinds: tuple[str, ...]
    host_kind: str | None
    state: str
    fiscal_code: str | None
    ipa_code: str | None
    place: str | None
    region: str | None
    address: str | None
    email: str | None
    phone: str | None
    certified_email: str | None
    website: str | None
    lender_category: str | None
    lender_register: str | None
    tutor_register: str | None
    activated_at: datetime | None


LENDER_CATEGORIES = {
    "bank": N_("Bank"),
    "art_106": N_("Intermediary under art. 106 of the Consolidated Banking Act"),
    "art_111": N_("Microcredit operator under art. 111 of the Consolidated Banking Act"),
}
