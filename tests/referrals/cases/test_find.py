"""One field finds by name, by number and by codice fiscale, and leaves nothing personal in an address."""

from __future__ import annotations

import httpx
import pytest

from tests.factories import make_citizen
from tests.referrals.cases.test_list import numbers
from tests.referrals.conftest import SignedIn
from tests.referrals.making import (
    CODE,
    Network,
    make_network,
    make_numbered_case,
    value,
)


async def find(client: httpx.AsyncClient, sought: str) -> httpx.Response:
    return await client.post("/cases/search", data={"sought": sought})


@pytest.mark.parametrize(
    "sought", ["espo", "ESPOSITO", "Esposito Lucia", "lucia esposito", "esposito l", " Espòsito "]
)
async def test_finds_by_name(desk: httpx.AsyncClient, network: Network, sought: str) -> None:
    answer = await find(desk, sought)
    assert answer.status_code == 200
    assert numbers(answer.text) == [network.case.number]


@pytest.mark.parametrize("sought", ["sposito", "lucia", "esposito m", "%", "_sposito", "***"])
async def test_finds_the_beginning_only(
    desk: httpx.AsyncClient, network: Network, sought: str
) -> None:
    answer = await find(desk, sought)
    assert answer.status_code == 200
    assert numbers(answer.text) == []


async def test_a_number_leads_to_its_case(desk: httpx.AsyncClient, network: Network) -> None:
    for typed in (network.case.number, network.case.number.replace("-", "")):
        answer = await find(desk, typed)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/cases/{network.case.id}"


async def test_a_wrong_digit_is_told(desk: httpx.AsyncClient, network: Network) -> None:
    last = int(network.case.number[-1])
    answer = await find(desk, f"{network.case.number[:-1]}{(last + 1) % 10}")
    assert answer.status_code == 422
    assert "data-hub-error-summary" in answer.text


async def test_anothers_number_is_no_number_here(desk: httpx.AsyncClient, network: Network) -> None:
    foreign = (await make_network(0)).case
    answer = await find(desk, foreign.number)
    assert answer.status_code == 200
    assert str(foreign.id) not in answer.text


async def test_finds_by_codice_fiscale_within_the_organisation(signed_in: SignedIn) -> None:
    ours = await make_network(0, codice_fiscale=CODE)
    theirs = await make_network(0, codice_fiscale=CODE)
    client = await signed_in(ours.operator)
    for typed in (CODE, CODE.lower(), f"{CODE[:6]} {CODE[6:11]} {CODE[11:]}"):
        answer = await find(client, typed)
        assert numbers(answer.text) == [ours.case.number]
        assert theirs.case.number not in answer.text
        assert CODE not in answer.text.replace(f'value="{typed}"', "")


async def test_a_mistyped_code_is_told(desk: httpx.AsyncClient) -> None:
    answer = await find(desk, CODE[:-1] + "Z")
    assert answer.status_code == 422


async def test_nothing_typed_is_told(desk: httpx.AsyncClient) -> None:
    assert (await find(desk, "  ")).status_code == 422


async def test_many_namesakes_are_cut_off(desk: httpx.AsyncClient, network: Network) -> None:
    for _ in range(52):
        citizen = await make_citizen(network.operator, family_name="Tanti", given_name="Ugo")
        await make_numbered_case(network.operator, citizen=citizen, desk=network.desk)
    answer = await find(desk, "tanti")
    assert len(numbers(answer.text)) == 50


async def test_that_someone_was_sought_is_kept_and_whom_is_not(
    desk: httpx.AsyncClient, network: Network
) -> None:
    await find(desk, "Esposito")
    await find(desk, CODE)
    kept = await value(
        network.operator.tenant.id,
        "SELECT string_agg(codes::text, ';' ORDER BY at) FROM audit_log WHERE action = 'citizen.sought'",
    )
    assert kept == '{"by": "name"};{"by": "codice_fiscale"}'


async def test_loading_the_search_again_goes_to_the_list(desk: httpx.AsyncClient) -> None:
    answer = await desk.get("/cases/search")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
