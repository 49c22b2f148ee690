"""A suspended organisation reads what it has and writes nothing real; support never sees citizens."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from hub.db import network_transaction, routing_transaction, tenant_transaction
from hub.errors import Conflict
from hub.referrals.offers.draft import prospect
from hub.referrals.routing.send_referral import send_referral
from tests.factories import CAMPANIA, Member, Tenant, make_membership
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, draft, rows, send, value
from tests.referrals.sandbox.making import set_state

CASE_FORM = {
    "family_name": "Rossi",
    "given_name": "Mario",
    "kind": "enterprise_loan",
    "amount": "5000",
    "region_code": CAMPANIA,
    "purpose": "Un panificio",
}


def key() -> dict[str, str]:
    return {"form_key": str(uuid4())}


async def test_the_host_goes_on_reading(network: Network, desk: httpx.AsyncClient) -> None:
    referral_id = await draft(network)
    await set_state(network.operator.tenant, "suspended")
    for path in ("/cases", f"/cases/{network.case.id}", f"/referrals/{referral_id}"):
        answer = await desk.get(path)
        assert answer.status_code == 200, path
    page = (await desk.get(f"/cases/{network.case.id}")).text
    assert "non è attiva" in page
    assert "/consultations" not in page
    assert "/assign" not in page
    listed = (await desk.get("/cases")).text
    assert 'href="/cases/new"' not in listed
    for path in ("/cases/new", f"/citizens/{network.citizen.id}/cases/new"):
        answer = await desk.get(path)
        assert answer.status_code == 409
        assert "La tua organizzazione non è attiva" in answer.text
        assert "Per ora qui non si può aprire la pratica di un cittadino reale." in answer.text
        assert "Qualcosa è cambiato" not in answer.text


async def stop(tenant: Tenant) -> None:
    """By the Ente, as opposed to being set up."""
    async with network_transaction() as scope:
        await scope.execute(
            """
            INSERT INTO suspensions (id, tenant_id, reason, suspended_at, suspended_by)
            VALUES ($1, $2, 'other', $3, $1)
            """,
            uuid4(),
            tenant.id,
            scope.now,
        )
        await scope.execute("UPDATE tenants SET state = 'suspended' WHERE id = $1", tenant.id)


async def test_whom_the_ente_stopped_reads_that_and_not_that_it_waits_to_be_activated(
    network: Network, desk: httpx.AsyncClient
) -> None:
    await stop(network.operator.tenant)
    for path in ("/cases", f"/cases/{network.case.id}"):
        page = (await desk.get(path)).text
        assert "L’Ente ha sospeso la tua organizzazione" in page, path
        assert "attiva" not in page.partition("L’Ente ha sospeso")[2].partition("</div>")[0]
        assert '<a href="/organisation/setup">Da quando e perché</a>' in page
    refused = await desk.get("/cases/new")
    assert refused.status_code == 409
    assert 'href="/organisation/setup">Da quando e perché</a>' in refused.text


async def test_the_host_writes_nothing_real(network: Network, desk: httpx.AsyncClient) -> None:
    colleague = await make_membership(network.operator.tenant)
    referral_id = await draft(network)
    await set_state(network.operator.tenant, "suspended")
    case = f"/cases/{network.case.id}"
    held = {"held_on": "2026-10-01", "channel": "phone", "notes": "What was said."}
    before = await value(network.operator.tenant.id, "SELECT version FROM cases")
    for path, form in (
        ("/cases/new", CASE_FORM | {"desk_id": str(network.desk.id)}),
        (
            f"/citizens/{network.citizen.id}/cases/new",
            {
                "desk_id": str(network.desk.id),
                "kind": "social_loan",
                "amount": "5",
                "region_code": CAMPANIA,
                "purpose": "x",
            },
        ),
        (f"{case}/consultations", held),
        (f"{case}/milestones", {"kind": "closed", "reached_on": "2030-01-01"}),
        (f"{case}/reopen", {}),
        (f"{case}/assign", {"taker": str(colleague.membership_id)}),
        (f"{case}/referrals/new", {"purpose": "assessment"}),
        (f"/referrals/{referral_id}/send", {}),
    ):
        answer = await desk.post(path, data=key() | form)
        if path.endswith("/milestones"):
            # A day to come is wrong in itself.
            assert answer.status_code == 422
            answer = await desk.post(
                path, data=key() | {"kind": "approved", "reached_on": "2026-11-01"}
            )
        assert answer.status_code == 409, (path, answer.text[:300])
        assert "non è attiva" in answer.text, path
    tenant_id = network.operator.tenant.id
    assert await value(tenant_id, "SELECT count(*) FROM consultations") == 0
    assert await value(tenant_id, "SELECT count(*) FROM cases") == 1
    assert await value(tenant_id, "SELECT version FROM cases") == before
    assert await value(tenant_id, "SELECT state FROM referrals") == "draft"


async def test_what_was_typed_is_given_back(network: Network, desk: httpx.AsyncClient) -> None:
    await set_state(network.operator.tenant, "suspended")
    answer = await desk.post(
        "/cases/new", data=key() | CASE_FORM | {"desk_id": str(network.desk.id)}
    )
    assert "Un panificio" in answer.text
    assert "Rossi" in answer.text


async def test_no_form_is_offered_that_could_not_be_saved(
    network: Network, desk: httpx.AsyncClient
) -> None:
    await set_state(network.operator.tenant, "suspended")
    for path in ("/cases/new", f"/citizens/{network.citizen.id}/cases/new"):
        answer = await desk.get(path)
        assert answer.status_code == 409
        assert "non è attiva" in answer.text


async def test_a_draft_may_still_be_discarded(network: Network, desk: httpx.AsyncClient) -> None:
    """Nothing is passed on by it."""
    referral_id = await draft(network)
    await set_state(network.operator.tenant, "suspended")
    answer = await desk.post(f"/referrals/{referral_id}/discard", data=key())
    assert answer.status_code == 303


async def test_the_lender_reads_and_answers_nothing_real(
    network: Network, signed_in: SignedIn
) -> None:
    sent = await send(network)
    lender, (offer, _other) = network.lenders[0], sent.offers
    client = await signed_in(lender)
    assert (await client.post(f"/inbox/{offer}/open")).status_code == 303
    await set_state(lender.tenant, "suspended")
    page = await client.get(f"/inbox/{offer}")
    assert page.status_code == 200
    assert "Lucia Esposito" in page.text
    assert "/accept" not in page.text
    for path, form in (
        ("open", {}),
        ("accept", {}),
        ("decline", {"reason": "amount", "note": "Not at this moment."}),
    ):
        answer = await client.post(f"/inbox/{offer}/{path}", data=key() | form)
        if path == "open":
            # It is open already, so that nothing changes.
            assert answer.status_code == 303
            continue
        assert answer.status_code == 409, path
        assert "non è attiva" in answer.text
    found = await rows(lender.tenant.id, "SELECT state, due_on FROM received_offers")
    assert found[0]["state"] == "received"


async def test_the_partner_api_says_the_same(network: Network, signed_in: SignedIn) -> None:
    sent = await send(network)
    lender, offer = network.lenders[0], sent.offers[0]
    client = await signed_in(lender)
    await set_state(lender.tenant, "suspended")
    assert (await client.get("/api/v1/received-offers")).status_code == 200
    base = f"/api/v1/received-offers/{offer}"
    for verb, body in (("open", {}), ("accept", {}), ("decline", {"reason": "amount"})):
        answer = await client.post(f"{base}/{verb}", json=body)
        assert answer.status_code == 409, verb
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["type"] == "urn:microwork-hub:problem:organisation-suspended"
    assert (await client.get(base)).json()["state"] == "offered"


async def test_once_resumed_the_offer_is_answered_as_before(
    network: Network, signed_in: SignedIn
) -> None:
    """Its clock ran on, and it waited."""
    sent = await send(network)
    lender, offer = network.lenders[0], sent.offers[0]
    due = await value(lender.tenant.id, "SELECT due_on FROM received_offers")
    await set_state(lender.tenant, "suspended")
    await set_state(lender.tenant, "active")
    assert await value(lender.tenant.id, "SELECT due_on FROM received_offers") == due
    client = await signed_in(lender)
    answer = await client.post(f"/inbox/{offer}/accept", data=key())
    assert answer.status_code == 303


async def test_nobody_sends_to_a_lender_that_is_suspended(network: Network) -> None:
    referral_id = await draft(network)
    suspended = network.lenders[0].tenant
    await set_state(suspended, "suspended")
    actor = network.operator.actor
    with pytest.raises(Conflict) as refusal:
        async with routing_transaction(actor.tenant_id) as scope:
            await send_referral(scope, actor, referral_id, uuid4())
    assert refusal.value.code == "receiver-inactive"
    async with tenant_transaction(actor.tenant_id) as scope:
        await scope.execute("DELETE FROM referrals WHERE id = $1", referral_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        prepared = await prospect(scope, actor, network.case.id)
    assert suspended.id not in {one.lender_id for one in prepared.verdicts}


@pytest.fixture
async def support(network: Network) -> Member:
    member = await make_membership(network.operator.tenant, "admin")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET support = true, expires_at = '2099-01-01' WHERE id = $1",
            member.membership_id,
        )
    return member


async def test_support_never_sees_citizens(
    network: Network, support: Member, signed_in: SignedIn
) -> None:
    client = await signed_in(support)
    for path in ("/cases", f"/cases/{network.case.id}", "/cases/new", "/inbox"):
        answer = await client.get(path)
        assert answer.status_code == 403, path
        assert "Esposito" not in answer.text
    answer = await client.post(
        f"/cases/{network.case.id}/consultations", data=key() | {"notes": "x"}
    )
    assert answer.status_code == 403
