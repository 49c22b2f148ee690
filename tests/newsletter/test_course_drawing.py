"""The course as a table, for those who do not see the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.newsletter.course_drawing import MOST_ROWS, drawn
from hub.newsletter.schemas import Campaign, CoursePoint
from tests.newsletter.making import draft

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # 12:00 in Rome


def campaign() -> Campaign:
    content = draft()
    return Campaign(
        id=UUID(int=1),
        subject=content.subject,
        preheader="",
        locale="it",
        blocks=content.blocks,
        segment=content.segment,
        state="sending",
        recipients=100,
        created_at=NOON,
        updated_at=NOON,
        started_at=NOON,
        finished_at=None,
        stalled_at=None,
        stalled_reply=None,
        next_try_at=None,
        version=2,
        expected=100,
        on_doubt="ask",
        paused_at=None,
        paused_why=None,
        paused_reply=None,
        due_at=NOON,
    )


def rows_at(seconds: Sequence[float], begin: datetime = NOON) -> list[tuple[str, str]]:
    """(when, how many were sent): one more at each of these instants."""
    course = [
        CoursePoint(begin + timedelta(seconds=each), number, 0, 0)
        for number, each in enumerate(seconds)
    ]
    curves = drawn(course, campaign())
    assert curves
    return [(row[0], row[1]) for row in curves.rows]


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        ([0, 10, 20], ["12:00:00", "12:00:10", "12:00:20"]),
        ([0, 600, 1200], ["12:00", "12:10", "12:20"]),
        ([0, 10, 20, 7200], ["12:00:00", "12:00:10", "12:00:20", "14:00:00"]),
        ([0, 86_400, 86_410], ["23/11/26, 12:00:00", "24/11/26, 12:00:00", "24/11/26, 12:00:10"]),
    ],
    ids=["a minute", "a while", "a burst and a late try", "two days"],
)
def test_each_row_has_a_time_of_its_own(seconds: list[float], times: list[str]) -> None:
    assert [time for time, _sent in rows_at(seconds)] == times


def test_what_not_even_seconds_tell_apart_is_one_row() -> None:
    """Slots that a clock ahead of ours wrote end where we are now."""
    assert rows_at([0, 10.0, 10.0, 10.4]) == [("12:00:00", "0"), ("12:00:10", "3")]


def test_the_hour_that_comes_twice() -> None:
    rows = rows_at([0, 1800, 3600, 5400], datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert len({time for time, _sent in rows}) == len(rows)
    assert rows[-1][1] == "3"


def test_a_long_course_has_few_rows_and_ends_at_its_end() -> None:
    rows = rows_at([10.0 * each for each in range(121)])
    assert len(rows) <= MOST_ROWS + 1
    assert rows[-1][1] == "120"
