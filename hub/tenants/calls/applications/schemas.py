"""What an application says once it is whole, and how it stands."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from hub.web.i18n import N_

ApplicationState = Literal["draft", "submitted", "admitted", "reserve", "excluded", "withdrawn"]

APPLICATION_STATES = {
    "draft": N_("Being prepared"),
    "submitted": N_("Submitted"),
    "admitted": N_("Admitted"),
    "reserve": N_("Reserve"),
    "excluded": N_("Excluded"),
    "withdrawn": N_("Withdrawn"),
}
# An employment service by law has no need of the authorisation that art. 6 gives (d.lgs. 276/2003; d.lgs. 150/2015).
LEGAL_BASES = {
    "art_6": N_("Authorised to mediate work under art. 6 of legislative decree 276/2003"),
    "public_employment_service": N_("Public employment service (legislative decree 150/2015)"),
}
EXCLUSION_REASONS = {
    "not_eligible": N_("Not among the administrations that may apply"),
    "region": N_("No desk in the regions of the call"),
    "incomplete": N_("Not completed within the term"),
    "below_minimum": N_("Fewer points than the minimum"),
    "not_evaluated": N_("Could not be evaluated"),
    "false_declaration": N_("A declaration is not true"),
    "other": N_("Another reason, given in words"),
}
DECLARATIONS = {
    "true": N_("What is stated here is true (d.p.r. 445/2000, articles 46 and 47)."),
    "staff": N_("The operators named will be free for the training and for the hours stated."),
    "rooms": N_("The rooms are accessible and suited to confidential conversations."),
    "free": N_("The desk's service is free of charge for citizens."),
}


class Organisation(msgspec.Struct, frozen=True):
    """`region_code` is the municipality's."""

    name: str
    kind: str
    fiscal_code: str
    ipa_code: str
    municipality_code: str
    region_code: str
    address: str
    legal_basis: str


class ProposedDesk(msgspec.Struct, frozen=True):
    """`staff` is how many operators work there."""

    name: str
    municipality_code: str
    address: str
    opening_hours: str
    staff: int


class Contacts(msgspec.Struct, frozen=True):
    person_name: str
    person_role: str
    phone: str
    email: str
    certified_email: str = ""


class AttachedFile(msgspec.Struct, frozen=True):
    """`sha256` in hexadecimal digits."""

    kind: str
    name: str
    size: int
    sha256: str


class Content(msgspec.Struct, frozen=True):
    """What is submitted, frozen and hashed."""

    organisation: Organisation
    desks: tuple[ProposedDesk, ...]
    contacts: Contacts
    declarations: tuple[str, ...]
    files: tuple[AttachedFile, ...] = ()


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A request to complete what was submitted (l. 241/1990 art. 6), and its answer."""

    id: UUID
    asked_at: datetime
    request: str
    due_at: datetime
    answered_at: datetime | None
    answer: str | None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    email: str
    link_version: int
    locale: str
    state: ApplicationState
    answers: dict[str, dict[str, list[str]]]
    content: Content | None
    content_hash: bytes | None
    organisation_name: str | None
    region_code: str | None
    protocol_year: int | None
    protocol_number: int | None
    submitted_at: datetime | None
    receipt_id: UUID | None
    excluded_reason: str | None
    excluded_note: str | None
    withdrawn_at: datetime | None
    updated_at: datetime
    version: int

    @property
    def protocol(self) -> str | None:
        """As it is written: 0000042/2026."""
        if self.protocol_number is None:
            return None
        return f"{self.protocol_number:07d}/{self.protocol_year}"


class Attached(NamedTuple):
    """A file of an application. `kind` is a code of the call's `required_files`, or `completion`."""

    id: UUID
    kind: str
    completion_id: UUID | None
    file_id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    added_at: datetime
