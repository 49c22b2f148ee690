"""A lender under set-up gets a test from the sandbox and answers it with the usual buttons."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest

from hub import facts, mail
from hub.config import Settings
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.outbox import enqueue
from hub.referrals.sandbox.send_test import send_test
from hub.tenants.onboarding.sandbox import HOST_ID, HOST_NAME
from tests.factories import Member, make_membership, make_tenant
from tests.referrals.conftest import SignedIn
from tests.referrals.making import rows, value
from tests.referrals.sandbox.making import (
    STORY,
    a_moment_later,
    make_lender_in_setup,
    set_state,
)
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
async def lender(db: Database) -> Member:
    return await make_lender_in_setup()


@pytest.fixture
async def browser(lender: Member, signed_in: SignedIn) -> httpx.AsyncClient:
    return await signed_in(lender)


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def the_offer(lender: Member) -> UUID:
    found: UUID = await value(
        lender.tenant.id, "SELECT id FROM received_offers WHERE state IN ('offered', 'received')"
    )
    return found


async def test_it_arrives_by_the_task_and_by_mail(lender: Member, relay: SmtpSink) -> None:
    async with network_transaction() as scope:
        await enqueue(
            scope, "sandbox.send_test", tenant_id=lender.tenant.id, organisation_id=lender.tenant.id
        )
    await a_moment_later()
    (offer,) = await rows(lender.tenant.id, "SELECT sender_id, is_test FROM received_offers")
    assert tuple(offer) == (HOST_ID, True)
    (message,) = relay.messages
    assert "prova" in str(message.message["subject"])
    assert "inventata" in message.text()


@pytest.mark.parametrize(
    ("offered", "region"),
    [((), "12"), (("08",), "08"), (("08", "15", "18"), "15")],
)
async def test_it_lies_where_the_lender_works(
    lender: Member, db: Database, offered: tuple[str, ...], region: str
) -> None:
    """In its own region, Campania, where that is among those that it serves."""
    if offered:
        async with connected(db.superuser_url) as superuser:
            await superuser.execute(
                """
                INSERT INTO services_offered (id, service_id, tenant_id, kind, name, regions, valid_from)
                VALUES ($1, $1, $2, 'enterprise_loan', 'Prestito', $3, '2020-01-01')
                """,
                uuid4(),
                lender.tenant.id,
                list(offered),
            )
    await send_test(lender.tenant.id)
    shared = await value(
        HOST_ID,
        """
        SELECT c.region_code FROM offers o JOIN referrals r ON r.id = o.referral_id
        JOIN cases c ON c.id = r.case_id WHERE o.receiver_id = $1
        """,
        lender.tenant.id,
    )
    assert shared == region


async def test_it_is_answered_by_a_person_with_the_usual_buttons(
    lender: Member, browser: httpx.AsyncClient
) -> None:
    await send_test(lender.tenant.id)
    offer = await the_offer(lender)
    listed = (await browser.get("/inbox")).text
    assert HOST_NAME in listed
    assert "Prova</span>" in listed
    opened = await browser.post(f"/inbox/{offer}/open")
    assert opened.status_code == 303
    shown = (await browser.get(f"/inbox/{offer}")).text
    assert "Mario Prova" in shown
    assert f"/inbox/{offer}/accept" in shown
    accepted = await browser.post(f"/inbox/{offer}/accept", data={"form_key": str(uuid4())})
    assert accepted.status_code == 303
    await a_moment_later()
    await has_answered(lender)


async def has_answered(lender: Member) -> None:
    tenant_id = lender.tenant.id
    moment = "SELECT moment FROM network_facts WHERE name = $1"
    assert await value(tenant_id, moment, facts.TEST_ANSWERED)
    assert [tuple(row) for row in await rows(tenant_id, STORY, tenant_id)] == [
        ("test_referral.sent", None),
        ("test_referral.answered", lender.membership_id),
    ]
    async with relay_transaction() as relaying:
        touched = await relaying.fetch(
            "SELECT args FROM outbox WHERE task = 'onboarding.refresh' AND tenant_id = $1",
            tenant_id,
        )
    assert [row["args"] for row in touched] == [{"organisation_id": str(tenant_id)}] * 2


async def test_a_refusal_is_an_answer_too(lender: Member, browser: httpx.AsyncClient) -> None:
    await send_test(lender.tenant.id)
    offer = await the_offer(lender)
    declined = await browser.post(
        f"/inbox/{offer}/decline",
        data={"form_key": str(uuid4()), "reason": "no_capacity", "note": ""},
    )
    assert declined.status_code == 303, declined.text
    await a_moment_later()
    await has_answered(lender)


async def test_the_partner_api_answers_it_too(lender: Member, browser: httpx.AsyncClient) -> None:
    await send_test(lender.tenant.id)
    offer = await the_offer(lender)
    (item,) = (await browser.get("/api/v1/received-offers")).json()["items"]
    assert (item["id"], item["is_test"]) == (str(offer), True)
    answer = await browser.post(f"/api/v1/received-offers/{offer}/accept")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")


async def test_while_one_waits_no_other_is_sent(lender: Member) -> None:
    await send_test(lender.tenant.id)
    await send_test(lender.tenant.id)
    await asyncio.gather(send_test(lender.tenant.id), send_test(lender.tenant.id))
    count = "SELECT count(*) FROM received_offers"
    assert await value(lender.tenant.id, count) == 1
    story = [row["action"] for row in await rows(lender.tenant.id, STORY, lender.tenant.id)]
    assert story == ["test_referral.sent"]


async def test_two_at_once_send_one(lender: Member) -> None:
    await asyncio.gather(send_test(lender.tenant.id), send_test(lender.tenant.id))
    assert await value(lender.tenant.id, "SELECT count(*) FROM received_offers") == 1


async def test_after_an_answer_another_can_be_sent(
    lender: Member, browser: httpx.AsyncClient
) -> None:
    await send_test(lender.tenant.id)
    await browser.post(f"/api/v1/received-offers/{await the_offer(lender)}/accept")
    await send_test(lender.tenant.id)
    assert await value(lender.tenant.id, "SELECT count(*) FROM received_offers") == 2


async def test_a_draft_that_a_dying_worker_left_is_sent(
    lender: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        pass

    async def dies(*_given: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("hub.referrals.sandbox.send_test.send_referral", dies)
        with pytest.raises(Died):
            await send_test(lender.tenant.id)
    drafts = "SELECT count(*) FROM offers WHERE receiver_id = $1"
    assert await value(HOST_ID, drafts, lender.tenant.id) == 1
    await send_test(lender.tenant.id)
    assert await value(HOST_ID, drafts, lender.tenant.id) == 1
    assert await the_offer(lender) is not None


@pytest.mark.parametrize(("kinds", "state"), [(("host",), "suspended"), (("lender",), "closed")])
async def test_nobody_else_gets_one(db: Database, kinds: tuple[str, ...], state: str) -> None:
    somebody = await make_membership(await make_tenant(*kinds, state=state))
    await send_test(somebody.tenant.id)
    assert await value(somebody.tenant.id, "SELECT count(*) FROM received_offers") == 0


async def test_a_lender_at_work_gets_one_beside_its_real_offers(lender: Member) -> None:
    await set_state(lender.tenant, "active")
    await send_test(lender.tenant.id)
    assert await the_offer(lender) is not None


async def test_whatever_it_offers(lender: Member) -> None:
    """It has stated no service yet."""
    assert (
        await value(
            lender.tenant.id,
            "SELECT count(*) FROM services_offered WHERE tenant_id = $1",
            lender.tenant.id,
        )
        == 0
    )
    await send_test(lender.tenant.id)
    async with tenant_transaction(HOST_ID) as scope:
        tests = await scope.fetchval(
            """
            SELECT count(*) FROM referrals r JOIN offers o ON o.referral_id = r.id
            WHERE o.receiver_id = $1 AND r.is_test
            """,
            lender.tenant.id,
        )
    assert tests == 1
