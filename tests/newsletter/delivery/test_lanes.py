"""Who is sent to when: fair turns, a pace that holds for all senders, and people who step in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from hub import clock
from hub.config import Settings
from hub.db import relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.newsletter import course
from hub.worker import drain_now
from tests.factories import Member, make_membership, make_tenant
from tests.mail.scripted_server import scripted
from tests.newsletter.delivery.sending import (
    SlowSink,
    claimed,
    frozen,
    in_scope,
    send_by,
    sending,
    until_sent,
    until_true,
    use_batches,
)
from tests.newsletter.making import load, states, until

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")

# A pause or a cancellation is seen by then, on a machine that does nothing else.
PROMISED_SECONDS = 1.0


@pytest.fixture
async def other(editor: Member) -> Member:
    """An editor of another tenant."""
    return await make_membership(await make_tenant("coordinator"), "editor")


async def until_paused(editor: Member, campaign_id: UUID) -> None:
    async def is_paused() -> bool:
        return (await load(editor, campaign_id)).is_paused

    await until_true(is_paused)


async def until_let_go(editor: Member, campaign_id: UUID) -> None:
    """No worker holds anything of it any more."""

    async def is_free() -> bool:
        return "sending" not in await states(editor, campaign_id)

    await until_true(is_free)


def of(order: list[str], name: str) -> list[int]:
    """At which places that campaign's messages came."""
    return [place for place, address in enumerate(order) if address.startswith(name)]


# Turns.


@pytest.mark.parametrize("same_tenant", [True, False])
async def test_a_small_campaign_overtakes_a_large_one(
    editor: Member,
    other: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    monkeypatch: pytest.MonkeyPatch,
    same_tenant: bool,
) -> None:
    use_batches(monkeypatch, 10)
    send_by(settings, sink.port, tmp_path)
    large, _ = await frozen(editor, 400, "large")
    sink.seconds = 0.05
    async with sending():
        await until(lambda: len(sink.order) >= 30)
        owner = editor if same_tenant else other
        small, _ = await frozen(owner, 20, "small", audience="lenders")
        began = len(sink.order)
        await until_sent(owner, small)
        assert (await load(editor, large)).state == "sending"
        sink.seconds = 0.0
        await until_sent(editor, large)
    places = of(sink.order, "small")
    assert len(places) == 20
    # Behind what was in hand when it was seen, its batches come between those of the other.
    assert places[-1] - began < 200
    assert len(of(sink.order, "large")) == 400


