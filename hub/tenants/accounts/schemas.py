"""What the account forms ask for."""

from typing import Annotated
from uuid import UUID

import msgspec

from hub.tenants.accounts.passwords import LONGEST, SHORTEST
from hub.web.fields import Choice, Email, Password, Text
from hub.web.i18n import N_


class SignIn(msgspec.Struct):
    email: Annotated[str, Email(N_("E-mail address"))]
    password: Annotated[str, Password(N_("Password"))]
    next: Annotated[str, Text(max_length=2000)] = "/"


class ChooseOrganisation(msgspec.Struct):
    membership_id: Annotated[UUID, Choice(N_("Organisation"))]
    next: Annotated[str, Text(max_length=2000)] = "/"


class AskForLink(msgspec.Struct):
    email: Annotated[str, Email(N_("E-mail address"))]


class NewPassword(msgspec.Struct):
    password: Annotated[
        str,
        Password(
            N_("New password"),
            N_("At least 12 characters. A short sentence is easy to remember."),
            max_length=LONGEST,
            min_length=SHORTEST,
        ),
    ]
    repeated: Annotated[str, Password(N_("New password, once more"))]


class GiveCode(msgspec.Struct):
    """Of the app, or, on the page for it, a recovery code."""

    code: Annotated[str, Text(N_("Code"), max_length=40)]
    next: Annotated[str, Text(max_length=2000)] = "/"


class OwnPassword(msgspec.Struct):
    password: Annotated[str, Password(N_("Your password"))]
    next: Annotated[str, Text(max_length=2000)] = "/"


class FirstCode(msgspec.Struct):
    """`proposal` is the sealed secret whose code this is."""

    code: Annotated[
        str, Text(N_("Code"), N_("The six digits that the app shows now."), max_length=20)
    ]
    proposal: Annotated[str, Text(max_length=400)]
    next: Annotated[str, Text(max_length=2000)] = "/"


class PresentCode(msgspec.Struct):
    code: Annotated[
        str,
        Text(
            N_("Code"),
            N_("The six digits that the app shows now, or a recovery code."),
            max_length=40,
        ),
    ]


class PasswordAndCode(msgspec.Struct):
    password: Annotated[str, Password(N_("Your password"))]
    code: Annotated[
        str,
        Text(
            N_("Code"),
            N_("The six digits that the app shows now, or a recovery code."),
            max_length=40,
        ),
    ]


class ChangePassword(msgspec.Struct):
    old: Annotated[str, Password(N_("Password until now"))]
    password: Annotated[
        str,
        Password(
            N_("New password"),
            N_("At least 12 characters. A short sentence is easy to remember."),
            max_length=LONGEST,
            min_length=SHORTEST,
        ),
    ]
    repeated: Annotated[str, Password(N_("New password, once more"))]


class Details(msgspec.Struct):
    name: Annotated[str, Text(N_("Name"), N_("As your colleagues read it."), max_length=120)]
    locale: Annotated[
        str,
        Choice(
            N_("Language"),
            N_("For the mail that you get, and for pages where no other was chosen."),
            options={"it": "Italiano", "en": "English"},
        ),
    ]
