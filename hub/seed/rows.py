"""The rows of the demo network, one tuple a table, with the columns' names.

What only a running hub can make is not here but added on loading: password hashes, ciphertext and keyed tokens.
"""

from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from hub.seed.boarding_rows import PAPER_TABLES, SETUP_TABLES, BoardingRow
from hub.seed.call_rows import CALL_TABLES, CallRow

# json columns hold their text, text[] columns a list.


class Tenant(NamedTuple):
    id: UUID
    name: str
    name_search: str
    kinds: list[str]
    host_kind: str | None
    state: str
    municipality_code: str | None
    region_code: str | None
    email: str
    phone: str
    website: str
    created_at: datetime
    fiscal_code: str
    address: str
    postal_code: str
    certified_email: str
    lender_category: str | None
    lender_register: str | None
    tutor_register: str | None
    activated_at: datetime | None
    suspended_at: datetime | None


class Desk(NamedTuple):
    id: UUID
    tenant_id: UUID
    name: str
    state: str
    municipality_code: str
    region_code: str
    address: str
    latitude: float
    longitude: float
    phone: str
    email: str
    opening_hours: str
    opened_on: date | None
    verified_on: date | None
    setup_id: UUID | None
    postal_code: str
    hours: str
    how_to_reach: str
    offers: list[str]
    provinces: list[str]


class ServiceOffered(NamedTuple):
    id: UUID
    service_id: UUID
    tenant_id: UUID
    kind: str
    name: str
    description: str
    regions: list[str]
    min_amount_cents: int | None
    max_amount_cents: int | None
    answer_days: int | None
    valid_from: date


class Account(NamedTuple):
    id: UUID
    email: str
    name: str
    locale: str
    created_at: datetime


class SecondFactor(NamedTuple):
    id: UUID
    account_id: UUID
    created_at: datetime
    confirmed_at: datetime


class Membership(NamedTuple):
    id: UUID
    tenant_id: UUID
    account_id: UUID
    role: str
    name: str
    created_at: datetime
    limited_to_desks: bool


class MembershipDesk(NamedTuple):
    id: UUID
    tenant_id: UUID
    membership_id: UUID
    desk_id: UUID


class Citizen(NamedTuple):
    id: UUID
    tenant_id: UUID
    codice_fiscale: str | None
    given_name: str
    family_name: str
    name_search: str
    birth_date: date
    email: str | None
    phone: str | None
    municipality_code: str
    created_at: datetime
    created_by: UUID


class Case(NamedTuple):
    id: UUID
    tenant_id: UUID
    number: str
    citizen_id: UUID
    desk_id: UUID
    kind: str
    purpose: str
    amount_cents: int
    region_code: str
    state: str
    milestone: str
    opened_at: datetime
    opened_by: UUID
    assigned_to: UUID
    updated_at: datetime
    closed_at: datetime | None


class Consultation(NamedTuple):
    id: UUID
    tenant_id: UUID
    citizen_id: UUID
    case_id: UUID
    desk_id: UUID
    channel: str
    held_on: date
    minutes: int
    topics: list[str]
    notes: str
    recorded_at: datetime
    recorded_by: UUID


class Milestone(NamedTuple):
    id: UUID
    tenant_id: UUID
    case_id: UUID
    kind: str
    reached_on: date
    recorded_at: datetime
    recorded_by: UUID | None


class Referral(NamedTuple):
    id: UUID
    tenant_id: UUID
    case_id: UUID
    desk_id: UUID
    case_number: str
    kind: str
    amount_cents: int
    region_code: str
    mode: str
    state: str
    purpose: str
    basis: str
    notice_version: str
    fields: list[str]
    created_at: datetime
    created_by: UUID
    sent_at: datetime | None
    sent_by: UUID | None
    placed_offer_id: UUID | None
    version: int


