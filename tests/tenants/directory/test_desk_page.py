"""A desk's page: everything one needs to get there, and nothing that is loaded from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date

import httpx

from hub.db import tenant_transaction
from tests.factories import Desk
from tests.tenants.directory.test_pages import get, words

OpenDesk = Callable[..., Awaitable[Desk]]


async def test_a_desk_says_what_it_does_and_how_to_reach_it(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk(
        "Napoli",
        postal_code="80134",
        phone="081 123 456",
        email="desk@example.org",
        how_to_reach="Secondo piano.\nFermata Toledo <M1>.",
        offers=["debt_advice", "information", "gone"],
        provinces=["NA", "CE"],
        verified_on=date(2026, 10, 19),
    )
    async with tenant_transaction(desk.tenant.id) as scope:
        await scope.execute(
            "UPDATE tenants SET accessibility_url = 'https://example.org/a11y',"
            " feedback_email = 'access@example.org', website = 'https://example.org' WHERE id = $1",
            desk.tenant.id,
        )
    page = await get(visitor, f"/desks/{desk.id}")
    text = words(page)
    assert "80134 Napoli (NA), Campania" in text
    assert "Secondo piano. Fermata Toledo <M1>." in text
    assert "What it does for you Information on microcredit Advice on debts" in text
    assert "For people from the provinces of Caserta, Napoli" in text
    assert "last verified on 19 October 2026" in text
    for address in (
        "tel:081123456",
        "mailto:desk@example.org",
        "mailto:access@example.org",
        "https://example.org/a11y",
    ):
        assert f'href="{address}"' in page.text
    assert re.search(r'href="geo:40\.\d{5},14\.\d{5}', page.text)
    assert 'href="https://www.openstreetmap.org/?mlat=40.' in page.text


async def test_nothing_is_loaded_from_elsewhere(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli")
    page = await get(visitor, f"/desks/{desk.id}")
    loaded = re.findall(r'<(?:img|script|iframe|source|use)[^>]+(?:src|href)="([^"]+)"', page.text)
    loaded += re.findall(r'<link[^>]+href="([^"]+)"', page.text)
    assert loaded
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)


async def test_an_address_that_is_no_web_page_is_not_linked(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli")
    async with tenant_transaction(desk.tenant.id) as scope:
        await scope.execute(
            "UPDATE tenants SET accessibility_url = 'javascript:alert(1)', website = 'javascript:alert(2)'"
            " WHERE id = $1",
            desk.tenant.id,
        )
    assert "javascript:" not in (await get(visitor, f"/desks/{desk.id}")).text


async def test_what_is_not_stated_is_left_out(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    text = words(await get(visitor, f"/desks/{(await open_desk('Napoli')).id}"))
    for heading in (
        "How to reach it",
        "Opening hours",
        "Next closures",
        "What it does",
        "verified",
    ):
        assert heading not in text


async def test_days_without_hours_are_said_to_be_closed(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli", hours=[[1, "09:00", "13:00"], [2, "09:00", "13:00"]])
    assert "Mon, Tue 9:00–13:00 Wed–Sun closed" in words(await get(visitor, f"/desks/{desk.id}"))
    silent = await open_desk("Salerno", opening_hours="su appuntamento")
    assert "closed" not in words(await get(visitor, f"/desks/{silent.id}"))
