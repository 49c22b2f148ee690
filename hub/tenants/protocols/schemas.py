"""Protocols: the parties, the templates, and what others see of a protocol."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from hub.web.i18n import N_

KINDS = {
    "host": N_("Memorandum of understanding with hosts"),
    "lender": N_("Agreement with lenders"),
    "tutor": N_("Agreement with tutoring services"),
}
UNFINISHED = ("preparing", "sent", "to_check")


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


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """`tenant_id` is the Ente's, which also has the files. `expires_on` is the last day on which it is in force."""

    id: UUID
    tenant_id: UUID
    organisation_id: UUID
    kind: str
    year: int
    serial: int
    title: str
    template_number: int
    state: str
    created_at: datetime
    sent_at: datetime | None
    uploaded_at: datetime | None
    checked: str | None
    signed_on: date | None
    expires_on: date | None
    refused_reason: str | None
    renews_id: UUID | None
    document_id: UUID | None
    signed_file_id: UUID | None
    version: int

    @property
    def number(self) -> str:
        return number_of(self.year, self.serial)

    def standing(self, today: date) -> str:
        """Its state, or `expired`."""
        over = self.state == "signed" and self.expires_on is not None and self.expires_on < today
        return "expired" if over else self.state


def number_of(year: int, serial: int) -> str:
    return f"{year}/{serial:04}"
