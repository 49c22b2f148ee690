"""What follows from a referral by itself: the case's milestones, and a mail to the receiver's office."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from hub import mail
from hub.config import Settings
from hub.db import relay_transaction, routing_transaction
from hub.referrals.routing.accept_offer import accept_offer
from hub.referrals.routing.open_offer import open_offer
from hub.worker import drain_now
from tests.referrals.making import Network, rows, send, value
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def test_the_receivers_office_gets_a_mail_without_names(
    network: Network, relay: SmtpSink
) -> None:
    sent = await send(network)
    await drain_now()
    assert len(relay.messages) == 2
    for message in relay.messages:
        text = message.text()
        assert network.case.number in text
        assert any(f"/inbox/{offer}" in text for offer in sent.offers)
        for personal in ("Lucia", "Esposito", "lucia@example.org", "bakery"):
            assert personal not in text


async def test_whoever_has_opened_it_needs_no_mail(network: Network, relay: SmtpSink) -> None:
    sent = await send(network)
    actor = network.lenders[0].actor
    async with routing_transaction(actor.tenant_id) as scope:
        await open_offer(scope, actor, sent.offers[0])
    await drain_now()
    assert len(relay.messages) == 1
    assert str(sent.offers[1]) in relay.messages[0].text()


async def test_a_task_that_runs_twice_changes_nothing_more(
    network: Network, relay: SmtpSink
) -> None:
    sent = await send(network)
    actor = network.lenders[0].actor
    async with routing_transaction(actor.tenant_id) as scope:
        await accept_offer(scope, actor, sent.offers[0], uuid4())
    for _ in range(2):
        async with relay_transaction() as relaying:
            await relaying.execute(
                "UPDATE outbox SET done_at = NULL, due_at = $1 WHERE task = 'referrals.case_reached'",
                relaying.now,
            )
        await drain_now()
    reached = await rows(network.operator.tenant.id, "SELECT kind FROM milestones")
    assert sorted(row["kind"] for row in reached) == ["accepted", "referred"]
    assert await value(network.operator.tenant.id, "SELECT milestone FROM cases") == "accepted"
    async with relay_transaction() as relaying:
        assert await relaying.fetchval("SELECT count(*) FROM outbox WHERE error IS NOT NULL") == 0


async def test_the_outbox_holds_ids_only(network: Network) -> None:
    sent = await send(network)
    async with relay_transaction() as relaying:
        found = await relaying.fetch("SELECT tenant_id, task, args FROM outbox ORDER BY task")
    assert [(row["task"], list(row["args"])) for row in found] == [
        ("referrals.case_reached", ["referral_id"]),
        ("referrals.tell_receiver", ["offer_id"]),
        ("referrals.tell_receiver", ["offer_id"]),
    ]
    assert found[0]["tenant_id"] == network.operator.tenant.id
    assert {row["args"]["offer_id"] for row in found[1:]} == {str(one) for one in sent.offers}


@pytest.mark.parametrize(
    ("reply", "ends"), [("550 5.1.1 no such user", True), ("451 4.3.0 later", False)]
)
async def test_a_mail_refused_for_good_is_not_tried_again(
    network: Network,
    relay: SmtpSink,
    caplog: pytest.LogCaptureFixture,
    reply: str,
    ends: bool,
) -> None:
    address = await value(
        network.lenders[0].tenant.id,
        "SELECT email FROM tenants WHERE id = $1",
        network.lenders[0].tenant.id,
    )
    relay.replies[address] = reply
    sent = await send(network)
    await drain_now()
    async with relay_transaction() as relaying:
        row = await relaying.fetchrow(
            "SELECT done_at, error FROM outbox WHERE args->>'offer_id' = $1", str(sent.offers[0])
        )
    assert row is not None
    assert (row["done_at"] is not None, row["error"] is None) == (ends, ends)
    assert ("failed 550" in caplog.text) == ends
    assert address not in caplog.text
    assert reply[4:] not in caplog.text
