"""Pause, resume and cancel while a sender is at work."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from hub.config import Settings
from hub.newsletter.control_campaign import cancel_campaign, pause_campaign, resume_campaign
from tests.factories import Member
from tests.newsletter.delivery.sending import (
    SlowSink,
    frozen,
    in_scope,
    send_by,
    sending,
    until_true,
    use_batches,
)
from tests.newsletter.making import load, states, until

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")


@pytest.fixture
def sink(sink: SlowSink) -> SlowSink:
    sink.seconds = 0.02
    return sink


async def quiet(editor: Member, campaign_id: UUID) -> None:
    """Until nothing of it is in a worker's hands any more."""

    async def is_quiet() -> bool:
        return "sending" not in await states(editor, campaign_id)

    await until_true(is_quiet)


async def test_a_pause_holds_everything_back_until_it_ends(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    use_batches(monkeypatch, 16)
    campaign_id, emails = await frozen(editor, 300)
    send_by(settings, sink.port, tmp_path)
    async with sending(2):
        await until(lambda: len(sink.messages) > 20)
        await in_scope(editor, pause_campaign, editor.actor, campaign_id)
        await quiet(editor, campaign_id)
        then = await states(editor, campaign_id)
        assert then["queued"] > 0, "there was something to hold back"
        assert then["sent"] == len(sink.messages), "and nothing of it was lost"
        await asyncio.sleep(1)
        assert len(sink.messages) == then["sent"]
        await in_scope(editor, resume_campaign, editor.actor, campaign_id)
        await until_true(lambda: is_in(editor, campaign_id, "sent"))
    assert Counter(sink.order) == Counter(emails), "each of them once"


async def test_who_still_waits_when_it_is_cancelled_gets_nothing(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    use_batches(monkeypatch, 16)
    campaign_id, emails = await frozen(editor, 300)
    other_id, others = await frozen(editor, 30, "other", audience="microcredit_users")
    send_by(settings, sink.port, tmp_path)
    async with sending():
        await until(lambda: len(sink.messages) > 20)
        await in_scope(editor, cancel_campaign, editor.actor, campaign_id)
        await until_true(lambda: is_in(editor, other_id, "sent"))
        await quiet(editor, campaign_id)
        then = await states(editor, campaign_id)
        await asyncio.sleep(1)
    assert (await load(editor, campaign_id)).state == "cancelled"
    assert await states(editor, campaign_id) == then
    got = Counter(sink.order)
    assert sum(got[email] for email in emails) == then["sent"] < 300
    assert Counter(others) <= got, "another campaign goes on"


async def is_in(editor: Member, campaign_id: UUID, state: str) -> bool:
    return (await load(editor, campaign_id)).state == state
