"""What each step of an application asks."""

from functools import cache
from typing import Annotated, Any

import msgspec

from hub.tenants.calls.applications.codes import FiscalCode, IpaCode
from hub.tenants.calls.applications.schemas import DECLARATIONS, LEGAL_BASES
from hub.tenants.calls.schemas import HOST_KINDS
from hub.web.fields import Checkbox, Choice, Choices, Email, Integer, Phone, Text, Textarea
from hub.web.i18n import N_

MOST_DESKS = 20

# Chambers of commerce, municipalities and universities mediate work under art. 6; a province's job centres by their
# own law, which another administration may do too.
BASES_OF_KIND = {
    "municipality": ("art_6",),
    "province": ("public_employment_service",),
    "chamber": ("art_6",),
    "university": ("art_6",),
    "other": ("art_6", "public_employment_service"),
}


class AskForLink(msgspec.Struct):
    email: Annotated[
        str,
        Email(
            N_("E-mail address"),
            N_("An address that your office will still read when the ranking is published."),
        ),
    ]


class DescribeOrganisation(msgspec.Struct, kw_only=True):
    name: Annotated[str, Text(N_("Name of the administration"), max_length=200)]
    kind: Annotated[str, Choice(N_("Kind of administration"), options=HOST_KINDS)]
    fiscal_code: Annotated[
        str,
        FiscalCode(
            N_("Fiscal code of the administration"), N_("11 digits; not the code of a person.")
        ),
    ]
    ipa_code: Annotated[
        str, IpaCode(N_("IPA code"), N_("As indicepa.gov.it shows it, such as c_f839."))
    ]
    municipality: Annotated[
        str, Text(N_("Municipality of its seat"), N_("Begin to type its name."), max_length=120)
    ]
    municipality_code: Annotated[str | None, Text(N_("Which of them"), max_length=6)] = None
    """Chosen among namesakes, where the name alone does not say which; or found by the name."""
    address: Annotated[
        str, Text(N_("Address"), N_("Street and number, with the postcode."), max_length=200)
    ]
    legal_basis: Annotated[str, Choice(N_("On which ground it mediates work"), options=LEGAL_BASES)]


class DescribeDesk(msgspec.Struct, kw_only=True):
    """One proposed desk; a step asks for several, see `desks`."""

    name: Annotated[
        str, Text(N_("Name of the desk"), N_("As citizens will know it."), max_length=120)
    ]
    municipality: Annotated[
        str, Text(N_("Municipality"), N_("Begin to type its name."), max_length=120)
    ]
    municipality_code: Annotated[str | None, Text(N_("Which of them"), max_length=6)] = None
    address: Annotated[str, Text(N_("Address"), max_length=200)]
    opening_hours: Annotated[
        str,
        Textarea(
            N_("Opening hours"), N_("For example: Monday to Friday, 9 to 13."), max_length=500
        ),
    ]
    staff: Annotated[int, Integer(N_("Operators"), N_("How many people will work there."), 1, 99)]


class GiveContacts(msgspec.Struct, kw_only=True):
    person_name: Annotated[
        str, Text(N_("Given name and family name"), N_("Whom we may ask."), max_length=120)
    ]
    person_role: Annotated[str, Text(N_("Role in the administration"), max_length=120)]
    phone: Annotated[str, Phone(N_("Telephone"))]
    email: Annotated[str, Email(N_("E-mail address"))]
    certified_email: Annotated[
        str | None, Email(N_("Certified e-mail address (PEC) of the administration"))
    ] = None


class Declare(msgspec.Struct, kw_only=True):
    declarations: Annotated[
        list[str],
        Choices(N_("The administration declares that"), options=DECLARATIONS),
    ]


class Withdraw(msgspec.Struct, kw_only=True):
    reason: Annotated[
        str | None,
        Textarea(N_("Reason"), N_("It helps us, but need not be given."), max_length=1000),
    ] = None
    sure: Annotated[
        bool, Checkbox(N_("I am sure: the application is to be withdrawn."), required=True)
    ]


class AnswerRequest(msgspec.Struct, kw_only=True):
    answer: Annotated[
        str, Textarea(N_("Your answer"), N_("Name the files that you added."), max_length=4000)
    ]


@cache
def desks(count: int) -> type[msgspec.Struct]:
    """The fields of so many desks in one form: `name_1` … `staff_3`."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for number in range(1, count + 1):
        for info in msgspec.structs.fields(DescribeDesk):
            name = f"{info.name}_{number}"
            fields.append((name, info.type) if info.required else (name, info.type, info.default))
    return msgspec.defstruct(f"Describe{count}Desks", fields, kw_only=True)
