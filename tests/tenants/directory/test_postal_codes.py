"""A desk is found by the five digits that people know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.factories import Desk
from tests.tenants.directory.test_pages import desks_on, get, words

OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.mark.parametrize("query", [{"q": "80142"}, {"q": " 80 142 "}, {"postal_code": "80142"}])
async def test_a_code_of_one_municipality_leads_there(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, query: dict[str, str]
) -> None:
    naples, portici = await open_desk("Napoli"), await open_desk("Portici")
    page = await get(visitor, "/desks", **query)
    assert "One desk in Napoli" in words(page)
    assert desks_on(page) == [str(naples.id), str(portici.id)]


async def test_in_a_city_of_many_codes_the_desk_at_this_one_comes_first(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    elsewhere = await open_desk("Napoli", host="Comune A", postal_code="80121")
    here = await open_desk("Napoli", host="Comune B", postal_code="80142")
    assert desks_on(await get(visitor, "/desks", q="80142")) == [str(here.id), str(elsewhere.id)]
    assert desks_on(await get(visitor, "/desks", q="80121")) == [str(elsewhere.id), str(here.id)]


async def test_a_code_of_several_municipalities_shows_the_desks_of_all_and_names_them(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    # 24060 serves some forty municipalities around Bergamo, Sarnico and Villongo among them.
    villongo, bergamo = await open_desk("Villongo"), await open_desk("Bergamo")
    page = await get(visitor, "/desks", q="24060")
    assert "Desks at postal code 24060" in words(page)
    assert "One desk at postal code 24060" in words(page)
    assert desks_on(page) == [str(villongo.id), str(bergamo.id)]
    assert "Adrara San Rocco (BG)" in words(page)


async def test_a_code_without_a_desk_gets_the_nearest(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    naples, bergamo = await open_desk("Napoli"), await open_desk("Bergamo")
    page = await get(visitor, "/desks", q="24060")
    assert "There is no desk at postal code 24060 yet." in words(page)
    assert desks_on(page) == [str(bergamo.id), str(naples.id)]
    alone = await get(visitor, "/desks", q="84011")
    assert "Amalfi has no desk of its own yet" in words(alone)
    assert desks_on(alone)[0] == str(naples.id)


@pytest.mark.parametrize(
    ("typed", "city"),
    [("00100", "Roma"), ("80100", "Napoli"), ("20100", "Milano"), ("75100", "Matera")],
)
async def test_the_code_that_people_write_for_a_whole_city_leads_there(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, typed: str, city: str
) -> None:
    desk = await open_desk(city)
    page = await get(visitor, "/desks", q=typed)
    assert f"One desk in {city}" in words(page)
    assert desks_on(page) == [str(desk.id)]


@pytest.mark.parametrize("typed", ["99999", "00001", "99100"])
async def test_a_code_that_there_is_not_is_said_calmly(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, typed: str
) -> None:
    await open_desk("Napoli")
    page = await get(visitor, "/desks", q=typed)
    assert "No municipality has this postal code" in words(page)
    assert desks_on(page) == []


@pytest.mark.parametrize("query", ["q=8014", "q=801422", "postal_code=8014", "postal_code=Napoli"])
async def test_what_is_no_code_is_refused_with_its_form(
    visitor: httpx.AsyncClient, query: str
) -> None:
    page = await visitor.get(f"/desks?{query}")
    assert page.status_code == 422
    assert "This search could not be understood." in words(page)
    if query.startswith("q="):
        assert "A postal code has five digits." in words(page)
