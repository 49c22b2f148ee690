"""What the desk tells of calls, their applications and evaluators, and of the provinces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import msgspec

from hub.api.parameters import Cursor
from hub.tenants.calls.schemas import CallState
from hub.tenants.calls.selection.schemas import protocol
from hub.web.i18n import N_

Reach = Literal["desk", "admitted", "pending", "none"]

# How far the network reaches in a province, from most to least; the first that applies is told.
REACHES: dict[Reach, str] = {
    "desk": N_("With an open desk"),
    "admitted": N_("With an admitted administration"),
    "pending": N_("With an application under way or in reserve"),
    "none": N_("Without any"),
}


class DeskCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call with what waits in it. `proposed_by` is who proposed a ranking that is not decided yet."""

    id: UUID
    slug: str
    title: str
    state: CallState
    regions: tuple[str, ...]
    quotas: dict[str, int]
    opens_at: datetime | None
    closes_at: datetime | None
    evaluating_at: datetime | None
    decided_at: datetime | None
    questions: int
    proposed_by: UUID | None


class Tally(NamedTuple):
    """Applications of a call by state and region; a draft has no region yet."""

    call_id: UUID
    state: str
    region_code: str | None
    number: int


class Progress(NamedTuple):
    """How far one evaluator of a call is; `overdue` are those of the open ones that wait for too long."""

    call_id: UUID
    membership_id: UUID
    name: str
    given: int
    open: int
    overdue: int

    @property
    def total(self) -> int:
        return self.given + self.open


class OpenRequest(NamedTuple):
    """A request for completion that is not answered."""

    call_id: UUID
    application_id: UUID
    protocol_year: int
    protocol_number: int
    organisation_name: str
    due_at: datetime

    @property
    def protocol(self) -> str:
        return protocol(self.protocol_number, self.protocol_year)


class Province(NamedTuple):
    """`latitude` and `longitude` are the middle of its municipalities."""

    code: str
    name: str
    region_code: str
    region: str
    latitude: float
    longitude: float
    desks: int
    admitted: int
    pending: int

    @property
    def reach(self) -> Reach:
        if self.desks:
            return "desk"
        return "admitted" if self.admitted else "pending" if self.pending else "none"


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region's applications by state; `places` is None where the call gives it none."""

    name: str
    places: int | None
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def standing(self) -> int:
        """Those that were not withdrawn."""
        return self.total - self.counts.get("withdrawn", 0)


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that somebody with the reader's role should do next."""

    text: str
    url: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a call: `received` are applications in the running, `unassigned` those that lack an evaluator."""

    evaluators: Sequence[Progress]
    requests: Sequence[OpenRequest]
    unassigned: int
    received: int


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as the desk shows it. `states` are those that occur, in their order."""

    call: DeskCall
    states: Sequence[str]
    by_region: Sequence[RegionRow]
    by_state: Mapping[str, int]
    waiting: Waiting
    todos: Sequence[Todo]


class ListDecided(msgspec.Struct):
    """`after` is the last call of the page before."""

    after: Annotated[UUID | None, Cursor()] = None
