"""What the pages about people ask for."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from hub.tenants.accounts.passwords import LONGEST, SHORTEST
from hub.tenants.people.schemas import ROLES, SUPPORT_HOURS
from hub.web.fields import Checkbox, Choice, Choices, Date, Email, Password, Text
from hub.web.i18n import N_

_LIMITED = N_("Only some desks")
_LIMITED_HELP = N_("Without this tick the person works at all desks, also at those to come.")
_DESKS = N_("Which desks")
_DESKS_HELP = N_("With the tick above and no desk chosen, the person sees no desk at all.")


class InvitePerson(msgspec.Struct, kw_only=True):
    email: Annotated[
        str,
        Email(
            N_("E-mail address"),
            N_("The person's own at work. Only who reads this mailbox can accept."),
        ),
    ]
    name: Annotated[str, Text(N_("Given name and family name"), max_length=120)] = ""
    role: Annotated[str, Choice(N_("Role"))]
    limited: Annotated[bool, Checkbox(_LIMITED, _LIMITED_HELP)] = False
    desk_ids: Annotated[list[UUID], Choices(_DESKS)] = []
    until: Annotated[
        date | None,
        Date(
            N_("Last day"),
            N_("For a substitute: from the next day on the person is no longer a member."),
            future=True,
        ),
    ] = None


class ChangeRole(msgspec.Struct):
    role: Annotated[str, Choice(N_("Role"))]


class LimitToDesks(msgspec.Struct, kw_only=True):
    limited: Annotated[bool, Checkbox(_LIMITED, _LIMITED_HELP)] = False
    desk_ids: Annotated[list[UUID], Choices(_DESKS, _DESKS_HELP)] = []


class SetEnd(msgspec.Struct, kw_only=True):
    until: Annotated[
        date | None,
        Date(N_("Last day"), N_("Empty: the membership has no end."), future=True),
    ] = None


@dataclass(frozen=True)
class Certificate(Text):
    missing: ClassVar[str] = N_("Choose the file of the certificate: a training counts with it.")


class RecordTraining(msgspec.Struct, kw_only=True):
    course: Annotated[
        str,
        Text(
            N_("Training course"), N_("As the certificate calls it."), max_length=200, min_length=3
        ),
    ]
    completed_on: Annotated[date, Date(N_("Completed on"), past=True)]
    file: Annotated[
        str,
        Certificate(N_("Certificate"), N_("A PDF file, at most 10 MB."), max_length=400),
    ]


@dataclass(frozen=True)
class Taker(Choice):
    missing: ClassVar[str] = N_("There is open work: choose who takes it over.")


class Leave(msgspec.Struct):
    """Where nothing is open there is nothing to ask."""


class HandOver(msgspec.Struct):
    taker: Annotated[
        UUID,
        Taker(
            N_("Who takes it over"),
            N_("All of it goes to the same colleague, who can see the desks it lies at."),
        ),
    ]


class GrantSupport(msgspec.Struct, kw_only=True):
    email: Annotated[
        str,
        Email(
            N_("E-mail address of the person at the Ente"),
            N_(
                "As they spell it on the phone. Only a person who works at the Ente can accept, and only under this"
                " address: with any other you would wait for nothing."
            ),
        ),
    ]
    hours: Annotated[str, Choice(N_("For how long"), options=SUPPORT_HOURS)]


class JoinAsNew(msgspec.Struct, kw_only=True):
    code: Annotated[
        str,
        Text(N_("Code from the mail"), N_("Six digits, good for 15 minutes."), max_length=20),
    ]
    name: Annotated[
        str,
        Text(N_("Given name and family name"), N_("As your colleagues know you."), max_length=120),
    ]
    password: Annotated[
        str,
        Password(
            N_("Choose a password"),
            N_("At least 12 characters. A short sentence is easy to remember."),
            max_length=LONGEST,
            min_length=SHORTEST,
        ),
    ]
    repeated: Annotated[str, Password(N_("The password, once more"))]


def roles_for(kinds: tuple[str, ...]) -> dict[str, str]:
    """Who edits newsletters is at the Ente."""
    return {
        code: label for code, label in ROLES.items() if code != "editor" or "coordinator" in kinds
    }
