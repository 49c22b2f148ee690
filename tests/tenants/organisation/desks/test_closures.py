"""Closing a desk for a time."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.organisation import queries
from hub.tenants.organisation.closing import DESK as OF_DESK
from tests.factories import Desk, Tenant, make_desk
from tests.tenants.organisation.making import actions


def page_of(desk: Desk) -> str:
    return f"/organisation/desks/{desk.id}"


async def announce(
    client: httpx.AsyncClient, desk: Desk, first: int, last: int, reason: str = "Summer"
) -> httpx.Response:
    """In days from today."""
    days = (clock.today() + timedelta(days=number) for number in (first, last))
    starts_on, ends_on = (day.isoformat() for day in days)
    data = {"starts_on": starts_on, "ends_on": ends_on, "reason": reason}
    return await client.post(f"{page_of(desk)}/closures/new", data=data)


async def test_a_closure_is_announced_shown_and_removed(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk, other = await make_desk(host), await make_desk(host)
    assert (await announce(office, desk, 3, 10)).headers["location"] == page_of(desk)
    shown = (await office.get(page_of(desk))).text
    assert "Summer" in shown
    async with tenant_transaction(host.id) as scope:
        found = await queries.calendars(scope, [desk.id, other.id], clock.today())
    day = clock.today() + timedelta(days=5)
    closed = found[desk.id].closing_on(day)
    assert closed
    assert closed.kind == OF_DESK
    assert found[other.id].closed_on(day) != "Summer"

    remove = re.search(rf"{page_of(desk)}/closures/[0-9a-f-]{{36}}/remove", shown)
    assert remove
    elsewhere = remove[0].replace(str(desk.id), str(other.id))
    assert (await office.post(elsewhere)).status_code == 404
    assert (await office.post(remove[0])).status_code == 303
    assert (await office.post(remove[0])).status_code == 404
    assert await actions(host) == ["desk.closure_added", "desk.closure_removed"]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (5, 4, "comes before the first"),
        (-9, -3, "Enter a date from"),
        (1, 400, "longer than a year"),
    ],
)
async def test_days_that_make_no_closure(
    office: httpx.AsyncClient, host: Tenant, first: int, last: int, said: str
) -> None:
    desk = await make_desk(host)
    refused = await announce(office, desk, first, last)
    assert refused.status_code == 422
    assert said in refused.text
    assert await actions(host) == []


async def test_one_that_lasts_already_may_be_announced(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    assert (await announce(office, desk, -2, 4)).status_code == 303


async def test_two_closures_do_not_overlap(office: httpx.AsyncClient, host: Tenant) -> None:
    desk = await make_desk(host)
    await announce(office, desk, 3, 10)
    refused = await announce(office, desk, 10, 12)
    assert refused.status_code == 422
    assert "announced for one of these days already" in refused.text
    assert (await announce(office, desk, 11, 12)).status_code == 303


async def test_twenty_are_enough(office: httpx.AsyncClient, host: Tenant) -> None:
    desk = await make_desk(host)
    for day in range(1, 21):
        assert (await announce(office, desk, day, day)).status_code == 303
    assert (await announce(office, desk, 30, 30)).status_code == 409
