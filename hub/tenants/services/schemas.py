"""What lenders and tutors offer: loans and tutoring, to whom, where, how much and how fast."""

from datetime import date
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from hub.web.fields import Checkbox, Choice, Choices, Date, Integer, Money, Text, Textarea
from hub.web.i18n import N_

ENTERPRISE_LOAN, SOCIAL_LOAN, TUTORING = "enterprise_loan", "social_loan", "tutoring"
KINDS = {
    ENTERPRISE_LOAN: N_("Microcredit for a business"),
    SOCIAL_LOAN: N_("Social microcredit"),
    TUTORING: N_("Tutoring"),
}
LOANS = (ENTERPRISE_LOAN, SOCIAL_LOAN)
_OF_ORGANISATION = {"lender": LOANS, "tutor": (TUTORING,)}

# Whom a service is for. None stated means everyone the law lets it serve.
BENEFICIARIES = {
    "unemployed": N_("People out of work"),
    "women": N_("Women"),
    "young": N_("Young people under 35"),
    "over_50": N_("People over 50"),
    "migrants": N_("Migrants"),
    "vulnerable": N_("People in economic or social difficulty"),
    "families": N_("Families"),
    "disabled": N_("People with disabilities"),
    "self_employed": N_("The self-employed and professionals"),
    "sole_traders": N_("Sole traders"),
    "micro_enterprises": N_("Micro-enterprises"),
    "start_ups": N_("New enterprises"),
    "cooperatives": N_("Cooperatives"),
    "social_enterprises": N_("Social enterprises and associations"),
}
MOST_CAPACITY = 100_000
LONGEST_ANSWER = 365


class Stated(msgspec.Struct, frozen=True):
    """What an organisation says of a service, without the days it is good for. `regions` are ISTAT's codes."""

    kind: str
    name: str
    regions: tuple[str, ...]
    description: str = ""
    min_amount_cents: int | None = None
    max_amount_cents: int | None = None
    beneficiaries: tuple[str, ...] = ()
    capacity: int | None = None
    answer_days: int | None = None


class Offered(NamedTuple):
    """One version of a service: what is offered from `valid_from` to `valid_to`, both included."""

    id: UUID
    service_id: UUID
    kind: str
    name: str
    description: str
    regions: tuple[str, ...]
    min_amount_cents: int | None
    max_amount_cents: int | None
    currency: str
    beneficiaries: tuple[str, ...]
    capacity: int | None
    answer_days: int | None
    valid_from: date
    valid_to: date | None
    version: int

    @property
    def stated(self) -> Stated:
        return Stated(
            self.kind,
            self.name,
            self.regions,
            self.description,
            self.min_amount_cents,
            self.max_amount_cents,
            self.beneficiaries,
            self.capacity,
            self.answer_days,
        )

    def on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def kinds_for(organisation_kinds: tuple[str, ...] | list[str]) -> list[str]:
    """The kinds of service that an organisation with these kinds may offer."""
    may = {kind for one in organisation_kinds for kind in _OF_ORGANISATION.get(one, ())}
    return [kind for kind in KINDS if kind in may]


class ServiceFields(msgspec.Struct, kw_only=True):
    """What both forms ask for; the kind, which stands first, of a new service only."""

    kind: Annotated[str, Choice(N_("Kind"), options=KINDS)] = ""
    name: Annotated[str, Text(N_("Name"), max_length=120)]
    description: Annotated[
        str,
        Textarea(
            N_("Description"),
            N_("For operators and citizens: what it is good for, and what it costs."),
            max_length=2000,
        ),
    ] = ""
    everywhere: Annotated[bool, Checkbox(N_("All of Italy"))] = False
    regions: Annotated[list[str], Choices(N_("Regions"))] = []
    min_amount: Annotated[int | None, Money(N_("Smallest amount"), minimum=1_00)] = None
    max_amount: Annotated[int | None, Money(N_("Largest amount"), minimum=1_00)] = None
    beneficiaries: Annotated[
        list[str],
        Choices(
            N_("Who it is for"),
            N_("Tick none if it is open to everyone whom the law lets you serve."),
            options=BENEFICIARIES,
        ),
    ] = []
    capacity: Annotated[
        int | None,
        Integer(
            N_("Capacity"),
            N_("New cases a month that you can take. Empty: no limit stated."),
            minimum=1,
            maximum=MOST_CAPACITY,
        ),
    ] = None
    answer_days: Annotated[
        int,
        Integer(
            N_("Answer time promised"),
            N_("In working days from the moment a case reaches you."),
            minimum=1,
            maximum=LONGEST_ANSWER,
        ),
    ]
    valid_from: Annotated[date, Date(N_("Offered from"), future=True)]


class NewService(ServiceFields, kw_only=True):
    kind: Annotated[str, Choice(N_("Kind"))]
    valid_to: Annotated[
        date | None,
        Date(N_("Until"), N_("The last day. Empty: until you end it."), future=True),
    ] = None


class ChangeService(ServiceFields, kw_only=True):
    """`version` is the service's when the form was opened."""

    version: Annotated[int, Integer()]


class EndService(msgspec.Struct, kw_only=True):
    """Without a last day it goes on: an end that was planned is taken back."""

    last_day: Annotated[date | None, Date(N_("Last day"), future=True)] = None
    version: Annotated[int, Integer()]


class WithdrawVersion(msgspec.Struct):
    version_id: Annotated[UUID, Text()]
    version: Annotated[int, Integer()]
