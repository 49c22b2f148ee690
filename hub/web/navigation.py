"""The main menu, in one place, and who sees which entry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hub.web.i18n import N_


class Reader(Protocol):
    """What the layout needs to know of the person who reads a page; `hub.tenants.accounts` has the real one."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def tenant_name(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def locale(self) -> str: ...


@dataclass(frozen=True)
class Entry:
    label: str
    url: str
    shown_to: Callable[[Reader | None], bool]

    def leads_to(self, path: str) -> bool:
        return path == self.url or (self.url != "/" and path.startswith(self.url + "/"))


def everyone(_: Reader | None) -> bool:
    return True


def a_member(reader: Reader | None) -> bool:
    return reader is not None and bool(reader.kinds)


def member_of(kind: str, *roles: str) -> Callable[[Reader | None], bool]:
    """A member of an organisation of that kind, with one of the roles where some are given."""

    def shown(reader: Reader | None) -> bool:
        return reader is not None and kind in reader.kinds and (not roles or reader.role in roles)

    return shown


MENU = (
    Entry(N_("Home"), "/", everyone),
    Entry(N_("Cases"), "/cases", member_of("host")),
    Entry(N_("Received offers"), "/inbox", member_of("lender")),
    Entry(N_("Campaigns"), "/campaigns", member_of("coordinator", "admin", "editor")),
    Entry(N_("Selections"), "/selections", member_of("coordinator")),
    Entry(N_("Network"), "/network", member_of("coordinator", "admin", "operator", "viewer")),
    Entry(N_("Organisation"), "/organisation", a_member),
    Entry(N_("Calls"), "/calls", everyone),
    Entry(N_("Desks"), "/desks", everyone),
)


def menu_for(reader: Reader | None) -> list[Entry]:
    return [entry for entry in MENU if entry.shown_to(reader)]
