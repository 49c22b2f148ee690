"""Who is known already: surely by codice fiscale, perhaps by name, and what is then asked."""

from __future__ import annotations

import asyncio

import httpx

from hub import crypto
from tests.factories import make_desk, make_membership
from tests.referrals.cases.test_open_case import filled, people
from tests.referrals.conftest import SignedIn
from tests.referrals.making import CODE, Network, make_network, rows, value


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
