"""Opening a citizen and a case in one form: what is kept, who is recognised, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hub import crypto
from tests.factories import CAMPANIA, NAPLES, make_desk, make_membership
from tests.referrals.conftest import SignedIn
from tests.referrals.making import (
    CODE,
    Network,
    form_key,
    fresh_key,
    make_network,
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


async def test_a_known_code_offers_the_citizen(signed_in: SignedIn) -> None:
    network = await make_network(0, codice_fiscale=CODE)
    client = await signed_in(network.operator)
    form = await filled(client, network)
    answer = await client.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert "Esposito Lucia" in answer.text
    assert f'name="citizen_id" value="{network.citizen.id}"' in answer.text
    assert 'name="another_person"' not in answer.text
    assert await people(network) == 1
    chosen = form | {"citizen_id": str(network.citizen.id)}
    answer = await client.post("/cases/new", data=chosen)
    assert answer.status_code == 303
    assert await people(network) == 1
    cases = await value(
        network.operator.tenant.id,
        "SELECT count(*) FROM cases WHERE citizen_id = $1",
        network.citizen.id,
    )
    assert cases == 2


async def test_the_same_code_elsewhere_is_nobodys_business(signed_in: SignedIn) -> None:
    await make_network(0, codice_fiscale=CODE)
    here = await make_network(0)
    client = await signed_in(here.operator)
    answer = await client.post("/cases/new", data=await filled(client, here))
    assert answer.status_code == 303


async def test_a_namesake_is_asked_about(desk: httpx.AsyncClient, network: Network) -> None:
    who = {"family_name": "Esposito", "given_name": "Lucia", "codice_fiscale": ""}
    form = await filled(desk, network, **who)
    answer = await desk.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert f'name="citizen_id" value="{network.citizen.id}"' in answer.text
    answer = await desk.post("/cases/new", data=form | {"another_person": "yes"})
    assert answer.status_code == 303
    assert await people(network) == 2


async def test_a_namesake_born_another_day_is_someone_else(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(
        desk,
        network,
        family_name="Esposito",
        given_name="Lucia",
        codice_fiscale="",
        birth_date="1990-01-31",
    )
    assert (await desk.post("/cases/new", data=form)).status_code == 303


async def test_a_recognised_namesake_is_completed(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(desk, network, family_name="Esposito", given_name="Lucia")
    asked = await desk.post("/cases/new", data=form)
    assert asked.status_code == 422
    assert 'value="Napoli (NA)"' in asked.text, "what was understood is not asked again"
    form |= {"citizen_id": str(network.citizen.id)}
    assert (await desk.post("/cases/new", data=form)).status_code == 303
    (known,) = await rows(
        network.operator.tenant.id,
        "SELECT codice_fiscale, phone, email FROM citizens WHERE id = $1",
        network.citizen.id,
    )
    assert crypto.decrypt(known["codice_fiscale"]) == CODE
    assert known["phone"] == "081123456"
    assert known["email"] == "lucia@example.org", "what is known is not replaced"


async def test_a_citizen_of_another_desk_is_known_by_code_only(signed_in: SignedIn) -> None:
    network = await make_network(0, codice_fiscale=CODE)
    host = network.operator.tenant
    own = await make_desk(host)
    client = await signed_in(await make_membership(host, desks=(own,)))
    form = await filled(client, network, desk_id=str(own.id))
    answer = await client.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert "Esposito" not in answer.text, "the name is the other desk's"
    chosen = form | {"citizen_id": str(network.citizen.id)}
    without_code = {name: typed for name, typed in chosen.items() if name != "codice_fiscale"}
    assert (await client.post("/cases/new", data=without_code)).status_code == 404
    assert (await client.post("/cases/new", data=chosen)).status_code == 303


async def test_an_ambiguous_municipality_is_asked_about(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(desk, network, municipality="Castro")
    answer = await desk.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert "Castro (BG)" in answer.text
    assert "Castro (LE)" in answer.text
    code = await value(
        network.operator.tenant.id,
        "SELECT istat_code FROM municipalities WHERE name = 'Castro' AND province_code = 'LE'",
    )
    assert (
        await desk.post("/cases/new", data=form | {"municipality_code": code})
    ).status_code == 303
    chosen = await value(
        network.operator.tenant.id,
        "SELECT municipality_code FROM citizens WHERE family_name = 'Rossi'",
    )
    assert chosen == code


async def test_the_province_tells_namesakes_apart(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(desk, network, municipality="Castro (le)")
    assert (await desk.post("/cases/new", data=form)).status_code == 303


async def test_suggestions_can_be_typed_as_they_are(desk: httpx.AsyncClient) -> None:
    answer = await desk.get("/cases/municipalities", params={"municipality": "castro"})
    assert '<option value="Castro (BG)">' in answer.text
    assert '<option value="Castro (LE)">' in answer.text


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


async def test_nobody_is_opened_twice_by_two_colleagues(
    network: Network, signed_in: SignedIn
) -> None:
    colleagues = [await signed_in(network.operator) for _ in range(6)]
    forms = [await filled(client, network) for client in colleagues]
    answers = await asyncio.gather(
        *(
            client.post("/cases/new", data=form)
            for client, form in zip(colleagues, forms, strict=True)
        )
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 303
    assert set(codes[1:]) <= {409, 422}
    assert await people(network) == 2


async def test_words_without_latin_letters_are_kept(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(
        desk, network, family_name="Шевченко", given_name="Тарас", codice_fiscale=""
    )
    answer = await desk.post("/cases/new", data=form)
    assert answer.status_code == 303
    assert "Шевченко" in (await desk.get(answer.headers["location"])).text
