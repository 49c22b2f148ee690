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
