"""An organisation's services as they stand on a day: what is offered, what begins later, what ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from hub.tenants.services.schemas import Offered


@dataclass(frozen=True, slots=True)
class Service:
    """All versions of a service, in the order of time, seen from `today`."""

    versions: Sequence[Offered]
    today: date

    @property
    def id(self) -> UUID:
        return self.versions[0].service_id

    @property
    def version(self) -> int:
        """Of the service as a whole; its first row counts."""
        return self.versions[0].version

    @property
    def current(self) -> Offered | None:
        return self.on(self.today)

    def on(self, day: date) -> Offered | None:
        return next((one for one in self.versions if one.on(day)), None)

    @property
    def shown(self) -> Offered:
        """What its page is about: what holds today, else what comes first, else what held last."""
        return self.current or (self.planned[0] if self.planned else self.versions[-1])

    @property
    def planned(self) -> list[Offered]:
        return [one for one in self.versions if one.valid_from > self.today]

    @property
    def state(self) -> str:
        """`offered`, `planned` or `ended`."""
        if self.current:
            return "offered"
        return "planned" if self.planned else "ended"

    @property
    def begins(self) -> date:
        return self.versions[0].valid_from

    @property
    def ends(self) -> date | None:
        return self.versions[-1].valid_to

    @property
    def earliest_change(self) -> date:
        """The first day for which it can still be stated otherwise."""
        return max(self.today, self.begins)

    @property
    def latest_start(self) -> date:
        return self.versions[-1].valid_from

    def follows(self, version: Offered) -> Offered | None:
        """The version before that one."""
        before = [one for one in self.versions if one.valid_from < version.valid_from]
        return before[-1] if before else None


def services(versions: Sequence[Offered], today: date) -> list[Service]:
    """From versions in the order of `queries.all_versions`; by kind and name."""
    found = [
        Service(list(its), today)
        for _service_id, its in groupby(versions, key=lambda one: one.service_id)
    ]
    return sorted(found, key=lambda one: (one.shown.kind, one.shown.name.casefold(), one.id))
