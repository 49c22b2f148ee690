"""The case's page: what is shown and what is masked, and what an operator records on it."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx

from hub import clock
from hub.worker import drain_now
from tests.referrals.conftest import SignedIn
from tests.referrals.course.test_record import consultation, milestone
from tests.referrals.making import CODE, Network, make_network, rows, send, value

MASKED = "RSS" + "\N{BULLET}" * 11 + "9B"


def drawn_steps(html: str) -> list[str]:
    return re.findall(r"hub-step-(reached|current|ahead|missed)\b", html)


async def test_codice_fiscale_is_masked_until_asked_for(signed_in: SignedIn) -> None:
    network = await make_network(0, codice_fiscale=CODE)
    client = await signed_in(network.operator)
    path = f"/cases/{network.case.id}"
    page = await client.get(path)
    assert MASKED in page.text
    assert CODE not in page.text
    shown = await client.post(f"{path}/codice-fiscale")
    assert shown.status_code == 200
    assert CODE in shown.text
    acts = await rows(
        network.operator.tenant.id,
        "SELECT action, subject_id, membership_id FROM audit_log ORDER BY at, id",
    )
    assert [row["action"] for row in acts] == ["case.read", "case.read", "codice_fiscale.shown"]
    assert acts[-1]["subject_id"] == network.citizen.id
    assert acts[-1]["membership_id"] == network.operator.membership_id
    again = await client.get(f"{path}/codice-fiscale")
    assert (again.status_code, again.headers["location"]) == (303, path)


async def test_milestones_are_drawn(desk: httpx.AsyncClient, network: Network) -> None:
    assert (await milestone(desk, network, "disbursed")).status_code == 303
    page = await desk.get(f"/cases/{network.case.id}")
    assert drawn_steps(page.text) == [
        "missed", "missed", "missed", "missed", "missed", "reached", "current",
    ]  # fmt: skip
    furthest = await value(
        network.operator.tenant.id, "SELECT milestone FROM cases WHERE id = $1", network.case.id
    )
    assert furthest == "disbursed"
    assert (await milestone(desk, network, "approved")).status_code == 303
    furthest = await value(
        network.operator.tenant.id, "SELECT milestone FROM cases WHERE id = $1", network.case.id
    )
    assert furthest == "disbursed", "an earlier milestone recorded later takes nothing back"


async def test_a_referral_is_on_the_course(desk: httpx.AsyncClient, network: Network) -> None:
    sent = await send(network)
    await drain_now()
    page = await desk.get(f"/cases/{network.case.id}")
    for lender in network.lenders:
        assert lender.tenant.name in page.text
    assert 'href="/cases/' + str(network.case.id) + '/referrals/new"' not in page.text
    (reached,) = await rows(
        network.operator.tenant.id, "SELECT reached_on FROM milestones WHERE kind = 'referred'"
    )
    assert reached["reached_on"] == clock.today()
    assert await value(network.operator.tenant.id, "SELECT milestone FROM cases") == "referred"
    await drain_now()
    assert sent.offers


async def test_what_is_typed_is_never_markup(desk: httpx.AsyncClient, network: Network) -> None:
    await consultation(desk, network, notes="<script>alert(1)</script>")
    page = await desk.get(f"/cases/{network.case.id}")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


async def test_a_step_is_drawn_before_a_worker_has_recorded_it(signed_in: SignedIn) -> None:
    sent = await send(await make_network(2))
    desk = await signed_in(sent.network.operator)
    path = f"/cases/{sent.network.case.id}"
    before = drawn_steps((await desk.get(path)).text)
    lender = await signed_in(sent.network.lenders[0])
    key = {"form_key": str(uuid4())}
    assert (await lender.post(f"/inbox/{sent.offers[0]}/open", data=key)).status_code == 303
    assert (await lender.post(f"/inbox/{sent.offers[0]}/accept", data=key)).status_code == 303
    after = drawn_steps((await desk.get(path)).text)
    assert [before[2], after[3]] == ["reached", "reached"]
    assert [before[3], after[4]] == ["current", "current"]
    await drain_now()
    assert drawn_steps((await desk.get(path)).text) == after
