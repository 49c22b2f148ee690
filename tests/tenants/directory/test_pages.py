from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from html import unescape

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.facts import OPEN_CASES, add_to
from hub.ids import uuid7
from tests.factories import Desk, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.web import sign_in

OpenDesk = Callable[..., Awaitable[Desk]]


def words(page: httpx.Response) -> str:
    """What is to be read on a page, as one line."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def desks_on(page: httpx.Response) -> list[str]:
    """The desks a page links to, in its order."""
    return re.findall(r'href="/desks/([0-9a-f-]{36})"', page.text)


async def get(visitor: httpx.AsyncClient, url: str, **query: str) -> httpx.Response:
    """A page that works and keeps to the policy: nothing inline that it forbids."""
    page = await visitor.get(url, params=query or None)
    assert page.status_code == 200
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page.text)
    assert "<style" not in page.text
    return page


async def test_home_says_where_the_desks_are(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    for municipality in ("Napoli", "Salerno", "Bari"):
        await open_desk(municipality)
    await make_tenant("host", name="Comune di Prato", state="waiting", region_code="09")
    page = await get(visitor, "/")
    assert re.search(r'role="img" aria-label="Map of Italy with 3 desks;', page.text)
    assert page.text.count('class="hub-map-region') == 20
    assert page.text.count('class="hub-map-region hub-map-open') == 2
    assert "Campania 2 desks Puglia 1 desk" in words(page)
    assert 'href="/desks?region=15"' in page.text
    assert "administrations are waiting to join in Toscana." in words(page)


async def test_home_counts_what_is_there_and_nothing_else(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    host = (await open_desk("Napoli")).tenant
    await open_desk("Bari", host_state="suspended")
    await make_membership(host, "operator")
    await make_membership(host, "admin")
    await make_tenant("lender")
    await make_tenant("lender", state="closed")
    figures = words(await get(visitor, "/"))
    assert "desk open to everyone 1 public administration 1 trained operator 1 lender 1" in figures
    assert "tutoring service 0" not in figures
    assert "under way" not in figures


async def test_home_counts_nothing_of_a_kind_that_is_coming(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    await make_membership((await open_desk("Napoli")).tenant, "operator")
    widened = await make_tenant("tutor", "host")
    await make_membership(widened, "operator")
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET coming_kinds = '{host}' WHERE id = $1", widened.id)
    figures = words(await get(visitor, "/"))
    assert "public administration 1 trained operator 1" in figures
    assert "tutoring service 1" in figures


async def test_home_knows_how_many_cases_are_under_way(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    for municipality, cases in (("Napoli", 1200), ("Bari", 34)):
        host = (await open_desk(municipality)).tenant
        async with tenant_transaction(host.id) as scope:
            await add_to(scope, OPEN_CASES, cases)
    assert "cases under way 1,234" in words(await get(visitor, "/"))


async def test_an_empty_network_has_a_home_page_too(
    visitor: httpx.AsyncClient, own_database: Database
) -> None:
    page = words(await get(visitor, "/"))
    assert "The first desks are about to open." in page
    assert "No desk here yet" in words(await get(visitor, "/desks"))
    assert "No desk is open yet" in words(await get(visitor, "/desks", q="Napoli"))


async def test_administrations_are_told_whom_to_write_to(
    visitor: httpx.AsyncClient, own_database: Database
) -> None:
    assert "Write to the Ente" not in words(await get(visitor, "/"))
    await make_tenant("coordinator")
    with clock.moved(timedelta(minutes=1)):
        page = await get(visitor, "/")
    assert re.search(r'href="mailto:office[^"]+@example.org">Write to the Ente', page.text)


async def test_members_are_led_to_their_work(visitor: httpx.AsyncClient) -> None:
    member = await make_membership(await make_tenant("host"))
    await sign_in(visitor, member)
    page = words(await get(visitor, "/"))
    assert "Go to your work" in page


async def test_a_new_desk_is_on_the_map_within_seconds(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    assert "first desks are about to open" in words(await get(visitor, "/"))
    await open_desk("Napoli")
    with clock.moved(timedelta(seconds=10)):
        assert "Campania 1 desk" in words(await get(visitor, "/"))


@pytest.mark.parametrize(
    ("state", "host_state"),
    [("closed", "active"), ("setting_up", "active"), ("active", "suspended"), ("active", "closed")],
)
async def test_what_is_not_open_is_nowhere(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, state: str, host_state: str
) -> None:
    desk = await open_desk("Napoli", state=state, host_state=host_state)
    assert "first desks are about to open" in words(await get(visitor, "/"))
    for query in ({}, {"q": "Napoli"}, {"region": "15"}, {"q": "Portici"}):
        assert desks_on(await get(visitor, "/desks", **query)) == []
    assert (await visitor.get(f"/desks/{desk.id}")).status_code == 404
    assert (await visitor.get("/api/v1/desks")).json()["items"] == []
    assert (await visitor.get(f"/api/v1/desks/{desk.id}")).status_code == 404


async def test_what_is_there_for_test_referrals_is_nowhere(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli", sandbox=True)
    await make_membership(desk.tenant, "operator")
    async with tenant_transaction(desk.tenant.id) as scope:
        await add_to(scope, OPEN_CASES, 7)
    home = words(await get(visitor, "/"))
    assert "first desks are about to open" in home
    assert "public administration" not in home.partition("How it works")[0].partition("figures")[2]
    assert "under way" not in home
    for query in ({}, {"q": "Napoli"}, {"q": "80142"}, {"region": "15"}, {"q": "Portici"}):
        assert desks_on(await get(visitor, "/desks", **query)) == []
    assert (await visitor.get(f"/desks/{desk.id}")).status_code == 404
    assert (await visitor.get("/api/v1/desks")).json()["items"] == []
    assert (await visitor.get(f"/api/v1/desks/{desk.id}")).status_code == 404


@pytest.mark.parametrize("typed", ["napoli", "NAPOLI", " Nàpoli ", "napol"])
async def test_a_municipality_is_found_however_it_is_typed(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, typed: str
) -> None:
    naples, bari = await open_desk("Napoli"), await open_desk("Bari")
    page = await get(visitor, "/desks", q=typed, region="15")
    if typed == "napol":
        assert "Which municipality do you mean?" in words(page)
        page = await get(visitor, "/desks", place="063049")
    assert "One desk in Napoli" in words(page)
    assert desks_on(page) == [str(naples.id)]
    assert str(bari.id) not in page.text


async def test_a_municipality_without_a_desk_gets_the_nearest_with_distances(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    palermo = await open_desk("Palermo", located=False)
    salerno, naples = await open_desk("Salerno"), await open_desk("Napoli")
    page = await get(visitor, "/desks", q="Amalfi")
    assert "Amalfi has no desk of its own yet" in words(page)
    assert desks_on(page) == [str(salerno.id), str(naples.id), str(palermo.id)]
    distances = [float(km) for km in re.findall(r"([\d.,]+) km", words(page))]
    # Measured on a map: Amalfi to Salerno, Naples and Palermo.
    assert distances == pytest.approx([14, 39, 296], abs=4)


async def test_where_no_desk_is_near_it_says_so_and_whom_to_write_to(
    visitor: httpx.AsyncClient, open_desk: OpenDesk, own_database: Database
) -> None:
    await make_tenant("coordinator")
    trapani = await open_desk("Trapani")
    page = await get(visitor, "/desks", q="Cagliari")
    assert "No desk is within 100 km: the nearest is 3" in words(page)
    assert "The nearest desks" not in words(page)
    assert re.search(r'href="mailto:office[^"]+@example.org"', page.text)
    assert desks_on(page) == [str(trapani.id)]
    assert "within 100 km" not in words(await get(visitor, "/desks", q="Marsala"))


async def test_a_number_without_blanks_is_shown_with_its_prefix_apart(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Matera", phone="0835123456")
    page = await get(visitor, f"/desks/{desk.id}")
    assert 'href="tel:0835123456">0835 123456</a>' in page.text


async def test_with_a_desk_at_home_only_close_ones_are_mentioned(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    naples, portici = await open_desk("Napoli"), await open_desk("Portici")
    await open_desk("Bari")
    page = await get(visitor, "/desks", q="napoli")
    assert desks_on(page) == [str(naples.id), str(portici.id)]
    assert "Also nearby" in words(page)


async def test_the_desks_of_a_town_are_told_apart_by_their_host(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    await open_desk("Napoli", host="Università di Prova")
    await open_desk("Napoli", host="Comune di Prova")
    page = await get(visitor, "/desks", q="Napoli")
    assert "2 desks in Napoli" in words(page)
    assert re.findall(r"<h3><a [^>]+>([^<]+)</a>", page.text) == [
        "Comune di Prova",
        "Università di Prova",
    ]


async def test_two_desks_of_one_host_are_told_apart_by_their_names(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    first = await open_desk("Napoli", host="Università di Prova")
    second = await open_desk("Napoli", name="Sportello del porto")
    for query in ({}, {"q": "Napoli"}, {"region": "15"}):
        page = words(await get(visitor, "/desks", **query))
        assert "Università di Prova Sportello di Napoli" in page
        assert f"{second.tenant.name} Sportello del porto" in page
    assert "In the alphabetical order of their municipalities" in words(
        await get(visitor, "/desks")
    )
    assert first.id != second.id


async def test_a_municipality_of_another_region_is_found_all_the_same(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli")
    page = await get(visitor, "/desks", q="napoli", region="19")
    assert desks_on(page) == [str(desk.id)]
    assert "In Sicilia no municipality begins like this. Elsewhere in Italy there is:" in words(
        page
    )
    assert "Elsewhere" not in words(await get(visitor, "/desks", q="napoli", region="15"))
    several = words(await get(visitor, "/desks", q="napol", region="19"))
    assert "Elsewhere in Italy" in several
    assert "Which municipality do you mean?" in several
    nowhere = words(await get(visitor, "/desks", q="zzzz", region="19"))
    assert "No municipality begins like this" in nowhere
    assert "Elsewhere" not in nowhere


async def test_the_pages_lead_to_their_map_and_to_their_data(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli")
    page = await get(visitor, "/desks", region="15")
    assert 'href="#map"' in page.text
    assert '<aside class="hub-desks-map" id="map"' in page.text
    for path, at in (
        ("/api/v1/desks?region=15", page),
        (f"/api/v1/desks/{desk.id}", await get(visitor, f"/desks/{desk.id}")),
    ):
        assert f'<a href="{path}" type="application/json">' in at.text
        assert (await visitor.get(path)).status_code == 200


async def test_of_several_municipalities_the_person_chooses_those_with_desks_first(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    await open_desk("San Severo")
    page = await get(visitor, "/desks", q="san")
    places = re.findall(r'href="/desks\?place=(\d{6})">([^<]+)</a>', page.text)
    assert places[0] == ("071051", "San Severo (FG)")
    assert len(places) == 20
    assert "Please type some more letters" in words(page)
    assert "San Severo" in words(await get(visitor, "/desks", place="071051"))


async def test_both_names_of_a_bilingual_municipality_lead_there(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Bolzano")
    for typed in ("bolzano", "Bozen"):
        assert desks_on(await get(visitor, "/desks", q=typed)) == [str(desk.id)]


async def test_a_name_that_two_municipalities_share_is_asked_about(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    await open_desk("Napoli")
    page = words(await get(visitor, "/desks", q="Samone"))
    assert "Which municipality do you mean?" in page
    assert "Samone (TN)" in page
    assert "Samone (TO)" in page
    assert "Desks near Samone" in words(await get(visitor, "/desks", q="Samone", region="01"))


@pytest.mark.parametrize(
    "typed", ["zzzz", "%", "_", "' OR 1=1 --", "<b>napoli</b>x", "\N{SNOWMAN}"]
)
async def test_what_is_no_municipality_is_said_calmly(
    visitor: httpx.AsyncClient, typed: str
) -> None:
    page = await get(visitor, "/desks", q=typed)
    assert "No municipality begins like this" in words(page)
    assert desks_on(page) == []
    assert "<b>" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "region=99",
        "region=15&region=16",
        "place=x",
        "place=06304٩",
        "after=x",
        "q=" + "n" * 81,
        "q=%00",
        "q=%ff",
    ],
)
async def test_a_search_that_cannot_be_read_is_refused_with_its_form(
    visitor: httpx.AsyncClient, query: str
) -> None:
    page = await visitor.get(f"/desks?{query}")
    assert page.status_code == 422
    assert "This search could not be understood." in words(page)
    assert 'name="q"' in page.text


async def test_a_place_that_does_not_exist_is_not_found(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/desks?place=999999")).status_code == 404


async def test_a_region_has_its_own_list(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    naples = await open_desk("Napoli")
    await open_desk("Bari")
    page = await get(visitor, "/desks", region="15")
    assert "Desks in Campania" in words(page)
    assert desks_on(page) == [str(naples.id)]
    assert "No desk here yet" in words(await get(visitor, "/desks", region="01"))


async def test_the_list_goes_on_until_every_desk_was_shown_once(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    names = ["Napoli", "Bari", "Salerno"] * 15
    opened = {str((await open_desk(name)).id) for name in names}
    seen: list[str] = []
    towns: list[str] = []
    url: str | None = "/desks"
    while url:
        page = await get(visitor, url)
        assert "45 desks" in words(page)
        seen += desks_on(page)
        towns += re.findall(r"Via Toledo 1 – (\w+)", page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        url = unescape(following.group(1)) if following else None
    assert len(seen) == 45
    assert set(seen) == opened
    assert towns == sorted(towns)


async def test_the_page_of_a_region_stays_in_it(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    for name in ["Bari"] + ["Napoli"] * 21:
        await open_desk(name)
    page = await get(visitor, "/desks", region="15")
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following is not None
    assert len(desks_on(await get(visitor, unescape(following.group(1))))) == 1


async def test_a_desk_has_a_page_of_its_own(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk(
        "Salerno",
        host="Comune di Prova",
        address="Via Roma 12",
        phone="+39 089 123456",
        email="desk@example.org",
        opening_hours="lun–ven 9.00–12.30; mar anche 15.00–17.30",
        verified_on=date(2026, 10, 19),
        opened_on=date(2024, 2, 6),
    )
    page = await get(visitor, f"/desks/{desk.id}")
    text = words(page)
    assert "Sportello di Salerno" in text
    assert "at Comune di Prova" in text
    assert "Via Roma 12 Salerno (SA), Campania" in text
    assert "lun–ven 9.00–12.30 mar anche 15.00–17.30" in text
    assert "last verified on 19 October 2026" in text
    assert 'href="tel:+39089123456"' in page.text
    assert 'href="mailto:desk@example.org"' in page.text
    assert re.search(r'href="geo:40\.6\d+,14\.7\d+\?q=40\.6', page.text)
    assert "https://www.openstreetmap.org/?mlat=40.6" in page.text
    assert 'class="hub-map-marker"' in page.text


async def test_a_desk_of_which_little_is_known_says_only_that(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Salerno", located=False, opened_on=None)
    page = await get(visitor, f"/desks/{desk.id}")
    for missing in (
        "Telephone",
        "Opening hours",
        "E-mail address",
        "Open since",
        "verified",
        "None",
    ):
        assert missing not in words(page)
    # Its municipality's middle is no address to be led to.
    assert re.search(r'href="geo:[\d.,]+\?q=Via%20Toledo%201%2C%20Salerno"', page.text)


async def test_a_host_cannot_put_a_script_behind_its_website(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli", host="<script>alert(1)</script>")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET website = 'javascript:alert(1)' WHERE id = $1", desk.tenant.id
        )
    page = await get(visitor, f"/desks/{desk.id}")
    assert "javascript:" not in page.text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("desk_id", ["x", "1", "%00", "..%2f..", "{new}"])
async def test_what_is_no_desk_is_not_found(visitor: httpx.AsyncClient, desk_id: str) -> None:
    named = desk_id.format(new=uuid7())
    assert (await visitor.get(f"/desks/{named}")).status_code == 404
    problem = await visitor.get(f"/api/v1/desks/{named}")
    assert problem.status_code == 404
    assert problem.headers["content-type"].startswith("application/problem+json")


async def test_a_desk_has_one_address_only(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    desk = await open_desk("Napoli")
    shouted = str(desk.id).upper()
    assert (await visitor.get(f"/desks/{shouted}")).status_code == 404
    assert (await visitor.get(f"/api/v1/desks/{shouted}")).status_code == 404
