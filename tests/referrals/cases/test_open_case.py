"""Opening a citizen and a case in one form: what is kept, who is recognised, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hub import crypto
from tests.factories import CAMPANIA, NAPLES, make_citizen
from tests.referrals.making import (
    CODE,
    Network,
    form_key,
    fresh_key,
    make_network,
    make_numbered_case,
    rows,
    value,
)

WHO = {
    "family_name": "Rossi",
    "given_name": "Mario",
    "codice_fiscale": CODE.lower(),
    "phone": "081 123456",
    "municipality": "napoli",
}


async def filled(client: httpx.AsyncClient, network: Network, **changes: str) -> dict[str, str]:
    form = WHO | {
        "form_key": await fresh_key(client, "/cases/new"),
        "desk_id": str(network.desk.id),
        "kind": "enterprise_loan",
        "amount": "25.000,00",
        "region_code": CAMPANIA,
        "purpose": "Un panificio",
    }
    return {name: typed for name, typed in (form | changes).items() if typed}


async def people(network: Network) -> int:
    found: int = await value(network.operator.tenant.id, "SELECT count(*) FROM citizens")
    return found


async def test_opens_a_citizen_and_a_case(desk: httpx.AsyncClient, network: Network) -> None:
    answer = await desk.post("/cases/new", data=await filled(desk, network))
    assert answer.status_code == 303, answer.text
    tenant = network.operator.tenant.id
    (case,) = await rows(
        tenant,
        """
        SELECT c.*, z.family_name, z.name_search, z.codice_fiscale, z.birth_date, z.phone,
               z.municipality_code
        FROM cases c JOIN citizens z ON z.id = c.citizen_id WHERE z.family_name = 'Rossi'
        """,
    )
    assert answer.headers["location"] == f"/cases/{case['id']}"
    assert (case["amount_cents"], case["state"], case["milestone"]) == (2_500_000, "open", "opened")
    assert case["name_search"] == "rossi mario"
    assert case["municipality_code"] == NAPLES
    assert case["birth_date"].isoformat() == "1985-05-17", "it is read from the code"
    assert CODE.encode() not in case["codice_fiscale"]
    assert crypto.decrypt(case["codice_fiscale"]) == CODE
    kinds = await rows(tenant, "SELECT kind FROM milestones WHERE case_id = $1", case["id"])
    assert {row["kind"] for row in kinds} == {"informed", "opened"}
    fact = await value(tenant, "SELECT number FROM network_facts WHERE name = 'open_cases'")
    assert fact == 1
    acts = await rows(tenant, "SELECT action, codes FROM audit_log ORDER BY at, id")
    assert [row["action"] for row in acts] == ["citizen.opened", "case.opened"]


async def test_a_double_click_opens_one(desk: httpx.AsyncClient, network: Network) -> None:
    form = await filled(desk, network)
    answers = await asyncio.gather(*(desk.post("/cases/new", data=form) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await people(network) == 2


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"family_name": ""}, "family_name"),
        ({"codice_fiscale": CODE[:-1] + "Z"}, "codice_fiscale"),
        ({"birth_date": "1985-05-18"}, "birth_date"),
        ({"birth_date": "2100-01-01"}, "birth_date"),
        ({"amount": "venti"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"kind": "lottery"}, "kind"),
        ({"region_code": "99"}, "region_code"),
        ({"municipality": "Atlantide"}, "municipality"),
        ({"email": "nobody"}, "email"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    desk: httpx.AsyncClient, network: Network, change: dict[str, str], names: str
) -> None:
    form = await filled(desk, network, **change)
    answer = await desk.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert f'href="#field-{names}"' in answer.text
    assert "Un panificio" in answer.text, "what was typed stays"
    assert form_key(answer.text) == form["form_key"]
    assert await people(network) == 1


async def test_anothers_desk_cannot_be_chosen(desk: httpx.AsyncClient, network: Network) -> None:
    foreign = await make_network(0)
    form = await filled(desk, network, desk_id=str(foreign.desk.id))
    assert (await desk.post("/cases/new", data=form)).status_code == 422


async def test_a_further_case_of_a_citizen(desk: httpx.AsyncClient, network: Network) -> None:
    path = f"/citizens/{network.citizen.id}/cases/new"
    form: dict[str, Any] = {
        "form_key": await fresh_key(desk, path),
        "desk_id": str(network.desk.id),
        "kind": "social_loan",
        "amount": "3000",
        "region_code": CAMPANIA,
        "purpose": "Spese mediche",
    }
    refused = await desk.post(path, data=form | {"amount": ""})
    assert refused.status_code == 422
    answer = await desk.post(path, data=form)
    assert answer.status_code == 303
    shown = await desk.get(answer.headers["location"])
    assert network.case.number in shown.text, "the citizen's other case"


async def test_words_without_latin_letters_are_kept(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(
        desk, network, family_name="Шевченко", given_name="Тарас", codice_fiscale=""
    )
    answer = await desk.post("/cases/new", data=form)
    assert answer.status_code == 303
    assert "Шевченко" in (await desk.get(answer.headers["location"])).text


async def test_a_form_filled_in_anew_is_not_taken_for_the_first(
    desk: httpx.AsyncClient, network: Network
) -> None:
    """The back button brings the form back, its key with it."""
    form = await filled(desk, network)
    first = await desk.post("/cases/new", data=form)
    other = form | {"given_name": "Anna", "family_name": "Bruno", "codice_fiscale": ""}
    refused = await desk.post("/cases/new", data=other)
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert 'value="Bruno"' in refused.text, "what was typed stays"
    assert await people(network) == 2
    again = await desk.post("/cases/new", data=other | {"form_key": form_key(refused.text)})
    assert again.status_code == 303
    assert again.headers["location"] != first.headers["location"]
    assert await people(network) == 3


async def test_a_key_does_not_lead_to_another_citizens_case(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = {
        "form_key": str(uuid4()),
        "desk_id": str(network.desk.id),
        "kind": "social_loan",
        "amount": "3000",
        "region_code": CAMPANIA,
        "purpose": "Spese mediche",
    }
    other = await make_citizen(network.operator)
    await make_numbered_case(network.operator, citizen=other, desk=network.desk)
    path = "/citizens/{}/cases/new"
    first = await desk.post(path.format(network.citizen.id), data=form)
    assert first.status_code == 303
    refused = await desk.post(path.format(other.id), data=form)
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert "Spese mediche" in refused.text
    key = form_key(refused.text)
    again = await desk.post(path.format(other.id), data=form | {"form_key": key})
    assert again.status_code == 303
    assert again.headers["location"] != first.headers["location"]
