"""What a receiver is asked for when it declines; what the API says and takes."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hub.referrals.routing.reasons import REASON_LABELS
from hub.web.fields import Choice, Integer, Text, Textarea
from hub.web.i18n import N_

MOST_ITEMS = 100


NOTE = Textarea(
    N_("Note to the desk"),
    N_("The desk reads it. What helps the citizen's next step belongs here."),
    max_length=1000,
)


class Decline(msgspec.Struct):
    reason: Annotated[str, Choice(N_("Reason"), options=REASON_LABELS)]
    note: Annotated[str, NOTE] = ""


class ListOffers(msgspec.Struct):
    """Parameters of the API's list."""

    state: Annotated[str | None, Text(max_length=20)] = None
    cursor: Annotated[str | None, Text(max_length=60)] = None
    limit: Annotated[int, Integer(minimum=1, maximum=MOST_ITEMS)] = 50


class DeclineBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class AmountItem(msgspec.Struct):
    """`amount` is a decimal number as text, so that no reader rounds it."""

    amount: str
    currency: str


class RegionItem(msgspec.Struct):
    """`code` is ISTAT's."""

    code: str
    name: str


class SenderItem(msgspec.Struct):
    id: UUID
    name: str


class DisclosureItem(msgspec.Struct, omit_defaults=True):
    """What the desk passed on; what it did not is left out."""

    purpose: str
    basis: str
    notice_version: str
    disclosed_at: datetime
    given_name: str | None = None
    family_name: str | None = None
    tax_code: str | None = None
    birth_date: str | None = None
    phone: str | None = None
    email: str | None = None
    municipality: str | None = None
    project: str | None = None


class OfferItem(msgspec.Struct, kw_only=True):
    """A received offer. `disclosure` is there once the offer was opened, until it is declined or superseded."""

    id: UUID
    case_number: str
    state: str
    kind: str
    amount: AmountItem
    region: RegionItem
    sender: SenderItem
    offered_at: datetime
    due_on: date
    opened_at: datetime | None
    answered_at: datetime | None
    decline_reason: str | None
    version: int
    url: str
    is_test: bool
    disclosure: DisclosureItem | msgspec.UnsetType = msgspec.UNSET


class OfferPage(msgspec.Struct):
    items: list[OfferItem]
    next_cursor: str | None
