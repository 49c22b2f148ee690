"""A filter that ends the connection instead of refusing a message: whose newsletter it is, stops; the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import Settings
from hub.mail.replies import CUT_EACH_TIME
from hub.newsletter import course
from hub.newsletter.delivery.outbound import CUTS
from tests.factories import Member, make_membership, make_tenant
from tests.mail.scripted_server import CLOSE, Said, scripted
from tests.newsletter.delivery.sending import (
    frozen,
    in_scope,
    send_by,
    sending,
    until_sent,
    until_true,
)
from tests.newsletter.making import load, states

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")

CONNECTIONS = 8


@pytest.fixture
async def other() -> Member:
    return await make_membership(await make_tenant("coordinator"), "editor")


async def test_it_stops_its_own_campaign_and_nobody_elses(
    editor: Member, other: Member, settings: Settings, tmp_path: Path
) -> None:
    bad_id, _ = await frozen(editor, 200, "bad")
    good_id, good = await frozen(other, 200, "good")
    async with scripted(extensions=["PIPELINING"]) as server:

        def filtered(_times: int) -> Said:
            return CLOSE if server.held[-1].startswith("bad") else "250 2.0.0 OK"

        server.says["."] = filtered
        send_by(settings, server.port, tmp_path, smtp_connections=CONNECTIONS)

        async def is_paused() -> bool:
            return (await load(editor, bad_id)).is_paused

        async with sending():
            await until_sent(other, good_id)
            await until_true(is_paused)
        held = list(server.held)
    assert sorted(each for each in held if each in good) == sorted(good), "each once"
    campaign = await load(editor, bad_id)
    assert (campaign.paused_why, campaign.paused_reply) == ("policy", CUT_EACH_TIME)
    found = await states(editor, bad_id)
    assert found["in_doubt"] == len(held) - len(good)
    assert CUTS <= found["in_doubt"] < CUTS + CONNECTIONS, "what was on the wire by then, at most"
    assert found["queued"] == 200 - found["in_doubt"], "nobody is blamed"
    for editor_of, campaign_id in ((editor, bad_id), (other, good_id)):
        assert (await load(editor_of, campaign_id)).stalled_at is None


async def test_whoever_resumes_it_gives_it_another_chance(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, _ = await frozen(editor, 100)
    async with scripted(extensions=["PIPELINING"], end=CLOSE) as server:
        send_by(settings, server.port, tmp_path)

        async def is_paused() -> bool:
            return (await load(editor, campaign_id)).is_paused

        async with sending():
            await until_true(is_paused)
            del server.says["."]
            assert await in_scope(editor, course.resume, campaign_id)
            await until_sent(editor, campaign_id)
        assert len(server.held) == 100, "those in doubt wait for a decision"


async def test_a_relay_that_starts_anew_again_and_again_pauses_nothing(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    """Four times in all, twice in a row: each time every connection ends at its message."""
    campaign_id, emails = await frozen(editor, 200)
    async with scripted(extensions=["PIPELINING"]) as server:

        def restarted(times: int) -> Said:
            first_two = times % 100 in range(1, 2 * CONNECTIONS + 1)
            return CLOSE if first_two else "250 2.0.0 OK"

        server.says["."] = restarted
        send_by(settings, server.port, tmp_path, smtp_connections=CONNECTIONS)
        async with sending():
            await until_sent(editor, campaign_id)
        assert sorted(server.held) == sorted(emails)
    campaign = await load(editor, campaign_id)
    assert (campaign.paused_at, campaign.stalled_at) == (None, None)
    assert await states(editor, campaign_id) == {
        "sent": 200 - 4 * CONNECTIONS,
        "in_doubt": 4 * CONNECTIONS,
    }
