"""What the Ente sees of its network: figures, who is coming on board and what blocks them, who has fallen silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from hub.api.parameters import Cursor
from hub.tenants.calls.desk.drawing import Coverage
from hub.tenants.calls.desk.schemas import Province
from hub.web.fields import Choice, Text
from hub.web.i18n import N_

# A desk without a conversation for so long is silent.
SILENT_DAYS = 60
# Protocols that end within so many days are near their end.
NEAR_DAYS = 90

KINDS = {
    "host": N_("host administration"),
    "lender": N_("lender"),
    "tutor": N_("tutoring service"),
    "coordinator": N_("the Ente"),
}
STATES = {
    "setup": N_("Being set up"),
    "active": N_("Active"),
    "undone": N_("Active, but not in order"),
    "suspended": N_("Suspended"),
    "waiting": N_("Applied"),
    "closed": N_("Closed"),
}
TONES = {
    "setup": "info",
    "active": "success",
    "undone": "warning",
    "suspended": "danger",
    "waiting": "neutral",
    "closed": "neutral",
}
# How far the network reaches in a province; the codes are those that the map of coverage draws.
REACHES = {
    "desk": N_("With an open desk"),
    "admitted": N_("With a desk that is being set up"),
    "none": N_("Without a desk"),
}


# What an organisation may want of the Ente's people, as the board's to-do list has it.
NEEDS = {
    "overdue": N_("Past the term"),
    "exception": N_("An exception to decide"),
    "ready": N_("Can be activated"),
    "desk": N_("A desk to open"),
    "further": N_("Further desks being set up"),
}


class FilterOrganisations(msgspec.Struct):
    """`after` is the last organisation of the page before."""

    q: Annotated[str, Text(N_("Name"), max_length=80)] = ""
    state: Annotated[str, Choice(N_("State"), options=STATES)] = ""
    kind: Annotated[
        str, Choice(N_("Kind"), options={k: v for k, v in KINDS.items() if k != "coordinator"})
    ] = ""
    region: Annotated[str, Choice(N_("Region"))] = ""
    need: Annotated[str, Choice(N_("To do"), options=NEEDS)] = ""
    after: Annotated[UUID | None, Cursor()] = None


class Narrow(NamedTuple):
    """Which organisations are listed. `typed` is folded, so that nothing in it is a wildcard.

    `need` is one of NEEDS: an exception is for somebody else to decide than who asked, so for `membership_id` or not.
    """

    typed: str
    kind: str | None
    region_code: str | None
    need: str | None
    today: date
    membership_id: UUID


class Behind(msgspec.Struct):
    """A list that goes on behind a row."""

    after: Annotated[UUID | None, Cursor()] = None


class Figures(NamedTuple):
    desks: int
    desks_in_setup: int
    further_desks: int
    hosts: int
    lenders: int
    tutors: int
    setups: int
    ready: int
    overdue: int
    undone: int
    silent: int


class Waiting(NamedTuple):
    """What waits for the Ente's people: `exceptions` for somebody else than who reads.

    `desks` are further ones, of active hosts that have asked for their opening.
    """

    to_check: int
    exceptions: int
    ending: int
    desks: int


class Blocked(NamedTuple):
    """An open point of a set-up; `days` since it has been open. `exception` is "asked" or "agreed", if there is one."""

    code: str
    days: int
    due_on: date
    overdue: bool
    exception: str | None

    @property
    def excepted(self) -> bool:
        return self.exception == "agreed"


class RunningSetup(NamedTuple):
    organisation_id: UUID
    name: str
    kinds: tuple[str, ...]
    place: str | None
    region: str | None
    started_at: datetime
    due_on: date
    done: int
    points: int
    blocked: tuple[Blocked, ...]

    @property
    def is_ready(self) -> bool:
        return all(one.excepted for one in self.blocked)


class FurtherDesk(NamedTuple):
    """One that an active organisation adds, outside every set-up; `days` since it was entered.

    `missing` is what its entry still lacks, as msgids; `asked`: the organisation has asked for its opening.
    """

    id: UUID
    name: str
    organisation_id: UUID
    organisation: str
    place: str
    asked: bool
    days: int | None
    missing: tuple[str, ...]


class SilentDesk(NamedTuple):
    """`last_on` is null where no consultation was ever recorded; then `opened_on` counts."""

    id: UUID
    name: str
    organisation_id: UUID
    organisation: str
    region: str
    opened_on: date | None
    last_on: date | None
    days: int


class EndingProtocol(NamedTuple):
    """`renewing`: the one that is to take its place is drawn up, and not signed yet."""

    id: UUID
    organisation_id: UUID
    organisation: str
    expires_on: date
    renewing: bool


class ListedOrganisation(NamedTuple):
    """`blocked`: the open points of its set-up, or those that came undone since. `waiting` desks are to be opened.

    `coming` are those of its kinds that are not in force yet: of an organisation at work that is set up for more.
    """

    id: UUID
    name: str
    kinds: tuple[str, ...]
    coming: tuple[str, ...]
    state: str
    place: str | None
    region: str | None
    desks: int
    waiting: int
    due_on: date | None
    blocked: tuple[Blocked, ...]

    @property
    def blocking(self) -> int:
        return sum(not point.excepted for point in self.blocked)


class Entry(NamedTuple):
    """A line of an audit log. `by` is a colleague's name; `from_outside`: somebody who is none, such as the Ente's."""

    id: UUID
    at: datetime
    action: str
    subject_kind: str
    subject_id: UUID | None
    codes: Mapping[str, object]
    by: str | None
    support: bool
    from_outside: bool


@dataclass(frozen=True, slots=True)
class Board:
    figures: Figures
    waiting: Waiting
    setups: list[RunningSetup]
    further: list[FurtherDesk]
    activations: list[tuple[date, int]]
    """The first day of each of the last twelve months, and how many desks opened in it."""
    last_opened_on: date | None
    provinces: list[Province]
    coverage: Coverage
    silent: list[SilentDesk]
    ending: list[EndingProtocol]
