from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hub.ids import uuid7
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.standing import moment, standing_of, time_left
from hub.web import i18n

OPENS = datetime(2027, 1, 10, 8, tzinfo=UTC)
CLOSES = datetime(2027, 2, 28, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)

CALL = Call(
    id=uuid7(),
    tenant_id=uuid7(),
    slug="a",
    title="A",
    text="",
    regions=(),
    host_kinds=(),
    required_files=(),
    minimum_points=60,
    difference_limit=20,
    opens_at=OPENS,
    closes_at=CLOSES,
    state="published",
    published_at=OPENS,
    evaluating_at=None,
    decided_at=None,
    updated_at=OPENS,
    version=1,
)


@pytest.mark.parametrize(
    ("state", "now", "standing"),
    [
        ("draft", OPENS, "draft"),
        ("published", OPENS - SECOND, "soon"),
        ("published", OPENS, "open"),
        ("published", CLOSES - SECOND, "open"),
        ("published", CLOSES, "closed"),
        ("evaluating", CLOSES, "evaluating"),
        ("proposed", CLOSES, "evaluating"),
        ("decided", CLOSES, "decided"),
    ],
)
def test_standing(state: str, now: datetime, standing: str) -> None:
    assert standing_of(msgspec.structs.replace(CALL, state=state), now) == standing


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (CLOSES, "28 febbraio 2027, 12:00 (ora di Roma, UTC+01:00)"),
        (datetime(2027, 6, 1, 22, 30, tzinfo=UTC), "2 giugno 2027, 00:30 (ora di Roma, UTC+02:00)"),
        # The hour that comes twice is told apart by its offset.
        (
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "25 ottobre 2026, 02:30 (ora di Roma, UTC+02:00)",
        ),
        (
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            "25 ottobre 2026, 02:30 (ora di Roma, UTC+01:00)",
        ),
        (None, ""),
    ],
)
def test_a_moment_says_its_zone(instant: datetime | None, shown: str) -> None:
    assert moment(instant) == shown


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(days=10, hours=23), "10 giorni"),
        (timedelta(days=2, hours=23, minutes=59), "2 giorni e 23 ore"),
        (timedelta(days=2, minutes=59), "2 giorni"),
        (timedelta(days=1, hours=1), "1 giorno e 1 ora"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 ore e 59 minuti"),
        (timedelta(hours=1), "1 ora"),
        (timedelta(minutes=1, seconds=59), "1 minuto"),
        (timedelta(seconds=59), "meno di un minuto"),
        (timedelta(seconds=-5), "meno di un minuto"),
    ],
)
def test_time_left_is_never_more_than_there_is(span: timedelta, shown: str) -> None:
    with i18n.reading_in("it"):
        assert time_left(span) == shown
