"""Choosing the patron saint: of a province's main town, of one of its several towns, or a day of one's own."""

import calendar
import re
from collections.abc import Sequence
from datetime import date

from hub.tenants.organisation.closing import Patron, saints
from hub.tenants.organisation.schemas import OWN_PATRON, Organisation
from hub.web.fields import Refused
from hub.web.formats import format_date
from hub.web.i18n import gettext as _

# A leap year, so that 29 February can be written.
_LEAP = 2028
_TYPED = re.compile(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.]?")


def choices(
    provinces: Sequence[tuple[str, str]], year: int, *, own: str | None = None
) -> list[tuple[str, str]]:
    """(value, label) with the saint and the date in that year; several for a province whose towns have several.

    The organisation's own province stands first.
    """
    found = []
    for code, name in sorted(provinces, key=lambda province: province[0] != own):
        known = saints(code, year)
        for saint in known:
            value = code if len(known) == 1 else f"{code}-{saint.day:%m-%d}"
            found.append((value, f"{name}: {saint.name}, {day_and_month(saint.day)}"))
    return [*found, (OWN_PATRON, _("Another day, given below"))]


def read(chosen: str, typed_day: str | None, name: str | None, year: int) -> Patron | None:
    """`chosen` is one of the choices. Raises Refused for a day that cannot be read."""
    if not chosen:
        return None
    if chosen == OWN_PATRON:
        month, day = _own_day(typed_day or "")
        return Patron(month=month, day=day, name=name or "")
    province, _dash, when = chosen.partition("-")
    if not when:
        return Patron(province)
    saint = next(one for one in saints(province, year) if f"{one.day:%m-%d}" == when)
    return Patron(month=saint.day.month, day=saint.day.day, name=saint.name)


def of(organisation: Organisation) -> Patron | None:
    if organisation.patron_province:
        return Patron(organisation.patron_province)
    if organisation.patron_month:
        return Patron(
            month=organisation.patron_month,
            day=organisation.patron_day,
            name=organisation.patron_name or "",
        )
    return None


def day_and_month(day: date) -> str:
    """Without its year: "24 giugno"."""
    text = format_date(day, "long")
    return text.removesuffix(f" {day.year}")


def own_day_typed(organisation: Organisation) -> str | None:
    if organisation.patron_month is None:
        return None
    return f"{organisation.patron_day}/{organisation.patron_month}"


def _own_day(typed: str) -> tuple[int, int]:
    """(month, day)."""
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        raise Refused(_("Enter day and month, such as 24/6."))
    day, month = int(found[1]), int(found[2])
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(_LEAP, month)[1]:
        raise Refused(_("This day does not exist."))
    return month, day
