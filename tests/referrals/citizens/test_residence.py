"""A municipality is typed by name; where two share it, someone chooses."""

from __future__ import annotations

import httpx

from tests.referrals.cases.test_open_case import filled
from tests.referrals.making import Network, value


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
