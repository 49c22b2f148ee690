"""What those who select see: the call in short, evaluations, readiness, the ranking, and the words for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from hub.tenants.calls.schemas import CallState
from hub.web.fields import Choice, Date, Identifier, Integer, Textarea
from hub.web.i18n import N_

Outcome = Literal["admitted", "reserve", "excluded"]

# Recusals that the hub made itself are told apart from an evaluator's words by the colon.
OWN_ADMINISTRATION = ":own_administration"
REMOVED = ":removed"
RECUSED_BY_THE_HUB = {
    OWN_ADMINISTRATION: N_("Belongs to the administration that applies"),
    REMOVED: N_("No longer an evaluator of this call"),
}
OUTCOMES = {
    "admitted": N_("Admitted"),
    "reserve": N_("Reserve"),
    "excluded": N_("Excluded"),
    "withdrawn": N_("Withdrawn"),
}
# By whom an application can be excluded: `below_minimum` is the ranking's own reason.
FORMAL_REASONS = (
    "not_eligible",
    "region",
    "incomplete",
    "not_evaluated",
    "false_declaration",
    "other",
)

# The codes of an organisation, by membership: those of every administration to which that person belongs.
Administrations = Mapping[UUID, frozenset[str]]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A call as far as selecting among its applications goes."""

    id: UUID
    tenant_id: UUID
    slug: str
    title: str
    state: CallState
    regions: tuple[str, ...]
    minimum_points: int
    difference_limit: int
    closes_at: datetime | None
    decided_at: datetime | None


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """An application in the Ente's list. `score` only once every evaluation of it is in."""

    id: UUID
    state: str
    protocol_year: int
    protocol_number: int
    submitted_at: datetime
    organisation_name: str
    host_kind: str
    fiscal_code: str
    ipa_code: str | None
    municipality: str | None
    province: str | None
    region: str
    desks: int
    evaluations: int
    wanted: int
    completion_open: bool
    score: Decimal | None
    excluded_reason: str | None

    @property
    def protocol(self) -> str:
        return protocol(self.protocol_number, self.protocol_year)


class Evaluator(msgspec.Struct, frozen=True, kw_only=True):
    """How far one of a call's evaluators is. `waiting` are the evaluations still to be given."""

    id: UUID
    membership_id: UUID
    name: str
    active: bool
    removed_at: datetime | None
    reminded_at: datetime | None
    waiting: int
    given: int
    recused: int

    @property
    def total(self) -> int:
        return self.waiting + self.given


