"""The list of closing days, and days of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.organisation import queries
from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Tenant, make_desk, make_membership
from tests.support.web import sign_in
from tests.tenants.organisation.making import actions, iso, set_tenant

NewClient = Callable[[], httpx.AsyncClient]
LIST = "/organisation/closing-days"


def at(day: date) -> timedelta:
    """How far the clock goes to noon of that day."""
    noon = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
    return noon - clock.now()


def working_day() -> date:
    return clock.add_working_days(clock.today() + timedelta(days=7), 1)


async def add(client: httpx.AsyncClient, day: str, label: str = "") -> httpx.Response:
    return await client.post(LIST, data={"day": day, "label": label})


async def test_a_day_of_ones_own_is_added_and_removed(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    day = working_day()
    assert (await add(office, iso(day), "Ponte")).headers["location"] == LIST
    shown = (await office.get(LIST)).text
    assert "Ponte" in shown
    assert "own closing day" in shown
    async with tenant_transaction(host.id) as scope:
        calendar = await queries.calendar_of(scope, host.id, clock.today())
    assert calendar.closed_on(day) == "Ponte"

    found = re.search(r"/organisation/closing-days/([0-9a-f-]{36})/remove", shown)
    assert found
    assert (await office.post(found[0])).headers["location"] == LIST
    assert (await office.post(found[0])).status_code == 404
    assert "Ponte" not in (await office.get(LIST)).text
    assert await actions(host) == ["closing_day.added", "closing_day.removed"]


async def test_a_day_that_is_closed_already_is_not_added(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    day = working_day()
    await add(office, iso(day))
    christmas = date(clock.today().year + 1, 12, 25)
    for closed in (day, christmas):
        refused = await add(office, iso(closed))
        assert refused.status_code == 422
        assert "closed on this day already" in refused.text
    assert await actions(host) == ["closing_day.added"]


@pytest.mark.parametrize("typed", ["", "soon", "2020-01-01", "31/02/2027", "2099-01-01"])
async def test_a_day_that_cannot_be_is_refused(office: httpx.AsyncClient, typed: str) -> None:
    refused = await add(office, typed)
    assert refused.status_code == 422
    assert 'id="field-day-error"' in refused.text


async def test_so_many_days_are_enough(office: httpx.AsyncClient, host: Tenant) -> None:
    async with tenant_transaction(host.id) as scope:
        for offset in range(60):
            await queries.add_closing_day(scope, clock.today() + timedelta(days=offset), "")
    refused = await add(office, iso(clock.today() + timedelta(days=80)))
    assert refused.status_code == 409
    assert "60 closing days" in refused.text


@pytest.mark.parametrize(
    ("province", "today", "said"),
    [
        ("TO", date(2029, 1, 8), "A Sunday this time: no other day is closed in its place."),
        ("BO", date(2027, 1, 8), "Also your patron saint: Saint Petronius"),
    ],
)
async def test_a_saint_on_a_sunday_or_on_a_holiday_is_said_once(
    client: httpx.AsyncClient, host: Tenant, province: str, today: date, said: str
) -> None:
    await set_tenant(host, patron_province=province)
    with clock.moved(at(today)):
        await sign_in(client, await make_membership(host, "viewer"))
        client.cookies.set(LOCALE_COOKIE, "en")
        shown = (await client.get(LIST)).text
    assert shown.count(said) == 1


async def test_a_list_without_a_patron_says_so(office: httpx.AsyncClient) -> None:
    assert "The patron saint is not chosen yet." in (await office.get(LIST)).text


async def test_everyone_reads_them_and_admins_change_them(
    new_client: NewClient, host: Tenant
) -> None:
    limited = await make_membership(host, "admin", desks=(await make_desk(host),))
    for person in (limited, await make_membership(host, "viewer")):
        client = new_client()
        await sign_in(client, person)
        shown = await client.get(LIST)
        assert shown.status_code == 200
        assert "<form" not in shown.text.partition("<main")[2].partition("</main")[0]
        assert (await add(client, iso(working_day()))).status_code == 403
