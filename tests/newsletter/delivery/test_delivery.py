"""From a started campaign to the mailbox, with servers and people that do not always help."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.newsletter import course
from hub.newsletter.blocks import Button, Divider, Heading, Paragraph
from hub.newsletter.control_campaign import resend
from hub.newsletter.delivery import claiming, ledger
from hub.newsletter.delivery.sender import Sender, send_what_is_due
from hub.newsletter.freeze import freeze_what_is_due
from hub.newsletter.schemas import Outcome
from hub.worker import drain_now
from tests.factories import Member
from tests.mail.scripted_server import CLOSE, scripted
from tests.newsletter.making import (
    draft,
    load,
    make_campaign,
    make_subscriber,
    make_subscribers,
    start,
    states,
)
from tests.support.smtp_sink import SmtpSink

# Senders look across tenants.
pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")


CONNECTIONS = 8


async def started(editor: Member, readers: int) -> tuple[UUID, list[str]]:
    emails = [f"reader{number}@example.org" for number in range(readers)]
    await make_subscribers(editor.tenant, emails)
    campaign_id = await make_campaign(editor)
    assert await start(editor, campaign_id) == readers
    return campaign_id, emails


async def frozen(editor: Member, readers: int) -> tuple[UUID, list[str]]:
    campaign_id, emails = await started(editor, readers)
    await freeze_what_is_due()
    assert (await load(editor, campaign_id)).state == "sending"
    return campaign_id, emails


def received_by(relay: SmtpSink) -> list[str]:
    return sorted(address for message in relay.messages for address in message.recipients)


async def test_counted_frozen_and_arrived_are_the_same(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await started(editor, 250)
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert campaign.state == "sent"
    assert campaign.recipients == 250
    assert campaign.finished_at
    assert received_by(relay) == sorted(emails)
    assert await states(editor, campaign_id) == {"sent": 250}


async def test_what_arrives(editor: Member, relay: SmtpSink) -> None:
    italian = await make_subscriber(editor.tenant, name='Niccolò "Nick" <D\'Alì>')
    english = await make_subscriber(editor.tenant, name="Jane", locale="en")
    nameless = await make_subscriber(editor.tenant, name="", locale="de")
    content = draft(
        Heading("Benvenuta, {name|amica}"),
        Paragraph(
            "Un **nuovo** corso & molto altro: [leggi](https://example.org/?a=1&b=2).\n\n- uno\n- due"
        ),
        Divider(),
        Button("Iscriviti", "https://example.org/corso"),
        subject="Per {name|te}: novità",
        preheader="Solo per {name|te}",
    )
    campaign_id = await make_campaign(editor, content)
    await start(editor, campaign_id)
    await drain_now()
    (first,), (second,), (third,) = (relay.sent_to(email) for email in (italian, english, nameless))
    domain = mail.current_relay().sender.domain
    assert first.message["subject"] == 'Per Niccolò "Nick" <D\'Alì>: novità'
    assert third.message["subject"] == "Per te: novità"
    assert first.message["to"].addresses[0].display_name == 'Niccolò "Nick" <D\'Alì>'
    assert first.message["from"].addresses[0].display_name == editor.tenant.name
    assert "Benvenuta, Niccolò &quot;Nick&quot; &lt;D&#x27;Alì&gt;" in first.text("html")
    assert 'Benvenuta, Niccolò "Nick" <D\'Alì>' in first.text()
    assert "Benvenuta, amica" in third.text("html")
    assert "Un <b>nuovo</b> corso &amp; molto altro" in first.text("html")
    assert 'href="https://example.org/?a=1&amp;b=2"' in first.text("html")
    assert "leggi (https://example.org/?a=1&b=2)" in first.text()
    assert "Solo per Jane" in second.text("html")
    assert "{" not in second.text()
    list_id = f"<newsletter.{editor.tenant.id}.{domain}>"
    assert first.message["list-id"].split() == ["Newsletter", *editor.tenant.name.split(), list_id]
    assert first.message["feedback-id"].startswith(f"{campaign_id}:{editor.tenant.id}:newsletter:")
    assert first.message["precedence"] == "bulk"
    assert first.message["content-language"] == "it"
    assert first.message["message-id"].startswith(f"<{campaign_id}.")
    assert first.message["message-id"].endswith(f"@{domain}>")
    assert first.message["reply-to"]
    assert 'lang="en"' in second.text("html"), "the words around are in the reader's language"
    assert "Unsubscribe with one click" in second.text("html")
    ids = {message.message["message-id"] for message in relay.messages}
    assert len(ids) == 3


@pytest.mark.parametrize(
    "name",
    [".", "a\r\nBcc: evil@example.org", "a\n.\nb", "{name}", "{unsubscribe_url}", "<script>alert(1)</script>",
     "è" * 2000, "x" * 2000, "\x00\x01", "🙂 李小龍", '"; DROP', "=?utf-8?q?x?="],
)  # fmt: skip
async def test_no_name_can_harm(editor: Member, relay: SmtpSink, name: str) -> None:
    stored = name.replace("\x00", "")
    email = await make_subscriber(editor.tenant, name=stored)
    await start(
        editor, await make_campaign(editor, draft(Paragraph("Ciao {name}!"), subject="{name}"))
    )
    await drain_now()
    (received,) = relay.sent_to(email)
    assert received.recipients == (email,)
    assert not received.message.defects
    assert received.message["bcc"] is None
    clean = " ".join(stored.replace("\x01", " ").split())
    assert f"Ciao {clean}!" in received.text()
    assert received.message["subject"] == clean
    assert "<script>" not in received.text("html")


async def test_an_organisation_may_call_itself_anything(editor: Member, relay: SmtpSink) -> None:
    """Whatever stands in its row, nobody's delivery fails for it and nothing becomes a header or a script."""
    email_address = await make_subscriber(editor.tenant)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET name = $2, email = $3, website = $4 WHERE id = $1",
            editor.tenant.id,
            "Ente\r\nBcc: evil@example.org <b>",
            "not an address\r\nX-Evil: 1",
            "javascript:alert(1)",
        )
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    await drain_now()
    (received,) = relay.sent_to(email_address)
    assert received.message["from"].addresses[0].display_name == "Ente Bcc: evil@example.org <b>"
    assert [received.message[name] for name in ("bcc", "x-evil", "reply-to")] == [None] * 3
    assert 'href="javascript' not in received.text("html")