class Offer(NamedTuple):
    id: UUID
    tenant_id: UUID
    referral_id: UUID
    receiver_id: UUID
    rank: int
    state: str
    disclosure: str
    answer_days: int
    offered_at: datetime | None
    due_on: date | None
    opened_at: datetime | None
    answered_at: datetime | None
    decline_reason: str | None
    decline_note: str
    version: int


class ReceivedOffer(NamedTuple):
    id: UUID
    tenant_id: UUID
    sender_id: UUID
    referral_id: UUID
    case_number: str
    kind: str
    amount_cents: int
    currency: str
    region_code: str
    state: str
    offered_at: datetime
    due_on: date
    opened_at: datetime | None
    opened_by: UUID | None
    answered_at: datetime | None
    answered_by: UUID | None
    decline_reason: str | None
    decline_note: str
    version: int


class Disclosure(NamedTuple):
    id: UUID
    tenant_id: UUID
    received_offer_id: UUID
    sender_id: UUID
    payload: str
    purpose: str
    basis: str
    notice_version: str
    disclosed_at: datetime
    disclosed_by: UUID


class OfferEvent(NamedTuple):
    id: UUID
    tenant_id: UUID
    referral_id: UUID
    offer_id: UUID
    from_state: str
    to_state: str
    reason: str | None
    actor_tenant_id: UUID | None
    actor_membership_id: UUID | None
    effective_at: datetime
    recorded_at: datetime


class NetworkFact(NamedTuple):
    id: UUID
    tenant_id: UUID
    name: str
    number: int | None
    moment: datetime | None
    updated_at: datetime


class Subscriber(NamedTuple):
    id: UUID
    tenant_id: UUID
    email: str
    name: str
    locale: str
    state: str
    created_at: datetime


class Subscription(NamedTuple):
    id: UUID
    tenant_id: UUID
    subscriber_id: UUID
    audience: str
    source: str
    organisation_id: UUID | None
    membership_id: UUID | None
    region_code: str | None
    created_at: datetime


class Consent(NamedTuple):
    id: UUID
    tenant_id: UUID
    email: str
    event: str
    text_version: str
    channel: str
    at: datetime


class Suppression(NamedTuple):
    id: UUID
    tenant_id: UUID
    email: str
    reason: str
    created_at: datetime


Row = (
    Tenant
    | Desk
    | ServiceOffered
    | Account
    | SecondFactor
    | Membership
    | MembershipDesk
    | Citizen
    | Case
    | Consultation
    | Milestone
    | Referral
    | Offer
    | ReceivedOffer
    | Disclosure
    | OfferEvent
    | NetworkFact
    | Subscriber
    | Subscription
    | Consent
    | Suppression
    | CallRow
    | BoardingRow
)

# In the order in which foreign keys let them be written.
TABLES: dict[type[Row], str] = {
    Tenant: "tenants",
    **SETUP_TABLES,
    Desk: "desks",
    ServiceOffered: "services_offered",
    Account: "accounts",
    SecondFactor: "second_factors",
    Membership: "memberships",
    MembershipDesk: "membership_desks",
    Citizen: "citizens",
    Case: "cases",
    Consultation: "consultations",
    Milestone: "milestones",
    Referral: "referrals",
    Offer: "offers",
    ReceivedOffer: "received_offers",
    Disclosure: "disclosures",
    OfferEvent: "offer_events",
    NetworkFact: "network_facts",
    Subscriber: "subscribers",
    Subscription: "subscriptions",
    Consent: "consents",
    Suppression: "suppressions",
    **CALL_TABLES,
    **PAPER_TABLES,
}


R = TypeVar("R")


class Batch:
    """Rows that are written together, by table."""

    def __init__(self) -> None:
        self._rows: dict[type[Any], list[Any]] = {kind: [] for kind in TABLES}

    def add(self, *rows: Row) -> None:
        for row in rows:
            self._rows[type(row)].append(row)

    def of(self, kind: type[R]) -> list[R]:
        return self._rows[kind]
