"""An import as its page shows it, and the parts in which a kind describes itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from hub.db import NetworkScope
from hub.tenants.exchange.cells import Column
from hub.tenants.exchange.places import Places
from hub.web import i18n
from hub.web.i18n import N_

Fate = Literal["create", "update", "unchanged", "error"]
KINDS = {
    "hosts": N_("Hosts"),
    "desks": N_("Desks"),
    "operators": N_("Operators"),
    "services": N_("Services offered"),
}
STATES = {
    "reading": N_("Being read"),
    "ready": N_("Ready to be looked at"),
    "applying": N_("Being applied"),
    "done": N_("Applied to the network"),
    "failed": N_("Failed"),
    "discarded": N_("Discarded"),
}
# As `Import.standing` has it: of what is ready, also what cannot be applied.
STANDINGS = STATES | {"faulty": N_("With errors"), "nothing": N_("Nothing to apply")}
FATES = {
    "error": N_("With errors"),
    "create": N_("New rows"),
    "update": N_("Changed rows"),
    "unchanged": N_("Unchanged rows"),
}

Record = dict[str, Any]


class Row(NamedTuple):
    """A line of the file: texts by column, and which cells cannot be read as they are (column, code)."""

    position: int
    cells: dict[str, str]
    marks: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Judged:
    """What would become of a row. `record` is what would be written, `present` what is there."""

    position: int
    cells: dict[str, str]
    key: str
    errors: list[tuple[str, str]] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    """(column, before, after), as the file would hold them."""
    target_id: UUID | None = None
    record: Record = field(default_factory=dict)
    present: Record = field(default_factory=dict)

    @property
    def fate(self) -> Fate:
        if self.errors:
            return "error"
        if self.target_id is None:
            return "create"
        return "update" if self.changes else "unchanged"

    @property
    def fields(self) -> str:
        """The columns that change, for a log: what they held and hold is not said."""
        return ",".join(column for column, _before, _after in self.changes)


class Organisation(NamedTuple):
    """`reference` is what a file calls it by."""

    id: UUID
    name: str
    kinds: tuple[str, ...]
    state: str
    fiscal_code: str | None
    ipa_code: str | None
    locale: str

    @property
    def reference(self) -> str:
        return self.fiscal_code or self.ipa_code or str(self.id)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row whose cells were read. `values` has the columns of the file; None where a cell is empty."""

    row: Row
    values: dict[str, Any]
    errors: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Who:
    """Who applies an import, and for which Ente."""

    coordinator_id: UUID
    account_id: UUID
    membership_id: UUID


class Judge(Protocol):
    def __call__(
        self, scope: NetworkScope, rows: Sequence[Parsed], places: Places, *, lock: bool
    ) -> Awaitable[list[Judged]]: ...


Write = Callable[[NetworkScope, Sequence[Judged], Who, Places], Awaitable[None]]
Prepare = Callable[[NetworkScope], Awaitable[None]]
Export = Callable[[NetworkScope, Places], Awaitable[list[dict[str, str]]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`keys` are what no two rows of a file may share; `judge` is given only rows whose keys could be read."""

    name: str
    columns: tuple[Column, ...]
    keys: Callable[[Parsed], Sequence[str]]
    key_columns: tuple[str, ...]
    judge: Judge
    write: Write
    export: Export
    prepare: Prepare | None = None
    """What must hold still before a file is judged for the last time."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def titles(self) -> dict[str, str]:
        """In the reader's language."""
        italian = i18n.locale() == "it"
        return {column.name: column.title if italian else column.english for column in self.columns}


@dataclass(frozen=True, slots=True)
class Import:
    id: UUID
    kind: str
    file_id: UUID | None
    file_name: str
    state: str
    rows_total: int
    rows_done: int
    creates: int
    updates: int
    unchanged: int
    errors: int
    failure: str | None
    notes: dict[str, Any]
    created_at: datetime
    applied_at: datetime | None
    ended_at: datetime | None
    author: str

    @property
    def is_running(self) -> bool:
        return self.state in ("reading", "applying")

    @property
    def can_apply(self) -> bool:
        return self.state == "ready" and not self.errors and bool(self.creates + self.updates)

    @property
    def standing(self) -> str:
        """One of STANDINGS."""
        if self.state != "ready" or self.can_apply:
            return self.state
        return "faulty" if self.errors else "nothing"

    @property
    def percent(self) -> int:
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else 0

    def count(self, fate: str) -> int:
        return {
            "create": self.creates,
            "update": self.updates,
            "unchanged": self.unchanged,
            "error": self.errors,
        }[fate]


class ImportRow(NamedTuple):
    position: int
    fate: str
    errors: list[list[str]]
    content: dict[str, Any]
