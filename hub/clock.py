"""The hub's clock. Code asks it, never `datetime.now`, so that a test can move time; SQL is given `scope.now`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")

_offset = timedelta(0)

# Law 260/1949 art. 2 with its later changes (laws 54/1977 and 336/2000, d.p.r. 792/1985), as (month, day).
_HOLIDAYS = {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)}
# Saint Francis' day is a holiday again from 2026 on (law 151/2025).
_SAINT_FRANCIS = (10, 4)


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock of this process; for tests only."""
    global _offset
    before, _offset = _offset, _offset + by
    try:
        yield
    finally:
        _offset = before


def today() -> date:
    """The present day in Italy."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """The day in Italy on which it falls."""
    return moment.astimezone(ROME).date()


def is_working_day(day: date) -> bool:
    """Monday to Friday, national holidays apart; the local patron's day counts as a working day."""
    if day.weekday() >= 5 or (day.month, day.day) in _HOLIDAYS:
        return False
    if day.year >= 2026 and (day.month, day.day) == _SAINT_FRANCIS:
        return False
    return day != _easter(day.year) + timedelta(days=1)


def add_working_days(day: date, count: int) -> date:
    """The working day `count` of them after `day`, which itself does not count. `count` is 1 or more."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


@cache
def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the anonymous algorithm (Nature, 20 April 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leap, skipped = divmod(century, 4)
    epact = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * skipped + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
