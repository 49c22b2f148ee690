"""What is asked about a desk, and what is known of it."""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from hub.tenants.directory.offers import OFFERS
from hub.tenants.organisation.hours import LONGEST_TYPED
from hub.tenants.organisation.schemas import PostalCode
from hub.web.fields import (
    Choice,
    Choices,
    Date,
    Email,
    Field,
    Identifier,
    Integer,
    Phone,
    Refused,
    Text,
    Textarea,
)
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

DAY_FIELDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

STATES = {
    "setting_up": N_("Being set up"),
    "active": N_("Open to citizens"),
    "closed": N_("Closed for good"),
}
CLOSING_REASONS = {
    "inactivity": N_("Inactivity"),
    "merged": N_("Joined with another desk"),
    "premises": N_("Premises no longer available"),
    "staff": N_("No staff"),
    "protocol": N_("Protocol ended"),
    "other": N_("Other reason"),
}
# How closed desks say why; that of an abandoned set-up nobody chooses.
CLOSED_BECAUSE = {**CLOSING_REASONS, "abandoned": N_("Set-up abandoned")}

# Fields that may be left empty while the organisation is being set up, and without which it is not activated.
NEEDED = ("postal_code", "phone", "email", "how_to_reach", "offers", "provinces")

# Lampedusa to the Brenner, Bardonecchia to Otranto.
SOUTH, NORTH, WEST, EAST = 35.2, 47.2, 6.5, 18.7


@dataclass(frozen=True)
class Coordinates(Field):
    """Latitude and longitude in degrees, as maps give them: "40.8518, 14.2681", also with decimal commas."""

    max_length = 60
    _NUMBER = r"([0-9]{1,2}(?:\.[0-9]{1,15})?)°?"
    _TYPED = re.compile(rf"{_NUMBER}\s*[NSns]?\s*[,; ]\s*{_NUMBER}\s*[EWew]?")

    def parse(self, text: str) -> object:
        """Kept as text, so that the form shows again what was typed; `position_of` gives the numbers."""
        position_of(text)
        return text


def position_of(text: str) -> tuple[float, float]:
    """Raises Refused."""
    # With two commas inside numbers there is a third between them, or a blank or a semicolon.
    plain = re.sub(r"(?<=[0-9]),(?=[0-9]{1,15}(?:[\s;,]|$))", ".", text)
    found = Coordinates._TYPED.fullmatch(text) or Coordinates._TYPED.fullmatch(plain)
    if found is None:
        raise Refused(_("Enter latitude and longitude, such as 40.8518, 14.2681."))
    latitude, longitude = float(found[1]), float(found[2])
    if not (SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST):
        if SOUTH <= longitude <= NORTH and WEST <= latitude <= EAST:
            raise Refused(_("Latitude comes first, then longitude: these look exchanged."))
        raise Refused(_("This place is not in Italy."))
    return latitude, longitude


def kilometres(first: tuple[float, float], second: tuple[float, float]) -> float:
    """By the haversine formula on a sphere of 6,371 km."""
    (lat1, lon1), (lat2, lon2) = ([math.radians(part) for part in each] for each in (first, second))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * math.asin(min(1.0, math.sqrt(half)))


def _day(label: str) -> Text:
    return Text(label, max_length=LONGEST_TYPED)


class SaveDesk(msgspec.Struct):
    """A desk as its form has it. `version` is 0 for a new one."""

    version: Annotated[int, Integer()]
    name: Annotated[
        str,
        Text(N_("Name of the desk"), N_("As people look for it, such as “Town hall desk”."), 120),
    ]
    municipality: Annotated[str, Text(N_("Municipality"), max_length=120)]
    address: Annotated[str, Text(N_("Street and number"), max_length=200)]
    municipality_code: Annotated[str | None, Text(N_("Municipality"), max_length=6)] = None
    postal_code: Annotated[str | None, PostalCode(N_("Postal code"))] = None
    position: Annotated[
        str | None,
        Coordinates(
            N_("Position on the map"),
            N_(
                "Latitude and longitude as a map shows them, such as 40.8518, 14.2681. Left empty, the desk is shown"
                " in the middle of its municipality."
            ),
        ),
    ] = None
    phone: Annotated[str | None, Phone(N_("Telephone"))] = None
    email: Annotated[str | None, Email(N_("E-mail address"))] = None
    monday: Annotated[str, _day(N_("Monday"))] = ""
    tuesday: Annotated[str, _day(N_("Tuesday"))] = ""
    wednesday: Annotated[str, _day(N_("Wednesday"))] = ""
    thursday: Annotated[str, _day(N_("Thursday"))] = ""
    friday: Annotated[str, _day(N_("Friday"))] = ""
    saturday: Annotated[str, _day(N_("Saturday"))] = ""
    sunday: Annotated[str, _day(N_("Sunday"))] = ""
    hours_note: Annotated[
        str | None,
        Text(N_("Note to the hours"), N_("Such as “in August by appointment only”."), 300),
    ] = None
    how_to_reach: Annotated[
        str,
        Textarea(
            N_("How to reach it"),
            N_("Entrance, floor, bus stops, parking, access without steps."),
            max_length=1000,
        ),
    ] = ""
    offers: Annotated[list[str], Choices(N_("What it offers"), options=OFFERS)] = []
    provinces: Annotated[list[str], Choices(N_("Provinces it serves"))] = []