class EvaluatorOf(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who evaluates an application. `total` and `note` only once nobody can be swayed by them."""

    name: str
    state: Literal["assigned", "recused", "submitted"]
    submitted_at: datetime | None
    recused_reason: str | None
    total: Decimal | None
    note: str


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of my evaluations in the list."""

    id: UUID
    call_id: UUID
    call_title: str
    protocol_year: int
    protocol_number: int
    organisation_name: str
    region: str
    state: str
    declared_at: datetime | None
    started: bool
    total: Decimal | None

    @property
    def protocol(self) -> str:
        return protocol(self.protocol_number, self.protocol_year)


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """`draft` has points by criterion id, as text; `codes` are the applicant's."""

    id: UUID
    call_id: UUID
    application_id: UUID
    membership_id: UUID
    ordinal: int
    state: Literal["assigned", "recused", "submitted"]
    declared_at: datetime | None
    recused_reason: str | None
    draft: dict[str, int]
    note: str
    total: Decimal | None
    submitted_at: datetime | None
    version: int
    application_state: str
    call_state: str
    fiscal_code: str
    ipa_code: str | None

    @property
    def codes(self) -> frozenset[str]:
        return codes_of(self.fiscal_code, self.ipa_code)

    @property
    def is_open(self) -> bool:
        """Whether points may still be given."""
        return (
            self.state == "assigned"
            and self.application_state == "submitted"
            and self.call_state == "evaluating"
        )


@dataclass(frozen=True, slots=True)
class Lacking:
    """An application that wants more evaluators: `seen` are all who ever had it, `ordinals` the places taken."""

    application_id: UUID
    codes: frozenset[str]
    seen: frozenset[UUID]
    ordinals: frozenset[int]
    third: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """What stands between the evaluations and a ranking; all zero means nothing."""

    applications: int
    waiting: int
    """Evaluations that were assigned and are not given yet."""
    unassigned: int
    """Evaluations for which nobody could be found."""
    completions: int
    """Requests for completion whose term still runs."""

    @property
    def ready(self) -> bool:
        return not (self.waiting or self.unassigned or self.completions)


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    call_id: UUID
    number: int
    state: Literal["proposed", "approved", "rejected"]
    proposed_at: datetime
    proposed_by: UUID
    decided_at: datetime | None
    decided_by: UUID | None
    decision_note: str
    content_hash: bytes | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ranking, and how the application stands by now."""

    application_id: UUID
    protocol_year: int
    protocol_number: int
    organisation_name: str
    municipality: str | None
    province: str | None
    region_code: str
    region: str
    position: int | None
    score: Decimal | None
    outcome: Outcome
    reason: str | None
    state: str
    replaces_year: int | None
    replaces_number: int | None
    moved_up_at: datetime | None

    @property
    def protocol(self) -> str:
        return protocol(self.protocol_number, self.protocol_year)

    @property
    def replaces(self) -> str | None:
        """The protocol number of the one in whose place it was admitted."""
        if self.replaces_number is None or self.replaces_year is None:
            return None
        return protocol(self.replaces_number, self.replaces_year)

    @property
    def now(self) -> str:
        """What it is by now: a withdrawal, or a place that became free, may have changed it."""
        return self.state if self.state in ("withdrawn", "admitted") else self.outcome


class RegionTally(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a region came out how; `places` is None where the call gives it none."""

    code: str
    name: str
    places: int | None
    admitted: int
    reserve: int
    excluded: int


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done: by a colleague, or by an applicant or the hub itself where `by` is None.

    `about` is the name of the evaluator it was done to; the protocol number that of the application.
    """

    at: datetime
    action: str
    kind: str
    codes: dict[str, Any]
    by: str | None
    about: str | None
    protocol_year: int | None
    protocol_number: int | None

    @property
    def protocol(self) -> str | None:
        if self.protocol_number is None or self.protocol_year is None:
            return None
        return protocol(self.protocol_number, self.protocol_year)


class FilterApplications(msgspec.Struct):
    state: Annotated[
        str,
        Choice(
            N_("State"),
            options={
                "submitted": N_("Submitted"),
                "admitted": N_("Admitted"),
                "reserve": N_("Reserve"),
                "excluded": N_("Excluded"),
                "withdrawn": N_("Withdrawn"),
            },
        ),
    ] = ""
    region: Annotated[str, Choice(N_("Region"))] = ""


class AskCompletion(msgspec.Struct):
    request: Annotated[
        str,
        Textarea(
            N_("What is missing"),
            help=N_("The applicant reads these words in the mail and on the application's page."),
            min_length=10,
        ),
    ]
    due_on: Annotated[
        Any, Date(N_("To be completed by"), help=N_("Until the end of that day."), future=True)
    ]
    version: Annotated[int, Integer()]


class ExcludeApplication(msgspec.Struct):
    reason: Annotated[str, Choice(N_("Reason"))]
    note: Annotated[
        str,
        Textarea(
            N_("In words"),
            help=N_(
                "The applicant reads these words. The published ranking shows the reason only."
            ),
            min_length=10,
            max_length=2000,
        ),
    ]
    version: Annotated[int, Integer()]


class ReadmitApplication(msgspec.Struct):
    version: Annotated[int, Integer()]


class NameEvaluator(msgspec.Struct):
    membership_id: Annotated[UUID, Choice(N_("Member of the Ente"))]


class Recuse(msgspec.Struct):
    reason: Annotated[
        str,
        Textarea(
            N_("Why you do not evaluate it"),
            help=N_("The Ente's administrators read it, and it stands in the minutes."),
            min_length=5,
            max_length=1000,
        ),
    ]


class RejectRanking(msgspec.Struct):
    ranking_id: Annotated[UUID, Identifier()]
    note: Annotated[
        str,
        Textarea(
            N_("What has to be looked at again"),
            help=N_("It stands in the minutes."),
            min_length=5,
            max_length=2000,
        ),
    ]


class ApproveRanking(msgspec.Struct):
    ranking_id: Annotated[UUID, Identifier()]


def protocol(number: int, year: int) -> str:
    return f"{number:07d}/{year}"


def codes_of(*codes: str | None) -> frozenset[str]:
    """Codes of an organisation, comparable: written in capitals, without spaces, without the empty ones."""
    written = ("".join(code.split()).upper() for code in codes if code)
    return frozenset(code for code in written if code)