async def test_tenants_have_alternating_turns(
    editor: Member,
    other: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many campaigns each of them has."""
    use_batches(monkeypatch, 10)
    send_by(settings, sink.port, tmp_path, smtp_connections=1)
    await frozen(editor, 60, "busy")
    await frozen(editor, 60, "keen", audience="lenders")
    await frozen(other, 60, "calm")
    await drain_now()
    first = sink.order[:90]
    assert len(sink.order) == 180
    # Turn by turn: busy, calm, keen, calm, …
    assert abs(len(of(first, "calm")) - 45) <= 10
    assert abs(len(of(first, "busy")) - len(of(first, "keen"))) <= 10


async def test_a_campaign_that_cannot_be_read_holds_up_nobody_else(
    editor: Member, other: Member, settings: Settings, tmp_path: Path, sink: SlowSink
) -> None:
    """As from a version that knew another kind of block."""
    send_by(settings, sink.port, tmp_path)
    unreadable, _ = await frozen(editor, 3, "unreadable")
    calm, emails = await frozen(other, 20, "calm")
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("UPDATE campaigns SET blocks = $2 WHERE id = $1", unreadable, [{}])
    async with sending():
        await until_sent(other, calm)
        assert sorted(sink.order) == sorted(emails)
        assert await states(editor, unreadable) == {"queued": 3}


# Pace.


async def paced(
    sink: SlowSink, work: Callable[[], object], seconds: float = 30
) -> list[tuple[float, str]]:
    """Who came when, in seconds since the senders began."""
    loop = asyncio.get_running_loop()
    began, seen = loop.time(), list[tuple[float, str]]()
    async with sending(2), asyncio.timeout(seconds):
        while not work():
            now = loop.time() - began
            seen += [(now, address) for address in sink.order[len(seen) :]]
            await asyncio.sleep(0.01)
    return seen


async def test_caps_hold_over_all_senders(
    editor: Member,
    other: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches(monkeypatch, 20)
    send_by(
        settings, sink.port, tmp_path, smtp_per_minute=600, tenant_per_minute=360
    )  # 100 at once and ten a second; for each tenant 60 and six
    await frozen(editor, 70, "mine")
    await frozen(other, 55, "theirs")
    seen = await paced(sink, lambda: len(sink.order) == 125)
    for number, (second, _) in enumerate(seen, 1):
        assert number <= 100 + 10 * second + 1
    for number, (second, _) in enumerate(((s, a) for s, a in seen if a.startswith("mine")), 1):
        assert number <= 60 + 6 * second + 1
    assert len(of(sink.order[:100], "theirs")) >= 35, "a tenant's cap leaves room for others"
    assert len(set(sink.order)) == 125


@pytest.mark.parametrize("cap", ["smtp_per_minute", "tenant_per_minute"])
async def test_what_a_cap_lets_through_is_shared(
    editor: Member, other: Member, settings: Settings, tmp_path: Path, sink: SlowSink, cap: str
) -> None:
    """A turn could take all there is: the campaign that began first must not have it again and again."""
    send_by(settings, sink.port, tmp_path, **{cap: 600})
    await frozen(editor, 300, "first")
    second = other if cap == "smtp_per_minute" else editor
    await frozen(second, 300, "second", audience="lenders")
    # A hundred at once, and some more where they take a while, which whoever comes first may have; then ten a second.
    await paced(sink, lambda: len(sink.order) >= 160)
    later = sink.order[100:160]
    assert len(of(later, "second")) >= 15, "about half of it, and none were it not shared"


async def test_what_a_turn_does_not_need_is_left_to_others(
    editor: Member, settings: Settings, tmp_path: Path, sink: SlowSink
) -> None:
    send_by(settings, sink.port, tmp_path, smtp_per_minute=6000, tenant_per_minute=6000)
    await frozen(editor, 1)
    await drain_now()
    assert len(sink.order) == 1
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT name, tokens FROM mail_pace")
    left = {row["name"].partition(":")[0]: row["tokens"] for row in rows}
    assert left == {"relay": 999, "tenant": 999}


# People.


async def test_pause_and_resume_in_the_middle(
    editor: Member, settings: Settings, tmp_path: Path, sink: SlowSink
) -> None:
    send_by(settings, sink.port, tmp_path)
    sink.seconds = 0.1
    campaign_id, emails = await frozen(editor, 200)
    async with sending():
        await until(lambda: len(sink.order) >= 24)
        assert await in_scope(editor, pause, campaign_id)
        at_once = len(sink.order)
        await until_let_go(editor, campaign_id)
        stopped = len(sink.order)
        # Eight connections, ten messages a second each.
        assert stopped - at_once < 80 * PROMISED_SECONDS * 1.5
        await asyncio.sleep(0.5)
        assert len(sink.order) == stopped
        assert await states(editor, campaign_id) == {"sent": stopped, "queued": 200 - stopped}
        sink.seconds = 0.0
        assert await in_scope(editor, course.resume, campaign_id)
        await until_sent(editor, campaign_id)
    assert Counter(sink.order) == Counter(emails)
    assert not (await load(editor, campaign_id)).is_paused


async def test_a_pause_while_nothing_is_answered(
    editor: Member, settings: Settings, tmp_path: Path, sink: SlowSink
) -> None:
    """The server is in the middle of eight messages: those end as they will, and no other begins."""
    send_by(settings, sink.port, tmp_path)
    campaign_id, emails = await frozen(editor, 100)
    sink.gate.clear()
    async with sending():
        await until(lambda: sink.waiting == 8)
        assert await in_scope(editor, pause, campaign_id)

        async def only_the_wire() -> bool:
            return await states(editor, campaign_id) == {"sending": 8, "queued": 92}

        await until_true(only_the_wire)
        sink.gate.set()
        await until_let_go(editor, campaign_id)
        assert await states(editor, campaign_id) == {"sent": 8, "queued": 92}
        assert await in_scope(editor, course.resume, campaign_id)
        await until_sent(editor, campaign_id)
    assert Counter(sink.order) == Counter(emails)


async def test_cancelled_in_the_middle(
    editor: Member, settings: Settings, tmp_path: Path, sink: SlowSink
) -> None:
    send_by(settings, sink.port, tmp_path)
    campaign_id, _ = await frozen(editor, 100)
    sink.gate.clear()
    async with sending():
        await until(lambda: sink.waiting == 8)
        assert await in_scope(editor, course.cancel, campaign_id)

        async def only_the_wire() -> bool:
            return await states(editor, campaign_id) == {"sending": 8, "queued": 92}

        await until_true(only_the_wire)
        sink.gate.set()
        await until_let_go(editor, campaign_id)
        await asyncio.sleep(0.5)
    assert len(sink.order) == 8
    assert await states(editor, campaign_id) == {"sent": 8, "queued": 92}
    assert (await load(editor, campaign_id)).state == "cancelled"
    assert not await in_scope(editor, course.resume, campaign_id)


async def test_another_campaign_goes_on(
    editor: Member,
    other: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_batches(monkeypatch, 10)
    send_by(settings, sink.port, tmp_path)
    sink.seconds = 0.02
    stops, _ = await frozen(editor, 100, "stops")
    goes, _ = await frozen(other, 100, "goes")
    async with sending():
        await until(lambda: len(sink.order) >= 40)
        assert await in_scope(editor, pause, stops)
        await until_sent(other, goes)
        await until_let_go(editor, stops)
    assert len(of(sink.order, "goes")) == 100
    assert len(of(sink.order, "stops")) < 100


async def pause(scope: object, campaign_id: UUID) -> bool:
    return await course.pause(scope, campaign_id, "by_hand", by=None, reply=None)  # type: ignore[arg-type]  # in_scope gives it one


async def test_a_claim_looks_at_the_campaign_too(editor: Member) -> None:
    """What was paused or cancelled since a sender looked is not claimed from."""
    for stop in (pause, course.cancel):
        campaign_id, _ = await frozen(editor, 3, audience="lenders", name=stop.__name__)
        assert await in_scope(editor, stop, campaign_id)
        assert await claimed(editor, campaign_id, uuid7(), 9) == []
        assert await states(editor, campaign_id) == {"queued": 3 if stop is pause else 6}


# Relays that say no.


async def test_a_refusal_of_the_content_stops_it_at_once(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, emails = await frozen(editor, 300)
    async with scripted(extensions=["PIPELINING"], end="554 5.7.1 this looks like spam") as server:
        send_by(settings, server.port, tmp_path)
        async with sending():
            await until_paused(editor, campaign_id)
            await until_let_go(editor, campaign_id)
            # One on each connection, and the one whose envelope was sent behind it.
            refused = len(server.messages)
            assert refused <= 2 * 8
            campaign = await load(editor, campaign_id)
            assert (campaign.paused_why, campaign.paused_reply) == (
                "policy",
                "554 5.7.1 this looks like spam",
            )
            waiting = await states(editor, campaign_id)
            assert waiting.keys() == {"queued", "retry"}, "nobody is blamed"
            await asyncio.sleep(0.5)
            assert len(server.messages) == refused
            server.says.clear()
            with clock.moved(timedelta(minutes=2)):
                assert await in_scope(editor, course.resume, campaign_id)
                await until_sent(editor, campaign_id)
        assert Counter(server.held[refused:]) == Counter(emails)
    assert await states(editor, campaign_id) == {"sent": 300}


async def test_a_failing_share_stops_it_and_it_can_go_on(
    editor: Member, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_batches(monkeypatch, 20)
    campaign_id, _ = await frozen(editor, 400)
    async with scripted(extensions=["PIPELINING"]) as server:
        server.says["RCPT"] = lambda times: "250 ok" if times % 3 else "550 5.1.1 who is that?"
        send_by(settings, server.port, tmp_path)
        async with sending():
            await until_paused(editor, campaign_id)
            await until_let_go(editor, campaign_id)
            campaign = await load(editor, campaign_id)
            assert (campaign.paused_why, campaign.paused_reply) == ("failing_share", None)
            found = await states(editor, campaign_id)
            # Fifty say enough; what is on the wire by then is one message a connection.
            assert 50 <= found["sent"] + found["failed"] <= 50 + 8
            assert set(found) == {"sent", "failed", "queued"}
            server.says.clear()
            assert await in_scope(editor, course.resume, campaign_id)
            await until_sent(editor, campaign_id)
    after = await states(editor, campaign_id)
    assert after == {"sent": 400 - found["failed"], "failed": found["failed"]}
