"""What the Ente's forms about coming on board ask."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from hub.tenants.calls.applications.codes import FiscalCode
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.onboarding.schemas import LENDER_CATEGORIES, SUSPENSION_REASONS
from hub.web.fields import Choice, Choices, Date, Email, Identifier, Phone, Text, Textarea
from hub.web.i18n import N_

KINDS = {
    "host": N_("Host administration, with desks"),
    "lender": N_("Lender"),
    "tutor": N_("Tutoring service"),
}
# Each in itself.
LANGUAGES = {"it": "Italiano", "en": "English"}
# A term may be a point's, or that of the set-up as a whole.
WHOLE = "whole"
# A refusal has a reason, and so a form of its own.
OUTCOMES = ("agreed", "withdrawn")


class AskException(msgspec.Struct, frozen=True):
    point: Annotated[str, Choice(N_("Point"))]
    reason: Annotated[
        str,
        Textarea(
            N_("Reason"),
            N_("Why it can be done without this point for now. The person who decides reads it."),
            max_length=1000,
        ),
    ]


class DecideException(msgspec.Struct, frozen=True):
    exception_id: Annotated[UUID, Identifier()]
    outcome: Annotated[str, Choice(options={name: name for name in OUTCOMES})]


class RefuseException(msgspec.Struct, frozen=True):
    exception_id: Annotated[UUID, Identifier()]
    reason: Annotated[
        str,
        Textarea(
            N_("Reason"),
            N_("Why the point has to be done. The person who asked reads it."),
            max_length=1000,
        ),
    ]


class Activate(msgspec.Struct, frozen=True):
    setup_id: Annotated[UUID, Identifier()]


class ChangeTerm(msgspec.Struct, frozen=True):
    """`point` is one, or WHOLE."""

    due_on: Annotated[date, Date(N_("New day"), future=True)]
    point: Annotated[
        str, Choice(N_("Which term"), N_("The whole set-up takes its open points along."))
    ]
    reason: Annotated[
        str,
        Textarea(
            N_("Reason"),
            N_("Only for the whole set-up: the organisation reads it in the letter."),
            max_length=1000,
        ),
    ] = ""


class Suspend(msgspec.Struct, frozen=True):
    reason: Annotated[str, Choice(N_("Reason"), options=SUSPENSION_REASONS)]
    note: Annotated[
        str,
        Textarea(
            N_("Explanation"),
            N_("The organisation's administrators read it in the letter."),
            max_length=1000,
        ),
    ] = ""


class Abandon(msgspec.Struct, frozen=True):
    setup_id: Annotated[UUID, Identifier()]
    reason: Annotated[
        str,
        Textarea(N_("Reason"), N_("The contact reads it in the letter."), max_length=1000),
    ]


class InviteAdmin(msgspec.Struct, frozen=True):
    name: Annotated[str, Text(N_("Name and surname"), max_length=120)]
    email: Annotated[str, Email(N_("E-mail address"))]


Kinds = Annotated[list[str], Choices(N_("It comes on board as"), options=KINDS)]
HostKind = Annotated[str | None, Choice(N_("Kind of administration"), options=HOST_KINDS)]
ContactName = Annotated[str, Text(N_("Name and surname"), max_length=120)]
ContactEmail = Annotated[
    str,
    Email(
        N_("E-mail address"),
        N_("The invitation as administrator and the letters about the set-up go there."),
    ),
]
ContactPhone = Annotated[str | None, Phone(N_("Telephone"))]
Language = Annotated[str, Choice(N_("Language"), options=LANGUAGES)]


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """`host_kind` has to be there where `kinds` name a host."""

    kinds: Kinds
    host_kind: HostKind = None
    contact_name: ContactName
    contact_email: ContactEmail
    contact_phone: ContactPhone = None
    locale: Language


class Enlist(msgspec.Struct, frozen=True, kw_only=True):
    """As the form goes from above to below, and with it the list of what is wrong."""

    name: Annotated[str, Text(N_("Name of the organisation"), max_length=200)]
    kinds: Kinds
    fiscal_code: Annotated[str, FiscalCode(N_("Fiscal code"), N_("11 digits."))]
    host_kind: HostKind = None
    municipality: Annotated[
        str,
        Text(
            N_("Municipality of its seat"),
            N_("For example Potenza, or Calvi (BN)."),
            max_length=120,
        ),
    ]
    municipality_code: Annotated[str | None, Text(N_("Which of them"), max_length=6)] = None
    address: Annotated[str | None, Text(N_("Address"), max_length=200)] = None
    lender_category: Annotated[
        str | None,
        Choice(N_("Category of the lender"), N_("If it is known."), options=LENDER_CATEGORIES),
    ] = None
    lender_register: Annotated[
        str | None, Text(N_("Place in the register"), N_("If it is known."), max_length=80)
    ] = None
    tutor_register: Annotated[
        str | None,
        Text(N_("Place in the national list of tutors"), N_("If it is known."), max_length=80),
    ] = None
    contact_name: ContactName
    contact_email: ContactEmail
    contact_phone: ContactPhone = None
    locale: Language