class AddClosure(msgspec.Struct):
    starts_on: Annotated[date, Date(N_("Closed from"))]
    ends_on: Annotated[date, Date(N_("Closed to"), N_("The last closed day."), future=True)]
    reason: Annotated[
        str, Text(N_("Reason"), N_("For everyone to read, such as “Summer break”."), 120)
    ] = ""


class CloseDesk(msgspec.Struct):
    reason: Annotated[str, Choice(N_("Reason"), options=CLOSING_REASONS)]
    closed_on: Annotated[date, Date(N_("Closed since"), N_("Today, or a day before."), past=True)]
    taker_id: Annotated[UUID | None, Choice(N_("Desk that takes over"))] = None


class CloseDeskWithWork(msgspec.Struct):
    """The same where something is open, which somebody has to take over."""

    reason: Annotated[str, Choice(N_("Reason"), options=CLOSING_REASONS)]
    closed_on: Annotated[date, Date(N_("Closed since"), N_("Today, or a day before."), past=True)]
    taker_id: Annotated[UUID, Choice(N_("Desk that takes over"))]


class AnnounceClosing(msgspec.Struct, kw_only=True):
    """By the Ente, of a silent desk."""

    desk_id: Annotated[UUID, Identifier()]
    closing_on: Annotated[
        date,
        Date(N_("Day of the closing"), N_("From 15 to 60 days from today."), future=True),
    ]
    taker_id: Annotated[
        UUID | None,
        Choice(N_("Desk that takes over"), N_("What is open goes there on that day.")),
    ] = None
    note: Annotated[
        str,
        Textarea(N_("To the host"), N_("Stands in the letter to its administrators."), 1000),
    ]


class Desk(NamedTuple):
    id: UUID
    name: str
    state: str
    municipality_code: str
    municipality: str
    province_code: str
    region_code: str
    municipality_latitude: float
    municipality_longitude: float
    address: str
    postal_code: str | None
    latitude: float | None
    longitude: float | None
    phone: str | None
    email: str | None
    hours: list[list[object]]
    hours_note: str | None
    how_to_reach: str
    offers: list[str]
    provinces: list[str]
    opened_on: date | None
    verified_on: date | None
    closed_on: date | None
    closed_reason: str | None
    setup_id: UUID | None
    version: int
    last_consultation_on: date | None
    closing_on: date | None
    closing_note: str | None
    closing_taker_id: UUID | None
    closing_announced_at: datetime | None


class Closure(NamedTuple):
    id: UUID
    starts_on: date
    ends_on: date
    reason: str


VERIFICATION = N_("verification")


def missing(desk: Desk) -> list[str]:
    """What its entry still lacks, as msgids: the checklist's points on desks ask for the same."""
    lacking = {
        N_("address"): not desk.address,
        N_("postal code"): not desk.postal_code,
        N_("hours"): not desk.hours,
        N_("telephone or e-mail"): not (desk.phone or desk.email),
        N_("how to reach it"): not desk.how_to_reach,
        VERIFICATION: desk.verified_on is None,
        N_("what it offers"): not desk.offers,
        N_("provinces it serves"): not desk.provinces,
    }
    return [name for name, lacks in lacking.items() if lacks]


def is_written(desk: Desk) -> bool:
    """Whether there is everything that whoever verifies the entry says is right."""
    return set(missing(desk)) <= {VERIFICATION}
