"""What a desk asks of a citizen it does not know yet."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from hub.web.fields import Checkbox, CodiceFiscale, Date, Email, Identifier, Phone, Text
from hub.web.i18n import N_


class DescribeCitizen(msgspec.Struct, kw_only=True):
    """In the order in which a person is asked."""

    codice_fiscale: Annotated[str | None, CodiceFiscale(N_("Codice fiscale"))] = None
    family_name: Annotated[str, Text(N_("Family name"), max_length=80)]
    given_name: Annotated[str, Text(N_("Given name"), max_length=80)]
    birth_date: Annotated[
        date | None,
        Date(
            N_("Date of birth"),
            N_("With a codice fiscale you can leave it empty: it is read from there."),
            past=True,
        ),
    ] = None
    phone: Annotated[str | None, Phone(N_("Telephone"))] = None
    email: Annotated[str | None, Email(N_("E-mail address"))] = None
    municipality: Annotated[
        str | None,
        Text(N_("Municipality of residence"), N_("Begin to type its name."), max_length=120),
    ] = None
    municipality_code: Annotated[str | None, Text(N_("Which of them"), max_length=6)] = None
    """Chosen among namesakes, where the name alone does not say which."""
    citizen_id: Annotated[UUID | None, Identifier()] = None
    """The person was recognised among the known citizens."""
    another_person: Annotated[bool, Checkbox()] = False
    """The person is none of the known citizens of that name."""
