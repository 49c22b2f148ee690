"""What an operator records on a case: consultations, and milestones up to the closing."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest

from hub import clock
from tests.referrals.making import Network, draft, form_key, make_numbered_case, rows, value


def today() -> str:
    return clock.today().isoformat()


async def milestone(
    client: httpx.AsyncClient, network: Network, kind: str, day: str | None = None
) -> httpx.Response:
    form = {"form_key": str(uuid4()), "kind": kind, "reached_on": day or today()}
    return await client.post(f"/cases/{network.case.id}/milestones", data=form)


async def consultation(
    client: httpx.AsyncClient, network: Network, **changes: str
) -> httpx.Response:
    form = {
        "form_key": str(uuid4()),
        "held_on": today(),
        "channel": "phone",
        "minutes": "25",
        "topics": "loan",
        "notes": "Riporta i preventivi.",
    } | changes
    return await client.post(f"/cases/{network.case.id}/consultations", data=form)


async def test_records_a_consultation(desk: httpx.AsyncClient, network: Network) -> None:
    yesterday = clock.today() - timedelta(days=1)
    answer = await consultation(desk, network, held_on=yesterday.isoformat())
    assert answer.status_code == 303
    page = await desk.get(answer.headers["location"])
    assert "Riporta i preventivi." in page.text
    tenant = network.operator.tenant.id
    moment = await value(
        tenant, "SELECT moment FROM network_facts WHERE name = 'last_consultation'"
    )
    assert moment.astimezone(clock.ROME).date() == yesterday
    informed = await value(tenant, "SELECT reached_on FROM milestones WHERE kind = 'informed'")
    assert informed == yesterday


async def test_a_double_click_records_one_consultation(
    desk: httpx.AsyncClient, network: Network
) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(*(consultation(desk, network, form_key=key) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM consultations") == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"held_on": ""}, "held_on"),
        ({"held_on": "2100-01-01"}, "held_on"),
        ({"channel": "pigeon"}, "channel"),
        ({"minutes": "601"}, "minutes"),
        ({"topics": "weather"}, "topics"),
        ({"notes": "x" * 4001}, "notes"),
    ],
)
async def test_a_wrong_consultation_comes_back(
    desk: httpx.AsyncClient, network: Network, change: dict[str, str], field: str
) -> None:
    answer = await consultation(desk, network, **change)
    assert answer.status_code == 422
    assert f'href="#consultation-{field}"' in answer.text
    assert 'hub-details" open' in answer.text
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM consultations") == 0


async def test_recording_again_corrects_the_day(desk: httpx.AsyncClient, network: Network) -> None:
    async def day_of() -> date:
        found: date = await value(
            network.operator.tenant.id, "SELECT reached_on FROM milestones WHERE kind = 'approved'"
        )
        return found

    await value(
        network.operator.tenant.id,
        "UPDATE cases SET opened_at = opened_at - interval '9 days' RETURNING id",
    )
    await milestone(desk, network, "approved")
    earlier = clock.today() - timedelta(days=3)
    assert (await milestone(desk, network, "approved", earlier.isoformat())).status_code == 303
    assert await day_of() == earlier


@pytest.mark.parametrize(
    ("kind", "day"),
    [("approved", "2100-01-01"), ("approved", "2020-01-01"), ("referred", None), ("", None)],
)
async def test_a_wrong_milestone_comes_back(
    desk: httpx.AsyncClient, network: Network, kind: str, day: str | None
) -> None:
    answer = await milestone(desk, network, kind, day)
    assert answer.status_code == 422
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM milestones") == 0


async def test_closes_and_opens_again(desk: httpx.AsyncClient, network: Network) -> None:
    tenant = network.operator.tenant.id
    open_cases = "SELECT number FROM network_facts WHERE name = 'open_cases'"
    assert (await milestone(desk, network, "closed")).status_code == 303
    assert await value(tenant, open_cases) == -1
    for answer in (await consultation(desk, network), await milestone(desk, network, "approved")):
        assert answer.status_code == 409
    assert (await desk.get(f"/cases/{network.case.id}/referrals/new")).status_code == 409
    page = await desk.get(f"/cases/{network.case.id}")
    assert "/consultations" not in page.text
    key = str(uuid4())
    for _ in range(2):
        answer = await desk.post(f"/cases/{network.case.id}/reopen", data={"form_key": key})
        assert answer.status_code == 303
    assert await value(tenant, open_cases) == 0
    (case,) = await rows(tenant, "SELECT state, milestone, closed_at FROM cases")
    assert dict(case) == {"state": "open", "milestone": "opened", "closed_at": None}
    assert (await consultation(desk, network)).status_code == 303


async def test_a_case_on_its_way_is_not_closed(desk: httpx.AsyncClient, network: Network) -> None:
    await draft(network)
    assert (await milestone(desk, network, "closed")).status_code == 409


async def test_a_recorded_case_moves_to_the_top(desk: httpx.AsyncClient, network: Network) -> None:
    before = await value(network.operator.tenant.id, "SELECT updated_at FROM cases")
    await consultation(desk, network)
    assert await value(network.operator.tenant.id, "SELECT updated_at FROM cases") > before


async def test_a_consultation_filled_in_anew_is_not_taken_for_the_first(
    desk: httpx.AsyncClient, network: Network
) -> None:
    key = str(uuid4())
    assert (await consultation(desk, network, form_key=key)).status_code == 303
    refused = await consultation(desk, network, form_key=key, notes="Un altro colloquio.")
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert "Un altro colloquio." in refused.text, "what was typed stays"
    assert key not in refused.text
    held = "SELECT count(*) FROM consultations"
    assert await value(network.operator.tenant.id, held) == 1
    fresh = form_key(refused.text)
    again = await consultation(desk, network, form_key=fresh, notes="Un altro colloquio.")
    assert again.status_code == 303
    assert await value(network.operator.tenant.id, held) == 2


async def test_a_milestone_filled_in_anew_is_not_taken_for_the_first(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = {"form_key": str(uuid4()), "kind": "approved", "reached_on": today()}
    path = f"/cases/{network.case.id}/milestones"
    assert (await desk.post(path, data=form)).status_code == 303
    refused = await desk.post(path, data=form | {"kind": "disbursed"})
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert form["form_key"] not in refused.text
    kinds = "SELECT kind FROM milestones"
    assert [row["kind"] for row in await rows(network.operator.tenant.id, kinds)] == ["approved"]


async def test_a_key_reaches_one_case(desk: httpx.AsyncClient, network: Network) -> None:
    """What was closed with it stays closed, and nothing claims that another case was opened again."""
    other = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    for case in (network.case, other):
        form = {"form_key": str(uuid4()), "kind": "closed", "reached_on": today()}
        assert (await desk.post(f"/cases/{case.id}/milestones", data=form)).status_code == 303
        refused = await desk.post(f"/cases/{case.id}/milestones", data=form | {"kind": "approved"})
        assert refused.status_code == 409, "the page of a closed case has no form to give back"
    key = {"form_key": str(uuid4())}
    assert (await desk.post(f"/cases/{network.case.id}/reopen", data=key)).status_code == 303
    assert (await desk.post(f"/cases/{other.id}/reopen", data=key)).status_code == 409
    states = await rows(network.operator.tenant.id, "SELECT id, state FROM cases")
    assert {row["id"]: row["state"] for row in states} == {
        network.case.id: "open",
        other.id: "closed",
    }
