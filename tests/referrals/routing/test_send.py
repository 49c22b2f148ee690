"""Sending a draft: once, by whom it belongs to, and to lenders that are still there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import httpx

from hub.db import network_transaction
from tests.factories import make_desk, make_membership
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, draft, make_numbered_case, value


async def test_a_replayed_sending_changes_nothing(
    desk: httpx.AsyncClient, network: Network
) -> None:
    referral_id = await draft(network)
    form = {"form_key": str(uuid4())}
    answers = await asyncio.gather(
        *(desk.post(f"/referrals/{referral_id}/send", data=form) for _ in range(4))
    )
    assert [answer.status_code for answer in answers] == [303] * 4
    again = await desk.post(f"/referrals/{referral_id}/send", data={"form_key": str(uuid4())})
    assert again.status_code == 409
    assert await value(network.operator.tenant.id, "SELECT count(*) FROM offer_events") == 2


async def test_a_strange_form_sends_nothing(desk: httpx.AsyncClient, network: Network) -> None:
    referral_id = await draft(network)
    for form in ({"form_key": "once"}, {"receivers": "all"}):
        answer = await desk.post(f"/referrals/{referral_id}/send", data=form)
        assert answer.status_code == 422
    assert (await desk.post(f"/referrals/{referral_id}/send", json={})).status_code == 415
    assert await value(network.operator.tenant.id, "SELECT state FROM referrals") == "draft"


async def test_sending_and_discarding_at_once_do_one_of_them(
    network: Network, signed_in: SignedIn
) -> None:
    sender, discarder = await signed_in(network.operator), await signed_in(network.operator)
    outcome = (0, 0)
    for _ in range(8):
        referral_id = await draft(network)
        sending, discarding = await asyncio.gather(
            sender.post(f"/referrals/{referral_id}/send", data={"form_key": str(uuid4())}),
            discarder.post(f"/referrals/{referral_id}/discard"),
        )
        outcome = (sending.status_code, discarding.status_code)
        assert outcome in {(303, 409), (404, 303)}
        if outcome == (303, 409):
            break
    offers = await value(network.operator.tenant.id, "SELECT count(*) FROM offers")
    assert offers == (2 if outcome == (303, 409) else 0)


async def test_an_operator_of_another_desk_cannot_send(
    network: Network, signed_in: SignedIn
) -> None:
    other_desk = await make_desk(network.operator.tenant)
    limited = await make_membership(network.operator.tenant, desks=(other_desk,))
    client = await signed_in(limited)
    referral_id = await draft(network)
    key = {"form_key": str(uuid4())}
    for answer in (
        await client.get(f"/referrals/{referral_id}"),
        await client.post(f"/referrals/{referral_id}/send", data=key),
        await client.post(f"/referrals/{referral_id}/discard"),
        await client.get(f"/cases/{network.case.id}/referrals/new"),
    ):
        assert answer.status_code == 404
    assert await value(network.operator.tenant.id, "SELECT state FROM referrals") == "draft"


async def test_a_lender_that_has_left_gets_nothing(
    desk: httpx.AsyncClient, network: Network
) -> None:
    referral_id = await draft(network)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET state = 'suspended' WHERE id = $1", network.lenders[0].tenant.id
        )
    answer = await desk.post(f"/referrals/{referral_id}/send", data={"form_key": str(uuid4())})
    assert answer.status_code == 409
    for lender in network.lenders:
        assert await value(lender.tenant.id, "SELECT count(*) FROM received_offers") == 0


async def test_a_key_sends_one_referral(desk: httpx.AsyncClient, network: Network) -> None:
    """Nothing claims that another referral was sent."""
    case = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    other = await draft(replace(network, case=case))
    first = await draft(network)
    key = {"form_key": str(uuid4())}
    assert (await desk.post(f"/referrals/{first}/send", data=key)).status_code == 303
    answer = await desk.post(f"/referrals/{other}/send", data=key)
    assert answer.status_code == 409
    state = "SELECT state FROM referrals WHERE id = $1"
    assert await value(network.operator.tenant.id, state, other) == "draft"
