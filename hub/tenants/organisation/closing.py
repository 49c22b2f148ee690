"""The days an organisation is closed: national holidays, its patron saint, days of its own, closures of a desk.

A patron saint on a Sunday or on a national holiday closes nothing a second time and moves to no other day.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from holidays import country_holidays

from hub.web import i18n

NATIONAL, PATRON, OWN, DESK = "national", "patron", "own", "desk"
SUNDAY = 7
# How far a list of what comes looks ahead.
_MOST_DAYS = 2 * 366
_LANGUAGES = {"it": "it_IT", "en": "en_US"}
# For these the library adds nothing: their saint is Stephen, whose day is a national holiday.
_SAINT_STEPHEN = frozenset({"BI", "PO"})
# The library lists the day of national unity, too: a Sunday since law 54/1977 (art. 1), on which nothing more is closed.
_UNITY = date(2027, 11, 7)


@dataclass(frozen=True, slots=True)
class Saint:
    """In one year."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Patron:
    """Of a province's main town, by the province's sign; or a day of the organisation's own."""

    province: str | None = None
    month: int | None = None
    day: int | None = None
    name: str = ""

    def in_year(self, year: int) -> Saint | None:
        """None where there is none: 29 February in most years, a province whose towns keep different days."""
        if self.province is not None:
            found = saints(self.province, year)
            return found[0] if len(found) == 1 else None
        if self.month is None or self.day is None:
            return None
        try:
            return Saint(date(year, self.month, self.day), self.name)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Closing:
    """From `first` to `last`, both included. `also` is the patron saint who falls on a national holiday."""

    first: date
    last: date
    kind: str
    reason: str
    also: str = ""

    @property
    def on_sunday(self) -> bool:
        return self.first == self.last and self.first.isoweekday() == SUNDAY


@dataclass(frozen=True, slots=True)
class DeskSpan:
    """A desk's temporary closure."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Names of holidays are in the reader's language when asked, own reasons as they were written."""

    patron: Patron | None = None
    own_days: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))
    closures: Sequence[DeskSpan] = ()

    def closed_on(self, day: date) -> str | None:
        """The reason; an empty text where it was closed without one. None on a day that is not closed."""
        closing = self.closing_on(day)
        return closing.reason if closing else None

    def closing_on(self, day: date) -> Closing | None:
        """A desk's own closure first: it says until when."""
        for span in self.closures:
            if span.first <= day <= span.last:
                return Closing(span.first, span.last, DESK, span.reason)
        return self._day_off(day)

    def next_closures(
        self, from_day: date, limit: int, *, weekdays: Collection[int] | None = None
    ) -> list[Closing]:
        """From that day on, one that lasts already included, each once. `weekdays`: those on which it would be open."""
        found: list[Closing] = []
        for closing in self._coming(from_day, weekdays):
            found.append(closing)
            if len(found) == limit:
                break
        return found

    def _coming(self, from_day: date, weekdays: Collection[int] | None) -> Iterator[Closing]:
        last = from_day + timedelta(days=_MOST_DAYS)
        spans = sorted(self.closures, key=lambda span: (span.first, span.last))
        told: list[DeskSpan] = []
        day = from_day
        while day <= last:
            for span in spans:
                if span.first <= day <= span.last and span not in told:
                    told.append(span)
                    yield Closing(span.first, span.last, DESK, span.reason)
            covered = any(span.first <= day <= span.last for span in told)
            if not covered and (weekdays is None or day.isoweekday() in weekdays):
                closing = self._day_off(day)
                if closing is not None:
                    yield closing
            day += timedelta(days=1)

    def _day_off(self, day: date) -> Closing | None:
        saint = self.patron.in_year(day.year) if self.patron else None
        patron = saint.name if saint and saint.day == day else None
        national = national_holidays(day.year).get(day)
        if national is not None:
            return Closing(day, day, NATIONAL, national, patron or "")
        if patron is not None:
            return Closing(day, day, PATRON, patron)
        if day in self.own_days:
            return Closing(day, day, OWN, self.own_days[day])
        return None


def national_holidays(year: int) -> Mapping[date, str]:
    """Of Italy, Easter Sunday among them, with their names in the reader's language."""
    return _national(year, i18n.locale())


def saints(province: str, year: int) -> tuple[Saint, ...]:
    """Of a province's main towns: one in most, several where there are more towns or more days, none if unknown."""
    return _saints(province, year, i18n.locale())


@lru_cache(256)
def _national(year: int, locale: str) -> Mapping[date, str]:
    unity = _listed(None, _UNITY.year, locale)[_UNITY]
    named = {
        day: [name for name in names if name not in unity]
        for day, names in _listed(None, year, locale).items()
    }
    return MappingProxyType({day: "; ".join(names) for day, names in named.items() if names})


@lru_cache(4096)
def _saints(province: str, year: int, locale: str) -> tuple[Saint, ...]:
    national = _listed(None, year, locale)
    if province in _SAINT_STEPHEN:
        day = date(year, 12, 26)
        return tuple(Saint(day, name) for name in national[day])
    try:
        listed = _listed(province, year, locale)
    except NotImplementedError:
        return ()
    return tuple(
        Saint(day, name)
        for day, names in sorted(listed.items())
        for name in names
        if name not in national.get(day, ())
    )


@lru_cache(512)
def _listed(province: str | None, year: int, locale: str) -> dict[date, list[str]]:
    """As the library has them. Raises NotImplementedError for a province it does not know."""
    listed = country_holidays(
        "IT", subdiv=province, years=year, expand=False, language=_LANGUAGES[locale]
    )
    return {day: [_typographic(name) for name in listed.get_list(day)] for day in listed}


def _typographic(name: str) -> str:
    return name.replace("'", "’")
