"""What the desk's forms ask for."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from hub.referrals.labels import CASE_STATES, CHANNELS, KINDS, MILESTONES, TOPICS
from hub.web.fields import (
    Checkbox,
    Choice,
    Choices,
    CodiceFiscale,
    Date,
    Email,
    Identifier,
    Integer,
    Money,
    Phone,
    Text,
    Textarea,
)
from hub.web.i18n import N_

# Above any microcredit the law has known; what a lender gives is for its services to say.
MOST_CENTS = 1_000_000_00


class FilterCases(msgspec.Struct):
    state: Annotated[str | None, Choice(N_("State"), options=CASE_STATES)] = None
    milestone: Annotated[str | None, Choice(N_("Furthest milestone"), options=MILESTONES)] = None
    desk: Annotated[UUID | None, Choice(N_("Desk"))] = None


class FindCase(msgspec.Struct):
    sought: Annotated[
        str,
        Text(
            N_("Find a citizen or a case"),
            N_("The beginning of the family name, a codice fiscale, or a case number."),
            max_length=120,
        ),
    ]


DeskChoice = Annotated[UUID, Choice(N_("Desk"))]
KindChoice = Annotated[str, Choice(N_("Kind of loan"), options=KINDS)]
Amount = Annotated[int, Money(N_("Amount needed"), minimum=100, maximum=MOST_CENTS)]
Purpose = Annotated[
    str,
    Textarea(
        N_("What the loan is for"),
        N_("In a sentence or two, as a lender should read it."),
        max_length=1000,
    ),
]
RegionChoice = Annotated[str, Choice(N_("Region of the activity"))]


class OpenCaseFor(msgspec.Struct, kw_only=True):
    """A case of a citizen who is known."""

    desk_id: DeskChoice
    kind: KindChoice
    amount: Amount
    region_code: RegionChoice
    purpose: Purpose


class OpenCase(msgspec.Struct, kw_only=True):
    """A case together with its citizen, in the order in which a person is asked."""

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
    desk_id: DeskChoice
    kind: KindChoice
    amount: Amount
    region_code: RegionChoice
    purpose: Purpose


class RecordConsultation(msgspec.Struct):
    held_on: Annotated[date, Date(N_("Date"), past=True)]
    channel: Annotated[str, Choice(N_("How"), options=CHANNELS)]
    minutes: Annotated[int | None, Integer(N_("Minutes"), minimum=1, maximum=600)] = None
    topics: Annotated[list[str], Choices(N_("Topics"), options=TOPICS)] = []
    notes: Annotated[
        str,
        Textarea(N_("Notes"), N_("Only your organisation reads them. They are never passed on.")),
    ] = ""


class RecordMilestone(msgspec.Struct):
    kind: Annotated[
        str,
        Choice(
            N_("What happened"),
            options={name: MILESTONES[name] for name in ("approved", "disbursed", "closed")},
        ),
    ]
    reached_on: Annotated[
        date,
        Date(N_("On"), N_("The day on which it happened, as reported to you."), past=True),
    ]
