"""What an organisation writes of itself."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from hub.tenants.onboarding.schemas import LENDER_CATEGORIES
from hub.web.fields import Choice, Date, Email, Field, Integer, Phone, Refused, Text
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

LOCALE_NAMES = {"it": "Italiano", "en": "English"}
# Where an Italian organisation, or one of the Union that works with them, may have its clocks.
TIME_ZONES = {
    "Europe/Rome": N_("Central European Time (Rome)"),
    "Europe/Lisbon": N_("Western European Time (Lisbon)"),
    "Europe/Athens": N_("Eastern European Time (Athens)"),
}
OWN_PATRON = "own"


@dataclass(frozen=True)
class PostalCode(Field):
    max_length = 10

    def parse(self, text: str) -> object:
        if not re.fullmatch(r"[0-9]{5}", text):
            raise Refused(_("A postal code has five digits."))
        return text


@dataclass(frozen=True)
class WebAddress(Field):
    """With its scheme, which may be left out while typing."""

    max_length = 300
    _HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")

    def parse(self, text: str) -> object:
        address = text if "://" in text else f"https://{text}"
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").encode("idna").decode()
            whole = parts.scheme in ("http", "https") and not parts.username
            whole = whole and bool(self._HOST.fullmatch(host)) and (parts.port or 443) > 0
        except ValueError:
            whole = False
        if not whole or " " in address or len(address) > self.max_length:
            raise Refused(_("Enter a web address such as https://www.example.org."))
        return address


class Details(msgspec.Struct):
    """What is left empty is taken away. `patron` is a province's sign, a day of one of its towns, or `own`."""

    version: Annotated[int, Integer(minimum=1)]
    locale: Annotated[str, Choice(N_("Language of letters"), options=LOCALE_NAMES)]
    time_zone: Annotated[
        str,
        Choice(
            N_("Time zone"),
            N_("Of the hours in its letters, on its pages and at its desks."),
            options=TIME_ZONES,
        ),
    ]
    email: Annotated[str | None, Email(N_("E-mail address"))] = None
    certified_email: Annotated[str | None, Email(N_("Certified e-mail address (PEC)"))] = None
    phone: Annotated[str | None, Phone(N_("Telephone"))] = None
    website: Annotated[str | None, WebAddress(N_("Website"))] = None
    address: Annotated[str | None, Text(N_("Street and number"), max_length=200)] = None
    postal_code: Annotated[str | None, PostalCode(N_("Postal code"))] = None
    accessibility_url: Annotated[
        str | None,
        WebAddress(
            N_("Address of the accessibility statement"),
            N_("Shown on your desks’ public pages, as law 4/2004 asks of public administrations."),
        ),
    ] = None
    feedback_email: Annotated[
        str | None,
        Email(
            N_("Where people report what they cannot use"),
            N_("An e-mail address, shown beside the accessibility statement."),
        ),
    ] = None
    patron: Annotated[str, Choice(N_("Patron saint"))] = ""
    patron_date: Annotated[
        str | None,
        Text(N_("Day of your own patron saint"), N_("Day and month, such as 24/6."), 10),
    ] = None
    patron_name: Annotated[
        str | None,
        Text(N_("Name of your own patron saint"), N_("As calendars call it."), 80),
    ] = None
    lender_category: Annotated[
        str | None, Choice(N_("Category of lender"), options=LENDER_CATEGORIES)
    ] = None
    lender_register: Annotated[
        str | None,
        Text(
            N_("Place in the register"),
            N_("Number or code in the Bank of Italy’s register of that category."),
            60,
        ),
    ] = None
    tutor_register: Annotated[
        str | None,
        Text(
            N_("Place in the national list"),
            N_("Your number in the list of tutoring services that the Ente keeps."),
            60,
        ),
    ] = None


class Organisation(NamedTuple):
    id: UUID
    name: str
    kinds: list[str]
    host_kind: str | None
    state: str
    fiscal_code: str | None
    ipa_code: str | None
    municipality: str | None
    province_code: str | None
    locale: str
    time_zone: str
    email: str | None
    certified_email: str | None
    phone: str | None
    website: str | None
    address: str | None
    postal_code: str | None
    accessibility_url: str | None
    feedback_email: str | None
    patron_province: str | None
    patron_month: int | None
    patron_day: int | None
    patron_name: str | None
    lender_category: str | None
    lender_register: str | None
    tutor_register: str | None
    logo_id: UUID | None
    version: int
    municipality_code: str | None


class SendLogo(msgspec.Struct):
    """The file itself is read apart."""

    file: Annotated[
        str,
        Text(N_("Picture"), N_("PNG or JPEG, at most 5 MB; it is made to fit 600 × 300 pixels.")),
    ]


class AddClosingDay(msgspec.Struct):
    day: Annotated[date, Date(N_("Day"), future=True)]
    label: Annotated[
        str, Text(N_("Reason"), N_("For everyone to read, such as “Bridge day”."), 80)
    ] = ""