async def test_refusals_are_told_apart(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await started(editor, 5)
    relay.replies |= {emails[0]: "550 5.1.1 no such user", emails[1]: "450 4.2.0 greylisted"}
    await drain_now()
    assert await states(editor, campaign_id) == {"sent": 3, "failed": 1, "retry": 1}
    assert (await load(editor, campaign_id)).state == "sending"
    relay.replies.clear()
    with clock.moved(timedelta(minutes=6)):
        await drain_now()
    assert await states(editor, campaign_id) == {"sent": 4, "failed": 1}
    assert (await load(editor, campaign_id)).state == "sent"
    async with tenant_transaction(editor.tenant.id) as scope:
        refused = await scope.fetchrow(
            "SELECT email, cause, reply FROM deliveries WHERE state = 'failed'"
        )
    assert refused
    assert tuple(refused) == (emails[0], "unknown", "550 5.1.1 no such user")


async def test_a_policy_refusal_pauses_and_blames_nobody(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await started(editor, 5)
    relay.replies[emails[2]] = "554 5.7.1 policy"
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.paused_why) == ("sending", "policy")
    assert campaign.paused_reply == "554 5.7.1 policy"
    found = await states(editor, campaign_id)
    assert found.keys() <= {"sent", "queued", "retry"}
    assert found["retry"] >= 1
    relay.replies.clear()
    with clock.moved(timedelta(minutes=6)):
        await drain_now()
        assert await states(editor, campaign_id) == found, "nothing moves until somebody resumes it"
        async with tenant_transaction(editor.tenant.id) as scope:
            assert await course.resume(scope, campaign_id)
        await drain_now()
    assert await states(editor, campaign_id) == {"sent": 5}


async def test_retries_end_after_two_days(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await started(editor, 1)
    relay.replies[emails[0]] = "450 4.2.0 greylisted"
    await drain_now()
    with clock.moved(timedelta(hours=46)):
        await drain_now()
        assert await states(editor, campaign_id) == {"retry": 1}
    with clock.moved(timedelta(hours=49)):
        await drain_now()
        assert await states(editor, campaign_id) == {"failed": 1}
        assert (await load(editor, campaign_id)).state == "sent"
        async with tenant_transaction(editor.tenant.id) as scope:
            await resend(scope, editor.actor, campaign_id, state="failed", code=None, key=uuid7())
        await drain_now()
        assert await states(editor, campaign_id) == {"retry": 1}, "two days from there on"


@pytest.mark.parametrize("lost", [False, True], ids=["given back", "its worker was lost"])
async def test_what_was_tried_keeps_its_two_days_when_it_comes_back(
    editor: Member, relay: SmtpSink, lost: bool
) -> None:
    """Pauses, workers that stop and relays that go away must not begin them anew each time."""
    campaign_id, emails = await frozen(editor, 1)
    relay.replies[emails[0]] = "450 4.2.0 greylisted"
    await drain_now()
    worker = uuid7()
    with clock.moved(timedelta(hours=30)):
        async with tenant_transaction(editor.tenant.id) as scope:
            (row,), _ = await ledger.claim(scope, campaign_id, worker, limit=9)
            if lost:
                assert await ledger.release(scope, campaign_id, worker, but=[]) == 1
            else:
                back = Outcome(row.id, row.attempts, "queued", None, None, scope.now)
                await ledger.record(scope, campaign_id, [back])
    with clock.moved(timedelta(hours=49)):
        await drain_now()
    assert await states(editor, campaign_id) == {"failed": 1}


async def test_two_days_do_not_grow_when_a_clock_is_set_back(
    editor: Member, relay: SmtpSink
) -> None:
    campaign_id, emails = await frozen(editor, 1)
    worker = uuid7()
    with clock.moved(timedelta(days=30)):
        async with tenant_transaction(editor.tenant.id) as scope:
            (row,), _ = await ledger.claim(scope, campaign_id, worker, limit=9)
            busy = Outcome(row.id, row.attempts, "retry", "busy", "450", scope.now)
            await ledger.record(scope, campaign_id, [busy])
    relay.replies[emails[0]] = "450 4.2.0 greylisted"
    await drain_now()
    assert await states(editor, campaign_id) == {"retry": 1}
    with clock.moved(timedelta(hours=1)):
        await drain_now()
    with clock.moved(timedelta(hours=51)):
        await drain_now()
    assert await states(editor, campaign_id) == {"failed": 1}


async def test_a_relay_that_is_down_costs_nobody_anything(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await frozen(editor, 30)
    await relay.stop()
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert campaign.stalled_at
    assert campaign.next_try_at
    assert await states(editor, campaign_id) == {"queued": 30}, "not one attempt was counted"
    pauses: list[timedelta] = []
    for seconds in (3, 10, 40, 200):
        with clock.moved(timedelta(seconds=seconds)):
            began = clock.now()
            await drain_now()
            later = await load(editor, campaign_id)
            assert later.next_try_at
            pauses.append(later.next_try_at - began)
            took = clock.now() - began
            assert pauses[-1] <= claiming.LONGEST_STALL + took
    assert pauses == sorted(pauses)
    assert pauses[-1] >= claiming.LONGEST_STALL
    await relay.start()
    with clock.moved(timedelta(seconds=300)):
        await drain_now()
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.stalled_at) == ("sent", None)
    assert received_by(relay) == sorted(emails)


async def test_a_relay_that_goes_away_in_the_middle(editor: Member, settings: Settings) -> None:
    """Rows on the wire without an answer are in doubt, visibly; every other one arrives once the relay is back."""
    campaign_id, emails = await frozen(editor, 300)
    async with scripted() as server:
        mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
        server.says |= {
            ".": lambda times: CLOSE if times > 40 else "250 OK",
            "greeting": lambda times: CLOSE if times > CONNECTIONS else "220 hello",
        }
        await drain_now()
        campaign = await load(editor, campaign_id)
        found = await states(editor, campaign_id)
        assert campaign.stalled_at
        assert found == {"sent": 40, "in_doubt": CONNECTIONS, "queued": 260 - CONNECTIONS}
        server.says.clear()
        with clock.moved(timedelta(minutes=5)):
            await drain_now()
    assert await states(editor, campaign_id) == {"sent": 300 - CONNECTIONS, "in_doubt": CONNECTIONS}
    assert (await load(editor, campaign_id)).state == "sent"
    arrived = [str(email.message_from_bytes(data)["to"]) for data in server.messages]
    assert sorted(arrived) == sorted(f"Rosa Bianchi <{address}>" for address in emails)


async def test_connections_that_are_cut_now_and_then(editor: Member, settings: Settings) -> None:
    """At every point of the dialogue: nobody is lost, and only what was on the wire is in doubt."""
    campaign_id, _ = await frozen(editor, 120)
    async with scripted() as server:
        mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
        for verb, every in (("MAIL", 7), ("RCPT", 11), ("DATA", 13), (".", 17)):
            usual = "354 go on" if verb == "DATA" else "250 OK"
            server.says[verb] = _now_and_then(every, usual)
        for minutes in range(0, 600, 60):
            with clock.moved(timedelta(minutes=minutes)):
                await drain_now()
    found = await states(editor, campaign_id)
    assert set(found) == {"sent", "in_doubt"}
    assert sum(found.values()) == 120
    assert found["in_doubt"] == server.verbs.count(".") // 17
    assert len(server.messages) == 120, (
        "cut before the message, it was tried again; after it, it was not"
    )


def _now_and_then(every: int, usual: str) -> Callable[[int], str]:
    return lambda times: usual if times % every else CLOSE


async def test_a_relay_that_refuses_us_pauses_the_campaign(
    editor: Member, relay: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id, _ = await frozen(editor, 10)

    async def refuse(self: SmtpSink, *_: object) -> str:
        return "550 5.7.1 this sender may not send"

    monkeypatch.setattr(SmtpSink, "handle_MAIL", refuse, raising=False)
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert campaign.paused_why == "policy"
    assert campaign.paused_reply == "550 5.7.1 this sender may not send"
    assert (await states(editor, campaign_id)).keys() <= {"queued", "retry"}
    monkeypatch.undo()
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.resume(scope, campaign_id)
    with clock.moved(timedelta(minutes=2)):
        await drain_now()
    assert await states(editor, campaign_id) == {"sent": 10}


async def test_several_workers_share_a_campaign(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await frozen(editor, 400)
    await asyncio.gather(*(send_what_is_due() for _ in range(3)))
    assert received_by(relay) == sorted(emails)
    assert await states(editor, campaign_id) == {"sent": 400}


async def test_a_freeze_can_be_done_again(
    editor: Member, relay: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between two chunks, and by a second worker once it is complete."""
    monkeypatch.setattr("hub.newsletter.freeze.CHUNK", 7)
    campaign_id, emails = await started(editor, 50)
    campaign = await load(editor, campaign_id)
    async with tenant_transaction(editor.tenant.id) as scope:
        await ledger.freeze_chunk(scope, campaign_id, campaign.segment, after=UUID(int=0), limit=20)
    await freeze_what_is_due()
    assert await states(editor, campaign_id) == {"queued": 50}
    await make_subscriber(editor.tenant)
    await freeze_what_is_due()
    assert await states(editor, campaign_id) == {"queued": 50}, "what is frozen stays as it is"
    await drain_now()
    assert received_by(relay) == sorted(emails)


async def test_a_result_counts_only_under_its_claim(editor: Member) -> None:
    campaign_id, _ = await frozen(editor, 1)
    slow_worker, quick_worker = uuid7(), uuid7()
    async with tenant_transaction(editor.tenant.id) as scope:
        (slow,), _ = await ledger.claim(scope, campaign_id, slow_worker, limit=9)
        assert await ledger.claim(scope, campaign_id, quick_worker, limit=9) == ([], 0)
        assert await ledger.release(scope, campaign_id, slow_worker, but=[]) == 1
        (quick,), _ = await ledger.claim(scope, campaign_id, quick_worker, limit=9)
        late = Outcome(slow.id, slow.attempts, "failed", "unknown", "late", scope.now)
        await ledger.record(scope, campaign_id, [late])
        assert await scope.fetchval("SELECT state FROM deliveries") == "sending"
        good = Outcome(quick.id, quick.attempts, "sent", None, "250 ok", scope.now)
        for _ in range(2):
            await ledger.record(scope, campaign_id, [good])
            assert await scope.fetchval("SELECT (state, tries) FROM deliveries") == ("sent", 1)
    assert await states(editor, campaign_id) == {"sent": 1}
    assert slow.id == quick.id


async def test_a_late_answer_settles_a_doubt(editor: Member) -> None:
    """Its worker was taken for dead, and comes back with what it knows."""
    campaign_id, _ = await frozen(editor, 3)
    worker = uuid7()
    async with tenant_transaction(editor.tenant.id) as scope:
        rows, _ = await ledger.claim(scope, campaign_id, worker, limit=9)
        assert await ledger.doubt(scope, campaign_id, worker) == 3
    assert await states(editor, campaign_id) == {"in_doubt": 3}
    async with tenant_transaction(editor.tenant.id) as scope:
        outcomes = [
            Outcome(row.id, row.attempts, state, None, None, scope.now)
            for row, state in zip(rows, ("sent", "queued", "in_doubt"), strict=True)
        ]
        await ledger.record(scope, campaign_id, outcomes)
        assert await scope.fetchval("SELECT max(doubts) FROM deliveries") == 1
    assert await states(editor, campaign_id) == {"sent": 1, "queued": 1, "in_doubt": 1}


async def test_a_worker_that_is_told_to_stop_records_what_it_knows(
    editor: Member, settings: Settings
) -> None:
    campaign_id, _ = await frozen(editor, 200)
    stop = asyncio.Event()

    def slowly(times: int) -> str:
        if times >= 30:
            stop.set()
        return "250 OK"

    async with scripted(end=slowly) as server:
        mail.use_relay(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
        await Sender().run(stop)
        arrived = len(server.messages)
        assert 30 <= arrived < 200
        assert await states(editor, campaign_id) == {"sent": arrived, "queued": 200 - arrived}
        await send_what_is_due()
        assert len(server.messages) == 200
    assert await states(editor, campaign_id) == {"sent": 200}


async def test_an_address_that_no_message_can_carry_fails_alone(
    editor: Member, relay: SmtpSink
) -> None:
    good = await make_subscriber(editor.tenant)
    await make_subscriber(editor.tenant, email="two words@example.org")
    accented = await make_subscriber(editor.tenant, email="è@example.org")
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    await drain_now()
    assert await states(editor, campaign_id) == {"sent": 2, "failed": 1}
    assert received_by(relay) == sorted([good, accented])


async def test_everyone_left_before_the_freeze(editor: Member, relay: SmtpSink) -> None:
    campaign_id, emails = await started(editor, 1)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("DELETE FROM subscribers WHERE email = $1", emails[0])
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.recipients) == ("sent", 0)
    assert relay.messages == []
