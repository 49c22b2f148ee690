"""A relay that refuses us before it hears of any mail: for good, or for now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub import mail
from hub.config import Settings
from hub.newsletter import course
from hub.newsletter.delivery import claiming
from tests.factories import Member
from tests.mail.scripted_server import scripted
from tests.newsletter.delivery.sending import (
    frozen,
    in_scope,
    send_by,
    sending,
    until_sent,
    until_stalled,
    until_true,
)
from tests.newsletter.making import load, states

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")


@pytest.mark.parametrize(
    "says",
    [
        {"greeting": "554 5.7.1 your address is on our list"},
        {"greeting": "554 no service for you"},
        {"EHLO": "550 5.7.1 go away", "HELO": "550 5.7.1 go away"},
        {"AUTH": "535 5.7.8 wrong password"},
    ],
)
async def test_for_good_it_waits_for_a_person(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: dict[str, str],
) -> None:
    monkeypatch.setattr(claiming, "SHORTEST_STALL", timedelta(0))
    campaign_id, emails = await frozen(editor, 12)
    async with scripted(extensions=["PIPELINING", "AUTH PLAIN"]) as server:
        server.says |= says
        account = f"smtp://hub:secret@127.0.0.1:{server.port}"
        mail.use_relay(replace(settings, smtp_url=account, journal_folder=str(tmp_path)))

        async def is_paused() -> bool:
            return (await load(editor, campaign_id)).is_paused

        async with sending():
            await until_true(is_paused)
            campaign = await load(editor, campaign_id)
            (reply, *_) = says.values()
            assert (campaign.paused_why, campaign.paused_reply) == ("policy", reply)
            assert campaign.stalled_at is None
            asked = server.connections
            assert await states(editor, campaign_id) == {"queued": 12}, "nobody is blamed"
            server.says = {"AUTH": "235 welcome"}
            await asyncio.sleep(1)
            assert server.connections == asked, "it is not asked again and again"
            assert await in_scope(editor, course.resume, campaign_id)
            await until_sent(editor, campaign_id)
        assert sorted(server.held) == sorted(emails)


async def test_for_now_it_is_asked_again(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, _ = await frozen(editor, 12)
    async with scripted(greeting="421 4.7.0 come back later") as server:
        send_by(settings, server.port, tmp_path)

        async with sending():
            await until_stalled(editor, campaign_id)
    campaign = await load(editor, campaign_id)
    assert (campaign.stalled_reply, campaign.is_paused) == ("421 4.7.0 come back later", False)
    assert await states(editor, campaign_id) == {"queued": 12}
