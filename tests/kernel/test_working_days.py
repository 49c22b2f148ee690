"""Italian working days: weekends, national holidays and Easter Monday do not count."""

from __future__ import annotations

from datetime import date

import pytest

from hub.clock import add_working_days, is_working_day


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 1, 6),
        date(2026, 4, 6),  # Easter Monday
        date(2025, 4, 21),
        date(2038, 4, 26),  # as late as it can be
        date(2026, 6, 2),
        date(2026, 12, 8),
        date(2027, 10, 4),  # Saint Francis, again a holiday
        date(2026, 11, 21),  # a Saturday
        date(2026, 11, 22),
    ],
)
def test_nobody_works(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize(
    "day", [date(2026, 11, 23), date(2026, 4, 7), date(2024, 10, 4), date(2026, 12, 24)]
)
def test_everybody_works(day: date) -> None:
    assert is_working_day(day)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 12, 23), 10, date(2027, 1, 11)),
        (date(2026, 4, 2), 2, date(2026, 4, 7)),
    ],
)
def test_the_answer_is_due_behind_holidays(start: date, count: int, expected: date) -> None:
    assert add_working_days(start, count) == expected
