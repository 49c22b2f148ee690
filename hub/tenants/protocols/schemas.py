"""Protocols: the parties, the templates, and what others see of a protocol."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from hub.web.fields import Checkbox, Choice, Date, Email, Integer, Text, Textarea
from hub.web.i18n import N_

KINDS = {
    "host": N_("Memorandum of understanding with hosts"),
    "lender": N_("Agreement with lenders"),
    "tutor": N_("Agreement with tutoring services"),
}
UNFINISHED = ("preparing", "sent", "to_check")
NEAR_THE_END = timedelta(days=90)

STANDINGS = {
    "preparing": N_("Being made"),
    "sent": N_("To be signed"),
    "to_check": N_("To check"),
    "signed": N_("Signed"),
    "expired": N_("Expired"),
    "replaced": N_("Replaced"),
    "cancelled": N_("Cancelled"),
}
TONES = {
    "preparing": "neutral",
    "sent": "info",
    "to_check": "warning",
    "signed": "success",
    "expired": "danger",
    "replaced": "neutral",
    "cancelled": "neutral",
}
# How it was found that the signed file is the document that was sent.
CHECKS = {
    "envelope": N_("A signed envelope with exactly our document inside"),
    "appended": N_("Our document with a signature appended to it"),
    "person": N_("Compared by a person of the Ente"),
}


class ProtocolParty(msgspec.Struct, frozen=True):
    """The organisation that is to sign, and whom there the document is sent to; `locale` is that person's."""

    organisation_id: UUID
    name: str
    fiscal_code: str
    address: str
    contact_name: str
    contact_email: str
    desks: tuple[str, ...] = ()
    locale: str = "it"


SHOWN = {
    "to_sign": N_("To be signed"),
    "to_check": N_("To check"),
    "signed": N_("Signed and in force"),
    "ending": N_("Near their end"),
    "expired": N_("Expired protocols"),
    "replaced": N_("Replaced protocols"),
    "cancelled": N_("Cancelled protocols"),
}


class FilterProtocols(msgspec.Struct, frozen=True):
    show: Annotated[str, Choice(N_("Which"), options=SHOWN)] = ""
    kind: Annotated[str, Choice(N_("Kind"), options=KINDS)] = ""
    name: Annotated[str, Text(N_("Organisation"), max_length=100)] = ""


class SendSigned(msgspec.Struct, frozen=True):
    """`file` is the name under which the browser sends it."""

    file: Annotated[
        str,
        Text(
            N_("Signed file"),
            N_("A PDF with its signature, or a signed envelope (P7M); at most 10 MB."),
            max_length=1000,
        ),
    ]
    signed_on: Annotated[
        date,
        Date(
            N_("Day of signature"),
            N_("From this day on it is in force. Of several signatures, the day of the last."),
        ),
    ]


class SendCountersigned(msgspec.Struct, frozen=True):
    file: Annotated[
        str,
        Text(
            N_("Countersigned file"),
            N_(
                "The file that arrived, with the Ente’s signature added; PDF or P7M, at most 10 MB."
            ),
            max_length=1000,
        ),
    ]


class Confirm(msgspec.Struct, frozen=True):
    compared: Annotated[
        bool,
        Checkbox(
            N_("I have opened both files: they are the same document, and it is signed."),
            required=True,
        ),
    ]
    version: Annotated[int, Integer()]


class Refuse(msgspec.Struct, frozen=True):
    reason: Annotated[
        str,
        Textarea(
            N_("Reason"),
            N_("The contact reads these words in a letter with a new link."),
            min_length=10,
            max_length=2000,
        ),
    ]
    version: Annotated[int, Integer()]


class SendAgain(msgspec.Struct, frozen=True):
    contact_name: Annotated[str, Text(N_("Name"), max_length=120)]
    contact_email: Annotated[str, Email(N_("E-mail address"))]
    version: Annotated[int, Integer()]


class Decide(msgspec.Struct, frozen=True):
    """For what needs no more than a button."""

    version: Annotated[int, Integer()]


class NewVersion(msgspec.Struct, frozen=True):
    title: Annotated[str, Text(N_("Title"), max_length=200)]
    years: Annotated[int, Integer(N_("Years in force"), N_("From 1 to 20."), 1, 20)]
    text: Annotated[str, Textarea(N_("Text"), max_length=60_000, min_length=100)]


class SignedFile(msgspec.Struct, frozen=True):
    """What came back: `checked` is envelope, appended or person, as `compare.how_signed` found."""

    name: str
    media_type: str
    content: bytes
    checked: str


class Content(msgspec.Struct, frozen=True):
    """What a template was filled with: with the template's text, all that the document is made of."""

    ente: str
    organisation: str
    fiscal_code: str
    address: str
    desks: tuple[str, ...]
    years: int
    issued_on: date
    locale: str


@dataclass(frozen=True, slots=True)
class ProtocolTemplate:
    """A version; none changes ever."""

    id: UUID
    kind: str
    number: int
    title: str
    text: str
    years: int
    created_at: datetime


class Registered:
    """In the Ente's register, under a year and a number in it."""

    __slots__ = ()
    year: int
    serial: int
    state: str
    expires_on: date | None

    @property
    def number(self) -> str:
        return number_of(self.year, self.serial)

    def standing(self, today: date) -> str:
        """Its state, or `expired`."""
        over = self.state == "signed" and self.expires_on is not None and self.expires_on < today
        return "expired" if over else self.state


@dataclass(frozen=True, slots=True)
class Protocol(Registered):
    """A protocol as the Ente works on it; the row is the Ente's."""

    id: UUID
    organisation_id: UUID
    template_id: UUID
    kind: str
    year: int
    serial: int
    state: str
    contact_name: str
    contact_email: str
    link_version: int
    content: Content
    document_id: UUID | None
    document_sha256: bytes | None
    sent_at: datetime | None
    signed_file_id: UUID | None
    uploaded_at: datetime | None
    checked: str | None
    checked_by: UUID | None
    signed_on: date | None
    expires_on: date | None
    refused_reason: str | None
    renews_id: UUID | None
    created_at: datetime
    version: int

    @property
    def file_name(self) -> str:
        return f"protocollo-{self.year}-{self.serial:04}.pdf"


@dataclass(frozen=True, slots=True)
class ProtocolView(Registered):
    """`tenant_id` is the Ente's, which also has the files. `expires_on` is the last day on which it is in force."""

    id: UUID
    tenant_id: UUID
    kind: str
    year: int
    serial: int
    title: str
    state: str
    sent_at: datetime | None
    uploaded_at: datetime | None
    signed_on: date | None
    expires_on: date | None
    refused_reason: str | None
    document_id: UUID | None
    signed_file_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class Listed(Registered):
    """A line of the Ente's list. `renewing`: what is to take its place is drawn up, and not signed yet."""

    id: UUID
    organisation: str
    kind: str
    year: int
    serial: int
    state: str
    sent_at: datetime | None
    uploaded_at: datetime | None
    signed_on: date | None
    expires_on: date | None
    renewing: bool


def last_day(signed_on: date, years: int) -> date:
    """The day before the anniversary; whoever signs on 29 February has until the end of a February (art. 2963 c.c.)."""
    try:
        anniversary = signed_on.replace(year=signed_on.year + years)
    except ValueError:
        anniversary = date(signed_on.year + years, 3, 1)
    return anniversary - timedelta(days=1)


def number_of(year: int, serial: int) -> str:
    return f"{year}/{serial:04}"
