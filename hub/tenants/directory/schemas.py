"""What is known of desks in public, what can be searched for, and how both look to programs."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from hub.api.parameters import Cursor
from hub.tenants.directory.offers import OFFERS
from hub.tenants.directory.postal_code import PostalCode, Where
from hub.tenants.organisation.hours import Hours
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.fields import Choice, Integer, Text
from hub.web.i18n import N_

REGION_CODE = msgspec.Meta(pattern=r"^[0-9]{2}$")
NOT_NEAR_KM = 100.0
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
    postal_code: str | None
    latitude: float
    longitude: float
    located: bool
    phone: str | None
    email: str | None
    hours: Hours
    opening_hours: str | None
    how_to_reach: str
    offers: tuple[str, ...]
    provinces: tuple[str, ...]
    opened_on: date | None
    verified_on: date | None
    time_zone: str
    accessibility_url: str | None
    feedback_email: str | None
    logo_id: UUID | None


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
    """`q` may be a postal code, too. `place` is a municipality chosen by its code, `after` the last desk shown before."""

    q: Annotated[str, Where(N_("Municipality or postal code"), max_length=80)] = ""
    postal_code: Annotated[str, PostalCode(N_("Postal code"))] = ""
    region: Annotated[str, Choice(N_("Region"))] = ""
    place: Annotated[str, Text(), ISTAT_CODE] = ""
    after: Annotated[UUID | None, Cursor()] = None


class Candidate(NamedTuple):
    """A municipality that may be meant."""

    municipality: FoundMunicipality
    desks: int


class Found(NamedTuple):
    """What a search led to: one place with its desks and those near it, or candidates, or simply a list.

    A postal code of several municipalities leads to their desks and those near them, with the municipalities as
    candidates; `unknown_code` is one that there is not. What was typed is `elsewhere` where the chosen region has no
    such municipality.
    """

    place: FoundMunicipality | None = None
    postal_code: str = ""
    unknown_code: bool = False
    elsewhere: bool = False
    candidates: Sequence[Candidate] = ()
    desks: Sequence[PublicDesk] = ()
    near: Sequence[NearDesk] = ()
    more: UUID | None = None
    """The last desk of this page, if others follow."""

    @property
    def far_km(self) -> float | None:
        """How far the nearest desk is, where nobody would call that near; a straight line may lie across the sea."""
        far = bool(self.near) and not self.desks and self.near[0].km > NOT_NEAR_KM
        return self.near[0].km if far else None


class ListDesks(msgspec.Struct):
    """The API's parameters."""

    region: Annotated[str, Text(), REGION_CODE] = ""
    municipality: Annotated[str, Text(), ISTAT_CODE] = ""
    postal_code: Annotated[str, PostalCode()] = ""
    offers: Annotated[str, Choice(options=OFFERS)] = ""
    cursor: Annotated[UUID | None, Cursor()] = None
    limit: Annotated[int, Integer(minimum=1, maximum=100)] = 50


class HostItem(msgspec.Struct):
    """`accessibility_url` is the host's statement, `feedback_email` whom to tell what is not accessible."""

    id: UUID
    name: str
    website: str | None
    accessibility_url: str | None
    feedback_email: str | None


class MunicipalityItem(msgspec.Struct):
    """`province` is the two-letter sign, the codes are ISTAT's."""

    istat_code: str
    name: str
    province: str
    region_code: str
    region: str


class HoursItem(msgspec.Struct):
    """`weekday` is ISO's, 1 for Monday; times are HH:MM of the desk's time zone."""

    weekday: int
    opens: str
    closes: str


class ClosureItem(msgspec.Struct):
    """Closed from `first` to `last`, both included. `kind`: national, patron, own or desk."""

    first: date
    last: date
    kind: str
    reason: str


class DeskItem(msgspec.Struct):
    """`opening_hours` are words, where a desk has not stated its `hours`; `closures` are the next ones."""

    id: UUID
    name: str
    host: HostItem
    municipality: MunicipalityItem
    address: str
    postal_code: str | None
    latitude: float
    longitude: float
    phone: str | None
    email: str | None
    hours: list[HoursItem]
    opening_hours: str | None
    time_zone: str
    closures: list[ClosureItem]
    how_to_reach: str
    offers: list[str]
    provinces: list[str]
    opened_on: date | None
    verified_on: date | None
    url: str


class DeskPage(msgspec.Struct):
    items: list[DeskItem]
    next_cursor: UUID | None
