"""A desk's week of hours: what people type, what is kept, when it is open, how it is shown."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.tenants.organisation import hours
from hub.tenants.organisation.hours import Hours, Span
from hub.web.fields import Refused
from hub.web.i18n import reading_in

PROPERTY = settings(derandomize=True, deadline=None, database=None)
_TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@st.composite
def _weeks(draw: st.DrawFn) -> Hours:
    """At most two spans a day that do not touch."""
    spans: list[Span] = []
    for day in draw(st.sets(st.integers(1, 7))):
        count = draw(st.sampled_from([2, 4]))
        edges = sorted(draw(st.sets(_TIMES, min_size=count, max_size=count)))
        spans += [(day, edges[i], edges[i + 1]) for i in range(0, count, 2)]
    return tuple(sorted(spans))


@PROPERTY
@given(_weeks(), st.sampled_from(["it", "en"]))
def test_what_is_shown_can_be_typed_again(week: Hours, locale: str) -> None:
    with reading_in(locale):
        assert hours.parse([hours.typed_day(week, day) for day in hours.WEEKDAYS]) == week


@PROPERTY
@given(_weeks())
def test_json_brings_back_the_same_week(week: Hours) -> None:
    assert hours.from_json(hours.to_json(week)) == week


@PROPERTY
@given(_weeks(), st.integers(0, 4 * 366 * 24 * 60))
def test_open_means_inside_a_span_of_that_weekday(week: Hours, minutes: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = moment.astimezone(ZoneInfo("Europe/Rome"))
    minute = local.hour * 60 + local.minute
    expected = any(
        day == local.isoweekday()
        and opens.hour * 60 + opens.minute <= minute < closes.hour * 60 + closes.minute
        for day, opens, closes in week
    )
    assert hours.open_at(week, moment) is expected


@PROPERTY
@given(_weeks())
def test_every_weekday_with_hours_is_in_one_line_and_lines_differ(week: Hours) -> None:
    shown = hours.lines(week)
    assert len({times for _days, times in shown}) == len(shown)
    assert bool(shown) is bool(week)


@PROPERTY
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(typed: str) -> None:
    try:
        spans = hours.parse_day(1, typed)
    except Refused:
        return
    assert hours.from_json(hours.to_json(spans)) == spans


@pytest.mark.parametrize(
    "typed",
    [
        "9:00–13:00, 15:00–17:30",
        "9.00-13.00 15.00-17.30",
        "9-13,15-17.30",
        "09:00 - 13:00; 15:00 — 17:30",
        "dalle 9 alle 13 e dalle 15 alle 17.30",
        "15:00-17:30, 9:00-11:00, 11:00-13:00",
        "9h00-13h00, 15h00-17h30",
    ],
)
def test_times_are_read_as_people_write_them(typed: str) -> None:
    assert hours.parse_day(2, typed) == (
        (2, time(9), time(13)),
        (2, time(15), time(17, 30)),
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("9", "like this"),
        ("9:00", "like this"),
        ("closed", "like this"),
        ("9-13x15-17", "like this"),
        ("9-1315-17", "like this"),
        ("9:00–13:00,, -", "like this"),
        ("13-9", "after the opening"),
        ("9-9", "after the opening"),
        ("9-25", "does not exist"),
        ("9-12:60", "does not exist"),
        ("9-13, 12-17", "overlap"),
        ("8-9, 10-11, 12-13", "at most two"),
        ("<script>", "like this"),
    ],
)
def test_what_is_no_span_is_refused_in_words(typed: str, said: str) -> None:
    with reading_in("en"), pytest.raises(Refused, match=said):
        hours.parse_day(1, typed)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        {},
        [[0, "09:00", "13:00"]],
        [[8, "09:00", "13:00"]],
        [[1, "9:00", "13:00"]],
        [[1, "13:00", "09:00"]],
        [[1, "09:00"]],
        [[1, "09:00", "13:00"], [1, "12:00", "14:00"]],
        [[1, "09:00", "13:00"], [1, "13:00", "14:00"]],
        [[2, "09:00", "13:00"], [1, "09:00", "13:00"]],
        [[1, "09:00", "24:00"]],
    ],
)
def test_other_json_is_refused(rows: object) -> None:
    with pytest.raises(ValueError, match=r"hour|span|time"):
        hours.from_json(rows)


def test_days_with_equal_times_share_a_line() -> None:
    week = hours.parse(["9-13", "9-13, 15-17", "9-13", "9-13, 15-17", "9-13", "", ""])
    with reading_in("it"):
        assert hours.lines(week) == [
            ("lun, mer, ven", "9.00–13.00"),
            ("mar, gio", "9.00–13.00, 15.00–17.00"),
        ]
    office = hours.parse(["9-13"] * 5 + ["9-12", ""])
    with reading_in("it"):
        assert hours.lines(office) == [("lun–ven", "9.00–13.00"), ("sab", "9.00–12.00")]
    with reading_in("en"):
        assert hours.lines(office)[0] == ("Mon–Fri", "9:00–13:00")


def test_hours_are_of_the_place_in_summer_and_in_winter() -> None:
    week = hours.parse(["9-13", "", "", "", "", "", ""])
    winter = datetime(2026, 11, 23, 8, tzinfo=UTC)
    summer = datetime(2026, 7, 20, 7, tzinfo=UTC)
    for opening in (winter, summer):
        assert hours.open_at(week, opening)
        assert not hours.open_at(week, opening - timedelta(seconds=1))
        assert not hours.open_at(week, opening + timedelta(hours=4))


def test_the_days_without_hours_are_said_as_those_with_hours() -> None:
    week = hours.parse(["9-13", "", "", "9-13", "9-13", "", ""])
    with reading_in("it"):
        assert hours.days_without(week) == "mar, mer, sab, dom"
        assert hours.days_without(hours.parse(["", "9-13", "", "", "", "", ""])) == "lun, mer–dom"
    assert hours.days_without(hours.parse(["9-13"] * 7)) == ""
