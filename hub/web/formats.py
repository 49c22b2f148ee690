"""How dates, money and numbers look to the reader."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates, numbers

from hub.web import i18n

ROME = ZoneInfo("Europe/Rome")
# British English, so that the 3rd of April is never written 4/3.
_BABEL = {"it": "it_IT", "en": "en_GB"}
# Italian offices write the sign first, which is not CLDR's pattern; the space does not break.
_MONEY = {"it": "¤\N{NO-BREAK SPACE}#,##0.00;-¤\N{NO-BREAK SPACE}#,##0.00", "en": "¤#,##0.00"}

_FIRST = re.compile(r"\b1 (?=[a-z])")


def format_date(
    value: date | datetime | None, style: str = "medium", zone: str | None = None
) -> str:
    """`style` is babel's short, medium, long or full. An instant becomes the day it is in that zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(_zone(zone)).date()
    return _day(value, style, i18n.locale())


def format_datetime(
    value: datetime | None,
    style: str = "medium",
    zone: str | None = None,
    *,
    seconds: bool = False,
) -> str:
    """Day and time to the minute, or to the second where seconds decide."""
    if value is None:
        return ""
    local = value.astimezone(_zone(zone))
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{_day(local.date(), style, i18n.locale())}, {time}"


def format_money(cents: int | None, currency: str = "EUR") -> str:
    return "" if cents is None else _money(cents, currency, i18n.locale())


def format_number(value: float | Decimal | None) -> str:
    return "" if value is None else numbers.format_decimal(value, locale=_BABEL[i18n.locale()])


def format_percent(share: float | None) -> str:
    """A share of 0 to 1, without decimals."""
    if share is None:
        return ""
    return numbers.format_percent(share, "#,##0%", locale=_BABEL[i18n.locale()])


# Italian prefixes with fewer than four digits; all others of the fixed network have four.
_SHORT_PREFIXES = re.compile(
    r"0[26]|0(?:10|11|15|19|30|31|35|39|40|41|45|49|50|51|55|59|70|71|75|79|80|81|85|89|90|91|95|99)"
)


def format_phone(number: str | None) -> str:
    """An Italian number with its prefix apart, as people read it; any other as it is."""
    if not number:
        return ""
    sign = "+39 " if number.startswith("+39") else ""
    digits = number.removeprefix("+39").strip()
    if not re.fullmatch(r"[0-9]{6,11}", digits) or digits[0] not in "038":
        return number
    short = _SHORT_PREFIXES.match(digits) if digits.startswith("0") else None
    cut = short.end() if short else 4 if digits.startswith("0") else 3
    return f"{sign}{digits[:cut]} {digits[cut:]}"


# A list shows the same days and round amounts over and over; babel takes some 30 µs for each.
@lru_cache(4096)
def _day(value: date, style: str, locale: str) -> str:
    text = dates.format_date(value, style, locale=_BABEL[locale])
    # The first of a month is an ordinal in Italian, which CLDR does not know.
    return _FIRST.sub("1º ", text, count=1) if locale == "it" else text


@lru_cache(4096)
def _money(cents: int, currency: str, locale: str) -> str:
    amount = Decimal(cents) / 100
    return numbers.format_currency(amount, currency, format=_MONEY[locale], locale=_BABEL[locale])


def iso(value: date | datetime | None) -> str:
    """For the `datetime` attribute of a time element."""
    return "" if value is None else value.isoformat()


def _zone(name: str | None) -> ZoneInfo:
    return ZoneInfo(name) if name else ROME
