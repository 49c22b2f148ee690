"""`hub campaign list` and `hub campaign watch`: in a terminal, in a pipe, and when there is nothing to see."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import re
import subprocess
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from click.testing import CliRunner
from rich.console import Console

from hub.cli import main
from hub.config import Settings, variable
from hub.db import tenant_transaction
from hub.embedded.plan import HUB_COMMAND
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.newsletter import course
from hub.newsletter import watch as watching
from hub.newsletter.control_campaign import cancel_campaign, pause_campaign
from hub.newsletter.watch import CannotWatch, show_list, watch
from tests.factories import Member
from tests.newsletter.delivery.ledger_rows import end_campaign, end_rows, make_ledger
from tests.newsletter.making import make_campaign, until
from tests.support.databases import Database


@pytest.fixture(autouse=True)
async def _own_pool(own_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands open and close a pool of their own; here it stays the test's."""

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(watching, "open_pool", nothing)
    monkeypatch.setattr(watching, "close_pool", nothing)
    monkeypatch.setattr(watching, "EACH_SECONDS", 0.01)


@pytest.fixture
def here(settings: Settings, own_database: Database) -> Settings:
    return replace(settings, worker_database_url=own_database.worker_url)


def terminal(*, width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)


def pipe() -> Console:
    return Console(file=io.StringIO(), force_terminal=False)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


async def running(editor: Member) -> UUID:
    return await make_ledger(
        editor,
        (60, "sent", None),
        (30, "queued", None),
        (6, "retry", "greylisted"),
        (3, "failed", "unknown"),
        (1, "in_doubt", "connection_lost"),
    )


async def test_lines_until_it_is_sent(editor: Member, here: Settings) -> None:
    campaign_id = await running(editor)
    console = pipe()
    following = asyncio.create_task(watch(here, None, console))
    await until(lambda: "64% 64/100" in shown(console))
    await end_rows(editor, campaign_id, "queued", "sent")
    await until(lambda: "94% 94/100" in shown(console))
    await end_rows(editor, campaign_id, "retry", "sent")
    assert await end_campaign(editor, campaign_id)
    assert await following
    lines = shown(console).splitlines()
    assert "sent=60  queued=30  retry=6  in_doubt=1  failed=3" in lines[0]
    assert "1 in doubt" in lines[0]
    assert "Sent  100% 100/100" in lines[-1]
    said = [line[20:] for line in lines]
    assert all(one != other for one, other in pairwise(said)), "changes only"


async def test_a_picture_that_stays_in_place(editor: Member, here: Settings) -> None:
    campaign_id = await running(editor)
    console = terminal()
    following = asyncio.create_task(watch(here, campaign_id, console))
    await until(lambda: "In doubt 1" in shown(console))
    async with tenant_transaction(editor.tenant.id) as scope:
        await pause_campaign(scope, editor.actor, campaign_id)
    await until(lambda: "paused by hand" in shown(console))
    async with tenant_transaction(editor.tenant.id) as scope:
        await cancel_campaign(scope, editor.actor, campaign_id)
    assert not await following
    text = shown(console)
    for words in ("Novità della rete", editor.tenant.name, "64 of 100 addresses", "Refused 3",
                  "Address unknown", "First contact", "Cancelled"):  # fmt: skip
        assert words in text


async def test_of_a_cancelled_one_nothing_is_tried_again(editor: Member, here: Settings) -> None:
    campaign_id = await running(editor)
    async with tenant_transaction(editor.tenant.id) as scope:
        await cancel_campaign(scope, editor.actor, campaign_id)
    lines, picture = pipe(), terminal()
    for console in (lines, picture):
        assert not await watch(here, campaign_id, console)
    assert "sent=60  in_doubt=1  failed=3  not_sent=36" in shown(lines)
    for text in (shown(lines), shown(picture)):
        assert "retry" not in text
        assert "tried again" not in text
    assert "Not sent: cancelled 36" in shown(picture)
    assert "Not sent: cancelled  First contact" in shown(picture), "why they had to wait"


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("policy", "the mail server refuses the sender or the content: 550 [red]5.7.1[/] no"),
        ("failing_share", "too many addresses are refused: 550 [red]5.7.1[/] no"),
    ],
)
async def test_why_it_is_paused(editor: Member, here: Settings, why: str, words: str) -> None:
    campaign_id = await running(editor)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.pause_automatically(scope, campaign_id, why, "550 [red]5.7.1[/] no")  # type: ignore[arg-type]  # a parameter
    for console in (pipe(), terminal(width=160)):
        following = asyncio.create_task(watch(here, campaign_id, console))
        await until(lambda console=console: words in shown(console))  # type: ignore[misc]  # bound for this turn
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_a_relay_that_is_away_and_a_freeze(editor: Member, here: Settings) -> None:
    stalled = await running(editor)
    frozen = await make_ledger(editor, (20, "queued", None), state="freezing")
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            "UPDATE campaigns SET stalled_at = $2, stalled_reply = 'cannot be reached' WHERE id = $1",
            stalled,
            scope.now,
        )
        await scope.execute("UPDATE campaigns SET expected = 80 WHERE id = $1", frozen)
    for campaign_id, in_pipe, in_terminal in (
        (stalled, "has not taken mail since", "cannot be reached"),
        (frozen, "20/80 written down", "25% 20 of 80 written down"),
    ):
        for console, words in ((pipe(), in_pipe), (terminal(), in_terminal)):
            following = asyncio.create_task(watch(here, campaign_id, console))
            await until(lambda console=console, words=words: words in shown(console))  # type: ignore[misc]  # bound for this turn
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


