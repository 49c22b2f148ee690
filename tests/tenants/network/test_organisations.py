"""The Ente's lists: the organisations by name, standing, kind and region, and the silent desks; page after page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest

from hub import clock
from hub.ids import uuid7
from tests.factories import make_tenant
from tests.tenants.network.conftest import Browse
from tests.tenants.network.making import LOMBARDY, Network, Point

DAY = timedelta(days=1)
_ROWS = re.compile(r'<th scope="row"[^>]*><a href="[^"]*">([^<]*)</a>')
_NEXT = re.compile(r'href="([^"]*[?&](?:amp;)?after=[^"]*)"')


def names_in(page: str) -> list[str]:
    return [unescape(name) for name in _ROWS.findall(page)]


def next_in(page: str) -> str | None:
    found = _NEXT.search(page)
    return unescape(found.group(1)) if found else None


async def pages_from(client: httpx.AsyncClient, path: str) -> list[list[str]]:
    pages: list[list[str]] = []
    address: str | None = path
    while address and len(pages) < 9:
        answer = await client.get(address)
        assert answer.status_code == 200
        pages.append(names_in(answer.text))
        address = next_in(answer.text)
    return pages


@pytest.fixture
async def client(network: Network, browse: Browse) -> httpx.AsyncClient:
    return await browse(network.admin)


async def test_by_name_page_after_page_each_once(
    network: Network, client: httpx.AsyncClient
) -> None:
    # Several have one name: the id tells which comes first.
    names = [f"Comune {number // 3:03}" for number in range(120)]
    for name in names:
        await make_tenant("host", name=name)
    pages = await pages_from(client, "/network/organisations")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [name for page in pages for name in page] == names


async def test_filters_stay_on_the_next_page(network: Network, client: httpx.AsyncClient) -> None:
    for number in range(60):
        await make_tenant("host", name=f"Comune {number:02}")
        await make_tenant("lender", name=f"Banca {number:02}")
    path = "/network/organisations?kind=lender&q=banca&region=15&state=active"
    pages = await pages_from(client, path)
    assert [len(page) for page in pages] == [50, 10]
    assert {name[:5] for page in pages for name in page} == {"Banca"}


async def test_standing_is_the_first_that_applies(
    network: Network, client: httpx.AsyncClient
) -> None:
    states = ("active", "suspended", "waiting", "closed")
    tenants = {state: await make_tenant("host", name=f"È {state}", state=state) for state in states}
    await network.setup(tenants["active"], [Point("protocol_signed", "done")], state="active")
    coming = await make_tenant("host", name="È setup", state="suspended")
    await network.setup(coming, [Point("protocol_signed"), Point("desks_complete", "done")])
    # Active, and being set up for another kind: the set-up that runs counts.
    widened = await make_tenant("host", "tutor", name="È setup, attiva")
    await network.setup(widened, [Point("protocol_signed", "undone")], state="active")
    await network.setup(widened, [Point("register_stated", exception="agreed")])
    undone = await make_tenant("host", name="È undone")
    await network.setup(undone, [Point("training_completed", "undone")], state="active")
    await network.set_apart(await make_tenant("host", name="Prova"))
    for state in (*states, "undone"):
        (page,) = await pages_from(client, f"/network/organisations?state={state}")
        assert page == [f"È {state}"]
    text = (await client.get("/network/organisations?state=setup")).text
    assert names_in(text) == ["È setup", "È setup, attiva"]
    assert "1 punto aperto" in text
    assert "può essere attivata" in text
    text = (await client.get("/network/organisations")).text
    assert len(names_in(text)) == 7
    shown = re.findall(r'state=(\w*)&[^>]*>[^<]*<span class="hub-count">(\d+)<', unescape(text))
    assert shown == [
        ("", "7"),
        ("setup", "2"),
        ("active", "1"),
        ("undone", "1"),
        ("suspended", "1"),
        ("waiting", "1"),
        ("closed", "1"),
    ]


async def test_tabs_count_what_the_filters_leave(
    network: Network, client: httpx.AsyncClient
) -> None:
    for state, kind in (("active", "host"), ("active", "lender"), ("suspended", "lender")):
        await make_tenant(kind, name=f"{kind} {state}", state=state)
    text = (await client.get("/network/organisations?kind=lender&state=active")).text
    shown = re.findall(r'state=(\w*)&[^>]*>[^<]*<span class="hub-count">(\d+)<', unescape(text))
    assert shown == [("", "2"), ("active", "1"), ("suspended", "1")]
    assert "1 organizzazione trovata" in text
    assert "3 organizzazioni trovate" in (await client.get("/network/organisations")).text


async def test_a_kind_that_is_coming_is_found_and_said(
    network: Network, client: httpx.AsyncClient
) -> None:
    await make_tenant("host", "lender", name="Comune che presta")
    widened = await make_tenant("host", "lender", name="Comune che presterà")
    await network.superuser.execute(
        "UPDATE tenants SET coming_kinds = $2 WHERE id = $1", widened.id, ["lender"]
    )
    text = (await client.get("/network/organisations?kind=lender")).text
    assert names_in(text) == ["Comune che presta", "Comune che presterà"]
    kinds = re.findall(r'</a>\s*<span class="hub-cell-detail">([^<·]*?) ·', text)
    assert kinds == [
        "amministrazione ospitante, soggetto erogatore",
        "amministrazione ospitante, soggetto erogatore (in avvio)",
    ]


async def test_what_is_to_be_done_narrows(network: Network, browse: Browse) -> None:
    today = clock.today()
    plans: dict[str, tuple[Point, int]] = {
        "in ritardo": (Point("training_completed"), -1),
        "da decidere": (Point("training_completed", exception="asked"), 0),
        "attivabile": (Point("training_completed", exception="agreed"), 9),
        "in corso": (Point("training_completed", since=clock.now() - 4 * DAY), 9),
    }
    for name, (point, days) in plans.items():
        tenant = await make_tenant("host", name=name, state="suspended")
        await network.setup(tenant, [point], due_on=today + days * DAY)
    asks, waits = await make_tenant("host", name="sportello"), await make_tenant("host")
    await network.asked_to_open(asks, await network.desk(asks, state="setting_up"))
    # One that is still in preparation, and one that was opened since.
    await network.desk(waits, state="setting_up")
    await network.asked_to_open(waits, await network.desk(waits, opened_on=today))
    found = {
        "overdue": ["in ritardo"],
        "exception": ["da decidere"],
        "ready": ["attivabile"],
        "desk": ["sportello"],
        "further": [waits.name, "sportello"],
    }
    client = await browse(network.second)
    for need, names in found.items():
        text = (await client.get(f"/network/organisations?need={need}")).text
        assert names_in(text) == names, need
    text = (await client.get("/network/organisations?need=exception")).text
    assert "Deroga richiesta" in text
    text = (await client.get("/network/organisations?need=desk")).text
    assert f'<a href="/network/organisations/{asks.id}/desks">1 nuovo sportello' in text
    text = (await client.get("/network/organisations?state=setup&q=in corso")).text
    assert 'Formazione da completare <span class="hub-muted">da 4 giorni</span>' in text
    # Whoever asked for the exception has nothing to decide.
    asked = await (await browse(network.admin)).get("/network/organisations?need=exception")
    assert names_in(asked.text) == []


async def test_a_name_is_found_by_the_beginning_of_any_of_its_words(
    network: Network, client: httpx.AsyncClient
) -> None:
    for name in ("Comune di Forlì", "Unione Forlivese", "Comune di Sforza", "100% Microcredito"):
        await make_tenant("host", name=name)
    for typed, found in (
        ("forlì", ["Comune di Forlì", "Unione Forlivese"]),
        ("FORLIV", ["Unione Forlivese"]),
        ("comune", ["Comune di Forlì", "Comune di Sforza"]),
        ("comune di s", ["Comune di Sforza"]),
        ("xyz", []),
    ):
        text = (await client.get("/network/organisations", params={"q": typed})).text
        assert names_in(text) == found, typed
        assert ("Nessuna organizzazione corrisponde ai filtri" in text) == (not found)
    # Wildcards are none.
    for typed in ("c_mune", "c%e"):
        answer = await client.get("/network/organisations", params={"q": typed})
        assert names_in(answer.text) == [], typed


async def test_kind_and_region_narrow(network: Network, client: httpx.AsyncClient) -> None:
    await make_tenant("host", "tutor", name="Camera di commercio")
    await make_tenant("tutor", name="Tutoraggio Nord", region_code=LOMBARDY)
    await make_tenant("lender", name="Banca")
    for query, found in (
        ("kind=host", ["Camera di commercio"]),
        ("kind=tutor", ["Camera di commercio", "Tutoraggio Nord"]),
        ("kind=tutor&region=03", ["Tutoraggio Nord"]),
        ("kind=lender&region=03", []),
    ):
        answer = await client.get(f"/network/organisations?{query}")
        assert names_in(answer.text) == found, query


async def test_a_filter_that_is_none_is_told_and_all_are_shown(
    network: Network, client: httpx.AsyncClient
) -> None:
    await make_tenant("host", name="Comune")
    for query in (
        "state=unknown",
        "kind=coordinator",
        "need=unknown",
        "region=99",
        "after=x",
        "q=" + "x" * 81,
    ):
        answer = await client.get(f"/network/organisations?{query}")
        assert answer.status_code == 200, query
        assert "Questo filtro non è valido. Scegli di nuovo." in answer.text, query
        assert names_in(answer.text) == ["Comune"], query


async def test_desks_are_counted_and_none_for_whoever_has_none(
    network: Network, client: httpx.AsyncClient
) -> None:
    host = await make_tenant("host", name="Comune")
    for state in ("active", "setting_up", "closed"):
        await network.desk(host, state=state)
    await make_tenant("lender", name="Zeta banca")
    text = (await client.get("/network/organisations")).text
    cells = re.findall(r'data-label="Sportelli"[^>]*>([^<]*)<', text)
    assert [cell.strip() for cell in cells] == ["2", "–"]


async def test_silent_desks_page_after_page_the_longest_silent_first(
    network: Network, client: httpx.AsyncClient
) -> None:
    host = await make_tenant("host")
    for number in range(110):
        # Of two with one day the id tells which comes first.
        last_on = clock.today() - (61 + (109 - number) // 2) * DAY
        await network.desk(host, f"Sportello {number:03}", last_on=last_on)
    pages = await pages_from(client, "/network/silent")
    assert [len(page) for page in pages] == [50, 50, 10]
    assert [name for page in pages for name in page] == [f"Sportello {n:03}" for n in range(110)]


async def test_behind_the_last_silent_desk_the_list_ends(
    network: Network, client: httpx.AsyncClient
) -> None:
    last_on = clock.today() - 90 * DAY
    desk_id = await network.desk(await make_tenant("host"), "Muto", last_on=last_on)
    assert names_in((await client.get("/network/silent")).text) == ["Muto"]
    # What is no cursor of ours leads to the beginning.
    assert names_in((await client.get("/network/silent?after=x")).text) == ["Muto"]
    for after in (desk_id, uuid7()):
        text = (await client.get(f"/network/silent?after={after}")).text
        assert names_in(text) == []
        assert "L’elenco finisce qui" in text
