"""Open now, or when next: a desk's hours with its closures, on its own wall clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.directory.opening import opening_at
from hub.tenants.organisation.closing import Calendar, DeskSpan, Patron
from hub.tenants.organisation.hours import Hours
from hub.web.i18n import reading_in
from tests.factories import Desk
from tests.tenants.directory.test_pages import get, words

OpenDesk = Callable[..., Awaitable[Desk]]
ROME = ZoneInfo("Europe/Rome")
# Monday to Friday in the morning, on Tuesdays in the afternoon, too.
WEEK: Hours = tuple(
    sorted([*((day, time(9), time(13)) for day in range(1, 6)), (2, time(15), time(17, 30))])
)
MONDAY = date(2026, 11, 23)


def said(
    moment: datetime,
    calendar: Calendar | None = None,
    hours: Hours = WEEK,
    zone: str = "Europe/Rome",
    locale: str = "en",
) -> tuple[bool, str, str] | None:
    with reading_in(locale):
        found = opening_at(hours, calendar or Calendar(), moment, zone)
    return (found.open, found.text, found.why) if found else None


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ROME)


@pytest.mark.parametrize(
    ("days", "hour", "minute", "open_now", "text"),
    [
        (0, 8, 59, False, "Opens today at 9:00"),
        (0, 9, 0, True, "Open now until 13:00"),
        (0, 12, 59, True, "Open now until 13:00"),
        (0, 13, 0, False, "Opens tomorrow at 9:00"),
        (1, 14, 0, False, "Opens today at 15:00"),
        (1, 16, 0, True, "Open now until 17:30"),
        (4, 14, 0, False, "Opens on Monday 30 November at 9:00"),
        (6, 23, 59, False, "Opens tomorrow at 9:00"),
    ],
)
def test_a_week_is_told_by_the_minute(
    days: int, hour: int, minute: int, *, open_now: bool, text: str
) -> None:
    found = said(at(MONDAY + timedelta(days=days), hour, minute))
    assert found is not None
    assert found[0] == open_now
    assert found[1].replace(",", "") == text


def test_italian_offices_write_a_point() -> None:
    assert said(at(MONDAY, 10), locale="it") == (True, "Aperto ora fino alle 13.00", "")


def test_a_desk_that_is_closed_today_says_why_and_when_it_opens() -> None:
    closed = Calendar(closures=(DeskSpan(MONDAY, MONDAY + timedelta(days=1), "Trasloco"),))
    found = said(at(MONDAY, 10), closed)
    assert found is not None
    assert found[0] is False
    assert "25 November at 9:00" in found[1]
    assert found[2] == "Closed today: Trasloco"
    silent = Calendar(closures=(DeskSpan(MONDAY, MONDAY),))
    assert said(at(MONDAY, 10), silent) == (False, "Opens tomorrow at 9:00", "Closed today")


def test_a_holiday_on_a_day_without_hours_is_no_reason() -> None:
    saint = Calendar(patron=Patron(month=11, day=29, name="San Saturnino"))
    sunday = date(2026, 11, 29)
    assert said(at(sunday, 10), saint) == (False, "Opens tomorrow at 9:00", "")


def test_a_national_holiday_is_closed() -> None:
    found = said(at(date(2026, 12, 8), 10))
    assert found is not None
    assert found[0] is False
    assert found[2].startswith("Closed today: ")


def test_without_hours_nothing_is_said() -> None:
    assert said(at(MONDAY, 10), hours=()) is None


def test_a_desk_closed_for_long_says_so() -> None:
    closed = Calendar(closures=(DeskSpan(MONDAY, MONDAY + timedelta(days=500), "Lavori"),))
    found = said(at(MONDAY, 10), closed)
    assert found == (False, "Closed for the time being", "Closed today: Lavori")


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_on_the_days_of_the_time_change_the_wall_clock_counts(day: date) -> None:
    hours: Hours = ((7, time(9), time(13)),)
    assert said(at(day, 8, 59), hours=hours) == (False, "Opens today at 9:00", "")
    assert said(at(day, 9), hours=hours) == (True, "Open now until 13:00", "")
    # The same instants, as the server sees them: the offset of the afternoon holds already.
    utc = at(day, 12, 59).astimezone(UTC)
    assert said(utc, hours=hours) == (True, "Open now until 13:00", "")


def test_a_desk_has_the_clock_of_its_own_zone() -> None:
    noon_in_utc = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    rome, london = said(noon_in_utc), said(noon_in_utc, zone="Europe/London")
    assert rome is not None
    assert london is not None
    assert (rome[0], london[0]) == (False, True)


def every_day() -> list[list[object]]:
    return [[day, "00:00", "23:59"] for day in range(1, 8)]


async def test_the_list_and_the_page_say_whether_it_is_open(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    morning = datetime.combine(MONDAY, time(10), ROME) - clock.now()
    desk = await open_desk("Napoli", hours=[[1, "09:00", "13:00"]], opening_hours="citofono 3")
    with clock.moved(morning):
        assert "Open now until 13:00" in words(await get(visitor, "/desks"))
        page = words(await get(visitor, f"/desks/{desk.id}"))
    assert "Open now until 13:00" in page
    assert "Mon 9:00–13:00 Tue–Sun closed citofono 3" in page


async def test_a_desk_closed_today_says_so_on_its_page(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli", hours=every_day())
    today = clock.today()
    async with tenant_transaction(desk.tenant.id) as scope:
        await scope.execute(
            "INSERT INTO desk_closures (id, tenant_id, desk_id, starts_on, ends_on, reason, created_at)"
            " VALUES ($1, $2, $3, $4, $5, 'Inventario', $6)",
            uuid7(),
            desk.tenant.id,
            desk.id,
            today,
            today + timedelta(days=2),
            scope.now,
        )
    page = words(await get(visitor, f"/desks/{desk.id}"))
    assert "Closed today: Inventario" in page
    assert "Next closures" in page
    assert page.count("Inventario") == 2


async def test_a_patron_saint_on_a_sunday_is_shown_once_and_moves_nowhere(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    # Saint Januarius of Naples, 19 September, is a Sunday in 2027.
    desk = await open_desk("Napoli", patron="NA", hours=every_day())
    weekdays = await open_desk("Salerno", patron="NA", hours=[[1, "09:00", "13:00"]])
    early = datetime.combine(date(2027, 9, 1), time(10), ROME) - clock.now()
    with clock.moved(early):
        page = words(await get(visitor, f"/desks/{desk.id}"))
        other = words(await get(visitor, f"/desks/{weekdays.id}"))
        api = (await visitor.get(f"/api/v1/desks/{desk.id}")).json()
    assert page.count("19 September 2027") == 1
    assert "20 September" not in page
    assert "19 September 2027" not in other
    kinds = [one["kind"] for one in api["closures"] if one["first"] == "2027-09-19"]
    assert kinds == ["patron"]