async def test_a_database_that_goes_away_is_waited_for(
    editor: Member, here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await running(editor)
    lines, picture = pipe(), terminal()
    following = [asyncio.create_task(watch(here, campaign_id, each)) for each in (lines, picture)]
    await until(lambda: "64%" in shown(lines) and "64%" in shown(picture))

    async def away(*_: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(watching, "_look", away)
        await until(
            lambda: "does not answer" in shown(lines) and "does not answer" in shown(picture)
        )
    async with tenant_transaction(editor.tenant.id) as scope:
        await cancel_campaign(scope, editor.actor, campaign_id)
    for each in following:
        assert not await each


async def test_which_one(editor: Member, here: Settings) -> None:
    draft_id = await make_campaign(editor)
    for campaign_id in (uuid7(), draft_id):
        with pytest.raises(CannotWatch, match="no campaign that was started"):
            await watch(here, campaign_id, pipe())
    with pytest.raises(CannotWatch, match="no campaign was started yet"):
        await watch(here, None, console := pipe())
    assert shown(console) == "", "it is said once"
    ended = await make_ledger(editor, (4, "sent", None), state="sent")
    with pytest.raises(CannotWatch, match="no campaign is under way"):
        await watch(here, None, console := pipe())
    assert str(ended) in shown(console), "to choose from"
    for _ in range(2):
        await running(editor)
    with pytest.raises(CannotWatch, match="several"):
        await watch(here, None, console := pipe())
    assert shown(console).count("Being sent") == 2


async def test_the_list(editor: Member, here: Settings) -> None:
    sent = await make_ledger(editor, (4, "sent", None), state="sent")
    await running(editor)
    await make_campaign(editor)
    for console in (pipe(), terminal(width=80)):
        await show_list(here, console)
        lines = shown(console).splitlines()
        assert len(lines) == 3, "drafts are nobody's business here"
        (line,) = [line for line in lines if str(sent) in line]
        assert "100%" in line
        assert "Novità" in line


async def test_a_server_that_is_away(here: Settings) -> None:
    away = replace(here, worker_database_url="postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(Unavailable):
        await show_list(away, pipe())


def environment(settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        variable("database_url"): settings.database_url,
        variable("worker_database_url"): settings.worker_database_url,
        variable("redis_url"): settings.redis_url,
        variable("secret_keys"): "s1:" + "A" * 44,
        variable("field_keys"): "f1:" + "A" * 44,
        "TERM": "xterm",
        "COLUMNS": "100",
    }


async def test_the_command_in_a_real_terminal(editor: Member, here: Settings) -> None:
    campaign_id = await make_ledger(editor, (4, "sent", None), state="sent")
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *HUB_COMMAND, "campaign", "watch", str(campaign_id),
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(here),
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with suppress(OSError):  # Linux' way to say that the other end is closed
        while more := await asyncio.to_thread(os.read, ours, 4096):
            said += more
    os.close(ours)
    assert await process.wait() == 0, said
    assert b"4 of 4 addresses" in said
    assert b"\x1b[" in said


async def test_the_command_says_what_is_wrong_in_a_sentence(here: Settings) -> None:
    def ask(*words: str, **changes: str) -> tuple[int, str]:
        done = subprocess.run(
            [*HUB_COMMAND, "campaign", *words],
            capture_output=True, text=True, check=False, env=environment(here) | changes,
        )  # fmt: skip
        return done.returncode, done.stderr

    unknown = await asyncio.to_thread(ask, "watch", str(uuid7()))
    away = await asyncio.to_thread(
        ask, "list", **{variable("worker_database_url"): "postgresql://127.0.0.1:1/nowhere"}
    )
    for code, said in (unknown, away):
        assert code == 1
        assert said.startswith("Error: ")
        assert "Traceback" not in said


def test_no_id_at_all() -> None:
    answer = CliRunner().invoke(main, ["campaign", "watch", "not-an-id"])
    assert answer.exit_code == 2
    assert "UUID" in answer.output
