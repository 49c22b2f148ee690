"""What the forms around a case ask for: filtering, finding, opening."""

from typing import Annotated
from uuid import UUID

import msgspec

from hub.referrals.citizens.schemas import DescribeCitizen
from hub.referrals.labels import CASE_STATES, KINDS, MILESTONES
from hub.web.fields import Checkbox, Choice, Money, Text, Textarea
from hub.web.i18n import N_

# Above any microcredit the law has known; what a lender gives is for its services to say.
MOST_CENTS = 1_000_000_00


# In place of a state: the list of test cases, which are in no other.
TEST = "test"


class FilterCases(msgspec.Struct):
    state: Annotated[
        str | None, Choice(N_("State"), options={**CASE_STATES, TEST: N_("Test cases")})
    ] = None
    milestone: Annotated[str | None, Choice(N_("Furthest milestone"), options=MILESTONES)] = None
    desk: Annotated[UUID | None, Choice(N_("Desk"))] = None
    mine: Annotated[bool, Checkbox(N_("Only those in my charge"))] = False


class AssignCase(msgspec.Struct):
    taker: Annotated[UUID, Choice(N_("Who takes it on"))]


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


class OpenCase(DescribeCitizen, kw_only=True):
    """A case together with its citizen."""

    desk_id: DeskChoice
    kind: KindChoice
    amount: Amount
    region_code: RegionChoice
    purpose: Purpose
