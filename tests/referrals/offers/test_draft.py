"""Choosing lenders and what they are shown; the preview; sending exactly that, or discarding it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from hub import clock
from hub.db import routing_transaction, tenant_transaction
from hub.errors import Conflict
from hub.referrals.offers.draft import taken_this_month
from hub.referrals.routing.decline_offer import decline_offer
from tests.factories import Member
from tests.referrals.conftest import SignedIn
from tests.referrals.making import (
    CODE,
    Network,
    draft,
    form_key,
    fresh_key,
    make_lender,
    make_network,
    rows,
    send,
    value,
)


async def filled(
    client: httpx.AsyncClient, network: Network, **changes: Any
) -> dict[str, str | list[str]]:
    path = f"/cases/{network.case.id}/referrals/new"
    form = {
        "form_key": await fresh_key(client, path),
        "receivers": [str(lender.tenant.id) for lender in network.lenders],
        "fields": ["name", "purpose", "email"],
        "purpose": "assessment",
        "basis": "request",
        "notice_version": "2026-1",
        "notice_given": "yes",
    }
    return {name: typed for name, typed in (form | changes).items() if typed}


async def test_says_why_each_lender_fits_or_not(desk: httpx.AsyncClient, network: Network) -> None:
    small = await make_lender(most=1_000_000)
    answer = await desk.get(f"/cases/{network.case.id}/referrals/new")
    assert answer.status_code == 200
    for lender in network.lenders:
        assert f'name="receivers" value="{lender.tenant.id}"' in answer.text
    assert small.tenant.name in answer.text
    assert f'value="{small.tenant.id}"' not in answer.text, "it cannot be chosen"


async def test_says_for_whom_and_whether_there_is_room_this_month(
    desk: httpx.AsyncClient, network: Network
) -> None:
    """Counted across all desks: what reached a lender this month and may still become its case."""
    full, free = network.lenders
    page = f"/cases/{network.case.id}/referrals/new"
    # Lenders of other tests have written down what they have room for.
    full_before, free_before = await findings(desk, page)
    await state(full, capacity=1, beneficiaries=["women"])
    await state(free, capacity=2, beneficiaries=["women"])
    assert "Chiedi al cittadino" in (await desk.get(page)).text
    elsewhere = replace(await make_network(0), lenders=network.lenders)
    sent = await send(elsewhere)
    assert await findings(desk, page) == (full_before + 1, free_before + 1)
    await state(free, capacity=1)
    assert await findings(desk, page) == (full_before + 2, free_before)
    async with routing_transaction(free.tenant.id) as scope:
        await decline_offer(
            scope, free.actor, sent.offers[1], reason="other", note="Pieni", key=uuid4()
        )
    assert await findings(desk, page) == (full_before + 1, free_before + 1)
    with clock.moved(timedelta(days=31)):
        async with routing_transaction(network.operator.tenant.id) as scope:
            taken = await taken_this_month(scope)
    assert not {lender.tenant.id for lender in network.lenders} & {one for one, _ in taken}


async def state(lender: Member, **columns: object) -> None:
    """Of its service."""
    async with tenant_transaction(lender.tenant.id) as scope:
        for name, stated in columns.items():
            await scope.execute(f"UPDATE services_offered SET {name} = $1", stated)


async def findings(client: httpx.AsyncClient, page: str) -> tuple[int, int]:
    """At how many lenders no room is left, and at how many there is."""
    text = (await client.get(page)).text
    return text.count("è raggiunta"), text.count("c’è ancora posto")


async def test_only_what_is_recorded_can_be_shown(
    desk: httpx.AsyncClient, network: Network
) -> None:
    answer = await desk.get(f"/cases/{network.case.id}/referrals/new")
    assert 'name="fields" value="email" checked' in answer.text
    assert 'value="codice_fiscale"' not in answer.text
    assert 'value="phone"' not in answer.text


async def test_the_codice_fiscale_is_not_shown_by_default(signed_in: SignedIn) -> None:
    network = await make_network(1, codice_fiscale=CODE)
    client = await signed_in(network.operator)
    answer = await client.get(f"/cases/{network.case.id}/referrals/new")
    assert 'name="fields" value="codice_fiscale">' in answer.text


async def test_previews_and_sends_exactly_that(desk: httpx.AsyncClient, network: Network) -> None:
    answer = await desk.post(
        f"/cases/{network.case.id}/referrals/new", data=await filled(desk, network)
    )
    assert answer.status_code == 303, answer.text
    preview = await desk.get(answer.headers["location"])
    referral_id = UUID(answer.headers["location"].rpartition("/")[2])
    tenant = network.operator.tenant.id
    for lender in network.lenders:
        assert lender.tenant.name in preview.text
        assert await value(lender.tenant.id, "SELECT count(*) FROM received_offers") == 0
    assert preview.text.count("lucia@example.org") == 2
    sent = await desk.post(
        f"/referrals/{referral_id}/send", data={"form_key": form_key(preview.text)}
    )
    assert sent.status_code == 303
    (referral,) = await rows(tenant, "SELECT * FROM referrals WHERE id = $1", referral_id)
    assert referral["state"] == "open"
    assert referral["sent_by"] == network.operator.membership_id
    offers = await rows(tenant, "SELECT * FROM offers WHERE referral_id = $1", referral_id)
    due = clock.add_working_days(clock.today(), 10)
    for lender in network.lenders:
        (offer,) = [one for one in offers if one["receiver_id"] == lender.tenant.id]
        (received,) = await rows(lender.tenant.id, "SELECT * FROM received_offers")
        (shown,) = await rows(lender.tenant.id, "SELECT * FROM disclosures")
        assert (offer["state"], received["state"]) == ("offered", "offered")
        assert received["id"] == offer["id"]
        assert (offer["due_on"], received["due_on"]) == (due, due)
        assert received["amount_cents"] == 2_500_000
        assert shown["payload"] == offer["disclosure"]
        assert shown["payload"] == {
            "given_name": "Lucia",
            "family_name": "Esposito",
            "purpose": "a bakery",
            "email": "lucia@example.org",
        }
        assert (shown["purpose"], shown["basis"], shown["notice_version"]) == (
            "assessment", "request", "2026-1",
        )  # fmt: skip
        assert shown["disclosed_by"] == network.operator.membership_id
        (event,) = await rows(lender.tenant.id, "SELECT from_state, to_state FROM offer_events")
        assert tuple(event) == ("draft", "offered")
    assert await value(tenant, "SELECT count(*) FROM offer_events") == 2
    acts = await rows(tenant, "SELECT action FROM audit_log ORDER BY at, id")
    assert [row["action"] for row in acts if row["action"].startswith("referral")] == [
        "referral.drafted",
        "referral.sent",
    ]


async def test_a_disclosed_codice_fiscale_is_never_in_the_clear(db: object) -> None:
    network = await make_network(1, codice_fiscale=CODE)
    await send(network, ["name", "codice_fiscale"])
    (shown,) = await rows(network.lenders[0].tenant.id, "SELECT payload::text FROM disclosures")
    assert "codice_fiscale" in shown["payload"]
    assert CODE not in shown["payload"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"receivers": []}, "receivers"),
        ({"receivers": [str(uuid4())]}, "receivers"),
        ({"fields": []}, "fields"),
        ({"fields": ["diary"]}, "fields"),
        ({"purpose": "gossip"}, "purpose"),
        ({"basis": ""}, "basis"),
        ({"notice_given": ""}, "notice_given"),
        ({"notice_version": "1999-1"}, "notice_given"),
    ],
)
async def test_a_wrong_referral_comes_back(
    desk: httpx.AsyncClient, network: Network, change: dict[str, Any], field: str
) -> None:
    form = await filled(desk, network, **change)
    answer = await desk.post(f"/cases/{network.case.id}/referrals/new", data=form)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM referrals") == 0


async def test_a_lender_that_does_not_fit_cannot_be_chosen(
    desk: httpx.AsyncClient, network: Network
) -> None:
    far = await make_lender(regions=("16",))
    form = await filled(desk, network, receivers=[str(far.tenant.id)])
    answer = await desk.post(f"/cases/{network.case.id}/referrals/new", data=form)
    assert answer.status_code == 422


async def test_a_double_click_drafts_one(desk: httpx.AsyncClient, network: Network) -> None:
    form = await filled(desk, network)
    path = f"/cases/{network.case.id}/referrals/new"
    answers = await asyncio.gather(*(desk.post(path, data=form) for _ in range(3)))
    # Whoever comes later sees that the case has a draft, or is led to it.
    assert {answer.status_code for answer in answers} <= {303, 409}
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM referrals") == 1
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM offers") == 2


async def test_a_case_has_one_referral_at_a_time(desk: httpx.AsyncClient, network: Network) -> None:
    await draft(network)
    assert (await desk.get(f"/cases/{network.case.id}/referrals/new")).status_code == 409
    with pytest.raises(Conflict):
        await draft(network)


async def test_a_draft_is_discarded_with_its_offers(
    desk: httpx.AsyncClient, network: Network
) -> None:
    referral_id = await draft(network)
    answer = await desk.post(f"/referrals/{referral_id}/discard")
    assert answer.headers["location"] == f"/cases/{network.case.id}"
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM offers") == 0
    assert (await desk.get(f"/referrals/{referral_id}")).status_code == 404
    await draft(network)


async def test_what_was_sent_is_not_discarded(desk: httpx.AsyncClient, network: Network) -> None:
    sent = await send(network)
    assert (await desk.post(f"/referrals/{sent.referral_id}/discard")).status_code == 409
    with pytest.raises(asyncpg.CheckViolationError):
        async with tenant_transaction(network.operator.tenant.id) as scope:
            await scope.execute("DELETE FROM referrals WHERE id = $1", sent.referral_id)


async def test_closing_and_drafting_at_once_do_one_of_them(
    network: Network, signed_in: SignedIn
) -> None:
    one, other = await signed_in(network.operator), await signed_in(network.operator)
    form = await filled(one, network)
    closing = {"form_key": str(uuid4()), "kind": "closed", "reached_on": str(clock.today())}
    answers = await asyncio.gather(
        one.post(f"/cases/{network.case.id}/referrals/new", data=form),
        other.post(f"/cases/{network.case.id}/milestones", data=closing),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    state = await value(network.operator.tenant.id, "SELECT state FROM cases")
    drafts = await value(network.operator.tenant.id, "SELECT count(*) FROM referrals")
    assert (state, drafts) in {("closed", 0), ("open", 1)}


async def test_a_referral_filled_in_anew_is_not_taken_for_the_first(
    desk: httpx.AsyncClient, network: Network
) -> None:
    form = await filled(desk, network)
    path = f"/cases/{network.case.id}/referrals/new"
    first = await desk.post(path, data=form)
    assert (await desk.post(f"{first.headers['location']}/discard")).status_code == 303
    other = form | {"receivers": [str(network.lenders[0].tenant.id)], "purpose": "first_check"}
    refused = await desk.post(path, data=other)
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM referrals") == 0
    again = await desk.post(path, data=other | {"form_key": form_key(refused.text)})
    assert again.status_code == 303
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM offers") == 1


@pytest.mark.parametrize("days", [0, 366])
async def test_no_service_promises_an_answer_that_no_offer_can_hold(db: object, days: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await make_lender(answer_days=days)


async def test_a_year_is_the_longest_answer(desk: httpx.AsyncClient, network: Network) -> None:
    patient = await make_lender(answer_days=365)
    form = await filled(desk, network, receivers=[str(patient.tenant.id)])
    answer = await desk.post(f"/cases/{network.case.id}/referrals/new", data=form)
    assert answer.status_code == 303
    assert await value(network.operator.tenant.id, "SELECT answer_days FROM offers") == 365
