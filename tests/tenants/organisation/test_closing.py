"""When an organisation is closed: holidays, its patron saint, its own days, a desk's closures."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from hub.tenants import territory
from hub.tenants.organisation import closing
from hub.tenants.organisation.closing import DESK, NATIONAL, OWN, PATRON, Calendar, DeskSpan, Patron
from hub.web.i18n import reading_in

PROPERTY = settings(derandomize=True, deadline=None, database=None)
YEARS = range(2020, 2036)
# Where the library has several towns, or several days: the organisation chooses among them.
SEVERAL = {"BT", "FC", "FM", "LT", "PG", "PN", "PU", "RG", "VE"}

_DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
_SPANS = st.builds(
    lambda first, length: DeskSpan(first, first + timedelta(days=length), "Works"),
    _DAYS,
    st.integers(0, 40),
)
_CALENDARS = st.builds(
    Calendar,
    st.sampled_from([None, Patron("RM"), Patron("MI"), Patron(month=2, day=29, name="Saint")]),
    st.dictionaries(_DAYS, st.just("Own"), max_size=5),
    st.lists(_SPANS, max_size=3).map(tuple),
)


@pytest.mark.parametrize("year", YEARS)
def test_the_library_and_the_clock_know_the_same_holidays(year: int) -> None:
    """On weekdays: Sundays are none of the clock's business, and Easter is one."""
    day, listed = date(year, 1, 1), closing.national_holidays(year)
    while day.year == year:
        if day.weekday() < 5:
            assert (day in listed) is not clock.is_working_day(day), day
        day += timedelta(days=1)


def test_saint_francis_is_a_national_holiday_from_2026_on() -> None:
    assert date(2025, 10, 4) not in closing.national_holidays(2025)
    assert "Francesco" in closing.national_holidays(2026)[date(2026, 10, 4)]


def test_holidays_have_one_name_in_the_readers_language() -> None:
    assert closing.national_holidays(2026)[date(2026, 11, 1)] == "Ognissanti"
    with reading_in("en"):
        assert closing.national_holidays(2026)[date(2026, 11, 1)] == "All Saints’ Day"
    assert len(closing.national_holidays(2026)) == len(closing.national_holidays(2027)) == 13


def _provinces() -> set[str]:
    assert territory.__file__
    with (Path(territory.__file__).parent / "data" / "municipalities.csv").open() as source:
        return {row["province_code"] for row in csv.DictReader(source)}


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_every_province_has_a_saint_and_most_have_one(year: int) -> None:
    found = {province: closing.saints(province, year) for province in _provinces()}
    assert len(found) == 107
    assert {province for province, saints in found.items() if not saints} == set()
    assert {province for province, saints in found.items() if len(saints) > 1} == SEVERAL
    for province, saints in found.items():
        one = Patron(province).in_year(year)
        assert one is None if province in SEVERAL else one == saints[0]


def test_an_unknown_province_has_none() -> None:
    assert closing.saints("XX", 2026) == ()
    assert Patron("XX").in_year(2026) is None


@pytest.mark.parametrize("year", YEARS)
def test_a_patron_on_a_sunday_is_one_closing_and_shifts_nothing(year: int) -> None:
    """Ambrose, 7 December: the Monday after, when it is the 8th, is closed for its own reason alone."""
    milan = Calendar(Patron("MI"))
    of_the_saint = [
        one for one in milan.next_closures(date(year, 1, 1), 20) if "Ambrogio" in one.reason
    ]
    first = of_the_saint[0]
    assert first.first == first.last == date(year, 12, 7)
    assert first.on_sunday is (date(year, 12, 7).weekday() == 6)
    after = milan.closing_on(date(year, 12, 8))
    assert after is not None
    assert after.kind == NATIONAL
    assert after.also == ""
    assert milan.closed_on(date(year, 12, 9)) is None


def test_a_patron_on_sunday_leaves_monday_open() -> None:
    turin = Calendar(Patron("TO"))
    assert date(2029, 6, 24).weekday() == 6
    assert turin.closed_on(date(2029, 6, 24)) == "San Giovanni Battista"
    assert turin.closed_on(date(2029, 6, 25)) is None


@pytest.mark.parametrize(
    ("province", "day", "saint"),
    [
        ("BO", date(2026, 10, 4), "San Petronio"),
        ("PO", date(2026, 12, 26), "Santo Stefano"),
    ],
)
def test_a_patron_on_a_national_holiday_is_said_once(province: str, day: date, saint: str) -> None:
    calendar = Calendar(Patron(province))
    closed = calendar.closing_on(day)
    assert closed is not None
    assert closed.kind == NATIONAL
    assert closed.also == saint
    coming = calendar.next_closures(day, 1)
    assert coming == [closed]
    assert [one for one in calendar.next_closures(date(2026, 1, 1), 20) if one.first == day] == [
        closed
    ]


def test_a_saint_that_moves_with_easter_is_asked_year_by_year() -> None:
    bolzano = Patron("BZ")
    days = [saint.day for year in (2026, 2027) if (saint := bolzano.in_year(year))]
    assert days == [date(2026, 5, 25), date(2027, 5, 17)]


def test_a_day_of_ones_own_that_most_years_lack() -> None:
    saint = Patron(month=2, day=29, name="Sant’Augusto")
    assert saint.in_year(2027) is None
    found = saint.in_year(2028)
    assert found is not None
    assert found.day == date(2028, 2, 29)


def test_a_closure_of_the_desk_comes_first_and_once() -> None:
    christmas = DeskSpan(date(2026, 12, 20), date(2027, 1, 2), "Works")
    calendar = Calendar(Patron("RM"), {date(2026, 12, 24): "Eve"}, (christmas,))
    closed = calendar.closing_on(date(2026, 12, 25))
    assert closed is not None
    assert (closed.kind, closed.last) == (DESK, date(2027, 1, 2))
    kinds = [one.kind for one in calendar.next_closures(date(2026, 12, 8), 3)]
    assert kinds == [NATIONAL, DESK, NATIONAL]
    assert calendar.next_closures(date(2026, 12, 28), 1)[0].first == date(2026, 12, 20)


def test_only_days_on_which_it_would_be_open_count() -> None:
    calendar = Calendar(None, {date(2026, 11, 28): "A Saturday", date(2026, 11, 30): "A Monday"})
    found = calendar.next_closures(date(2026, 11, 23), 1, weekdays={1, 2, 3, 4, 5})
    assert [(one.reason, one.kind) for one in found] == [("A Monday", OWN)]


@PROPERTY
@given(_CALENDARS, _DAYS)
def test_a_closure_that_comes_is_closed_on_its_days_and_none_comes_twice(
    calendar: Calendar, day: date
) -> None:
    found = calendar.next_closures(day, 12)
    keys = [(one.first, one.last, one.kind) for one in found if one.kind != DESK]
    assert len(keys) == len(set(keys))
    for one in found:
        assert one.last >= day
        assert calendar.closed_on(one.first) is not None
        assert calendar.closed_on(one.last) is not None


@PROPERTY
@given(_CALENDARS, _DAYS)
def test_no_closed_day_is_missing_from_what_comes(calendar: Calendar, day: date) -> None:
    found = calendar.next_closures(day, 40)
    for offset in range(120):
        one = day + timedelta(days=offset)
        told = any(closed.first <= one <= closed.last for closed in found)
        assert (calendar.closed_on(one) is not None) is told


def test_a_patron_on_a_working_day_closes_it() -> None:
    closed = Calendar(Patron("RM")).closing_on(date(2027, 6, 29))
    assert closed is not None
    assert closed.kind == PATRON
