"""What is known of desks in public, what can be searched for, and how both look to programs."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from hub.api.parameters import Cursor
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.fields import Choice, Integer, Text
from hub.web.i18n import N_

REGION_CODE = msgspec.Meta(pattern=r"^[0-9]{2}$")
ISTAT_CODE = msgspec.Meta(pattern=r"^[0-9]{6}$")


class PublicDesk(NamedTuple):
    """A desk that receives citizens. Where its own position is unknown, it lies in the middle of its municipality."""

    id: UUID
    name: str
    host_id: UUID
    host: str
    website: str | None
    municipality_code: str
    municipality: str
    province_code: str
    region_code: str
    region: str
    address: str
    latitude: float
    longitude: float
    located: bool
    phone: str | None
    email: str | None
    opening_hours: str | None
    opened_on: date | None
    verified_on: date | None


class NearDesk(NamedTuple):
    """`km` as the crow flies."""

    desk: PublicDesk
    km: float


class Region(NamedTuple):
    """How many desks are open, and how many administrations wait to open one."""

    code: str
    name: str
    desks: int
    waiting: int


class Place(NamedTuple):
    """A municipality with desks."""

    code: str
    name: str
    region_code: str
    latitude: float
    longitude: float
    desks: int


class Figures(NamedTuple):
    administrations: int
    waiting: int
    lenders: int
    tutors: int
    operators: int
    open_cases: int


class Overview(NamedTuple):
    """The network at a glance; `contact` is the coordinator's address for administrations that want to join."""

    regions: list[Region]
    places: list[Place]
    figures: Figures
    contact: str | None

    @property
    def desks(self) -> int:
        return sum(region.desks for region in self.regions)


class SearchDesks(msgspec.Struct):
    """`place` is a municipality chosen by its code, `after` the last desk of the page before."""

    q: Annotated[str, Text(N_("Municipality"), max_length=80)] = ""
    region: Annotated[str, Choice(N_("Region"))] = ""
    place: Annotated[str, Text(), ISTAT_CODE] = ""
    after: Annotated[UUID | None, Cursor()] = None


class Candidate(NamedTuple):
    """A municipality that may be meant."""

    municipality: FoundMunicipality
    desks: int


class Found(NamedTuple):
    """What a search led to: one place with its desks and those near it, or candidates, or simply a list."""

    place: FoundMunicipality | None = None
    candidates: Sequence[Candidate] = ()
    desks: Sequence[PublicDesk] = ()
    near: Sequence[NearDesk] = ()
    more: UUID | None = None
    """The last desk of this page, if others follow."""


class ListDesks(msgspec.Struct):
    """The API's parameters."""

    region: Annotated[str, Text(), REGION_CODE] = ""
    municipality: Annotated[str, Text(), ISTAT_CODE] = ""
    cursor: Annotated[UUID | None, Cursor()] = None
    limit: Annotated[int, Integer(minimum=1, maximum=100)] = 50


class HostItem(msgspec.Struct):
    id: UUID
    name: str
    website: str | None


class MunicipalityItem(msgspec.Struct):
    """`province` is the two-letter sign, the codes are ISTAT's."""

    istat_code: str
    name: str
    province: str
    region_code: str
    region: str


class DeskItem(msgspec.Struct):
    id: UUID
    name: str
    host: HostItem
    municipality: MunicipalityItem
    address: str
    latitude: float
    longitude: float
    phone: str | None
    email: str | None
    opening_hours: str | None
    opened_on: date | None
    verified_on: date | None
    url: str


class DeskPage(msgspec.Struct):
    items: list[DeskItem]
    next_cursor: UUID | None
