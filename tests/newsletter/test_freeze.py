"""The freeze is anybody's who holds the campaign's row, one chunk at a time."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import pytest

from hub.db import tenant_transaction
from hub.newsletter import freeze
from hub.newsletter.freeze import freeze_on, freeze_round, freeze_what_is_due
from tests.factories import Member
from tests.newsletter.making import load, make_campaign, make_subscribers, start, states
from tests.support.databases import Database, connected

# Whoever freezes looks across tenants.
pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")

READERS = 50


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 7)


async def started(editor: Member, readers: int = READERS) -> UUID:
    emails = [f"reader{number}@example.org" for number in range(readers)]
    await make_subscribers(editor.tenant, emails)
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    return campaign_id


async def test_one_chunk_a_round_until_everyone_is_written_down(editor: Member) -> None:
    campaign_id = await started(editor)
    for written in (*range(7, READERS, 7), READERS):
        assert await freeze_round()
        assert await states(editor, campaign_id) == {"queued": written}
        assert (await load(editor, campaign_id)).state == "freezing"
    assert await freeze_round()
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.recipients) == ("sending", READERS)
    assert not await freeze_round()


async def test_many_at_once_write_everyone_down_once(editor: Member) -> None:
    campaign_id = await started(editor)
    while (await load(editor, campaign_id)).state == "freezing":
        await asyncio.gather(*(freeze_what_is_due() for _ in range(4)))
    assert await states(editor, campaign_id) == {"queued": READERS}
    assert (await load(editor, campaign_id)).recipients == READERS


async def test_nobody_waits_for_who_is_at_it_and_its_end_is_enough_to_go_on(
    own_database: Database, editor: Member
) -> None:
    """The other's chunk is undone, as when its worker is killed."""
    campaign_id = await started(editor)
    assert await freeze_round()
    async with connected(own_database.superuser_url) as other:
        await other.execute("BEGIN")
        await other.execute("SELECT FROM campaigns WHERE id = $1 FOR NO KEY UPDATE", campaign_id)
        await freeze_what_is_due()
        assert await states(editor, campaign_id) == {"queued": 7}
    await freeze_what_is_due()
    assert await states(editor, campaign_id) == {"queued": READERS}


async def test_a_campaign_that_cannot_be_frozen_holds_up_no_other(
    editor: Member, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await started(editor)
    good = await make_campaign(editor)
    await start(editor, good)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("UPDATE campaigns SET segment = '{}' WHERE id = $1", broken)
    with caplog.at_level(logging.WARNING):
        await freeze_what_is_due()
    assert await states(editor, good) == {"queued": READERS}
    assert (await load(editor, good)).state == "sending"
    assert f"the freeze of campaign {broken} failed: ValidationError" in caplog.text


async def test_told_to_stop_it_leaves_the_rest_to_others(
    editor: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await started(editor)
    stop = asyncio.Event()

    async def last_round() -> bool:
        stop.set()
        return await freeze_round()

    monkeypatch.setattr(freeze, "freeze_round", last_round)
    await freeze_on(stop)
    assert await states(editor, campaign_id) == {"queued": 7}
