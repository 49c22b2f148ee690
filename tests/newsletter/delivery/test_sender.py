"""A worker's sender beside relays that come and go, a database that does, and other senders."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.newsletter import control_campaign, course
from hub.newsletter.delivery import claiming, holders, journal, ledger, sender
from hub.newsletter.delivery.sender import Sender
from hub.newsletter.progress import look_at
from hub.newsletter.schemas import MOST_RESENDS, OnDoubt
from hub.worker import drain_now
from tests.factories import Member
from tests.mail.scripted_server import CLOSE, ScriptedServer, scripted
from tests.newsletter.delivery.sending import (
    SlowSink,
    frozen,
    in_scope,
    left_in,
    send_by,
    sending,
    until_sent,
    until_stalled,
    until_true,
    use_batches,
)
from tests.newsletter.making import (
    load,
    make_campaign,
    make_subscribers,
    start,
    states,
    until,
)
from tests.support.databases import Database, connected
from tests.support.pool import pool_of
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")


# Relays.


async def give_back_until(scope: TenantScope, campaign_id: UUID, due_at: datetime) -> None:
    """As what was in hand when the relay went away."""
    await scope.execute(
        "UPDATE deliveries SET due_at = $2 WHERE campaign_id = $1", campaign_id, due_at
    )


async def test_a_relay_that_is_asked_again_at_once(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    """By somebody who knows that it is back, long before the pause ends; pressed too early, it waits again."""
    monkeypatch.setattr(claiming, "SHORTEST_STALL", timedelta(hours=1))
    monkeypatch.setattr(claiming, "LONGEST_STALL", timedelta(hours=1))
    campaign_id, emails = await frozen(editor, 20)
    send_by(settings, sink.port, tmp_path)
    await sink.stop()
    tried: list[datetime | None] = [None]

    async def is_stalled_anew() -> bool:
        found = (await load(editor, campaign_id)).next_try_at
        return found is not None and found > clock.now() and found != tried[0]

    async with sending():
        await until_true(is_stalled_anew)
        tried[0] = (await load(editor, campaign_id)).next_try_at
        await in_scope(editor, give_back_until, campaign_id, tried[0])
        await in_scope(editor, control_campaign.hurry_campaign, editor.actor, campaign_id)
        await until_true(is_stalled_anew)
        await sink.start()
        await in_scope(editor, control_campaign.hurry_campaign, editor.actor, campaign_id)
        await until_sent(editor, campaign_id)
    assert Counter(sink.order) == Counter(emails)


async def test_a_relay_that_comes_back(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    """Without anybody's doing: the pauses end, and nobody has lost an attempt."""
    monkeypatch.setattr(claiming, "SHORTEST_STALL", timedelta(seconds=0.2))
    monkeypatch.setattr(claiming, "LONGEST_STALL", timedelta(seconds=0.4))
    campaign_id, emails = await frozen(editor, 20)
    send_by(settings, sink.port, tmp_path)
    await sink.stop()
    async with sending():
        await until_stalled(editor, campaign_id)
        assert await states(editor, campaign_id) == {"queued": 20}
        await sink.start()
        await until_sent(editor, campaign_id)
    assert sorted(sink.order) == sorted(emails)
    campaign = await load(editor, campaign_id)
    assert (campaign.stalled_at, campaign.stalled_reply) == (None, None)
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await scope.fetchval("SELECT max(attempts) FROM deliveries") == 1


async def test_a_relay_that_allows_two_connections(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    """Beside others that work a refused connection is no trouble of the campaign's."""
    campaign_id, emails = await frozen(editor, 60)
    async with scripted(extensions=["PIPELINING"]) as server:
        server.says["greeting"] = lambda _times: (
            "220 hello" if len(server._tasks) <= 2 else "421 4.7.0 too many connections from you"
        )
        send_by(settings, server.port, tmp_path)
        await drain_now()
        assert sorted(server.held) == sorted(emails)
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.stalled_at, campaign.paused_at) == ("sent", None, None)
    assert await states(editor, campaign_id) == {"sent": 60}


async def test_a_relay_that_takes_one_message_a_connection(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, emails = await frozen(editor, 12)
    async with scripted() as server:
        # Each connection's second MAIL is answered so, and the connection closed.
        server.says["MAIL"] = lambda times: (
            "250 ok" if times % 2 else "421 4.3.2 one message is enough"
        )
        send_by(settings, server.port, tmp_path, smtp_connections=1)
        await drain_now()
        assert sorted(server.held) == sorted(emails)
        assert server.connections >= 12
    assert await states(editor, campaign_id) == {"sent": 12}
    assert (await load(editor, campaign_id)).stalled_at is None


async def test_our_own_limit_of_messages(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, emails = await frozen(editor, 23)
    async with scripted(extensions=["PIPELINING"]) as server:
        send_by(settings, server.port, tmp_path, smtp_connections=1, smtp_session_messages=5)
        await drain_now()
        assert sorted(server.held) == sorted(emails)
        assert server.connections == 5
        assert server.verbs.count("QUIT") == 5
    assert await states(editor, campaign_id) == {"sent": 23}


async def test_what_is_due_and_nothing_else(editor: Member, relay: SmtpSink) -> None:
    """`hub worker --once`."""
    campaign_id, emails = await frozen(editor, 3)
    relay.replies[emails[0]] = "450 4.2.1 come back later"
    await drain_now()
    await drain_now()
    assert await states(editor, campaign_id) == {"sent": 2, "retry": 1}
    with clock.moved(timedelta(seconds=59)):
        await drain_now()
        assert await states(editor, campaign_id) == {"sent": 2, "retry": 1}
    relay.replies.clear()
    with clock.moved(timedelta(seconds=130)):
        await drain_now()
    assert await states(editor, campaign_id) == {"sent": 3}


# The database.


async def test_a_database_that_cuts_everybody_off(
    editor: Member, settings: Settings, tmp_path: Path, sink: SlowSink, own_database: Database
) -> None:
    """Again and again, at any point of what is asked of it: each gets it once, and nothing is in doubt."""
    campaign_id, emails = await frozen(editor, 300)
    send_by(settings, sink.port, tmp_path)
    sink.seconds = 0.01
    async with connected(own_database.superuser_url) as superuser, sending(2):
        for share in range(1, 6):
            await until(lambda here=share: len(sink.messages) >= here * 40)  # type: ignore[misc]  # bound now
            await superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'hub_worker'"
            )
        await until_sent(editor, campaign_id, 50)
    assert Counter(sink.order) == Counter(emails)
    assert await states(editor, campaign_id) == {"sent": 300}


class LosesAnswers:
    """Between the pool and PostgreSQL: swallows the answer to the COMMIT of a claim, and cuts that connection."""

    def __init__(self, url: str, times: int) -> None:
        self._target = urlsplit(url)
        self._left = times
        self.lost = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        who = self._target.netloc.rpartition("@")[0]
        port = server.sockets[0].getsockname()[1]
        yield urlunsplit(self._target._replace(netloc=f"{who}@127.0.0.1:{port}"))
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        claims = asyncio.Event()
        commits = asyncio.Event()

        async def forth() -> None:
            while data := await reader.read(65_536):
                if self._left and b"SKIP LOCKED" in data:
                    self._left -= 1
                    claims.set()
                if claims.is_set() and b"COMMIT" in data:
                    commits.set()
                back.write(data)

        async def answers() -> None:
            while data := await there.read(65_536):
                if commits.is_set() and b"COMMIT" in data:
                    self.lost += 1
                    return
                writer.write(data)

        ways = [asyncio.create_task(forth()), asyncio.create_task(answers())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.transport.abort()
            back.transport.abort()
            self._tasks.discard(task)


@pytest.mark.parametrize("stops", [False, True], ids=["goes on", "is stopped"])
async def test_a_claim_whose_commit_was_not_answered(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    own_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    stops: bool,
) -> None:
    """The rows are this worker's and it does not know: they come back, and nobody gets it twice."""
    use_batches(monkeypatch, 20)
    monkeypatch.setattr(holders, "BEAT", 0.3)
    campaign_id, emails = await frozen(editor, 100)
    send_by(settings, sink.port, tmp_path)
    proxy = LosesAnswers(own_database.worker_url, 2)
    async with proxy.open() as url, pool_of(6, own_database, url=url):
        if stops:
            sink.gate.clear()
            monkeypatch.setattr(holders, "BEAT", 60.0)
            monkeypatch.setattr(sender, "GRACE_SECONDS", 4.0)
            async with sending():
                await until(lambda: proxy.lost > 0)
            found = await states(editor, campaign_id)
            assert set(found) <= {"queued", "in_doubt"}, "what it held unawares was given back"
            assert found.get("in_doubt", 0) == sink.waiting <= 8
        else:
            async with sending():
                await until_sent(editor, campaign_id)
            assert proxy.lost == 2
            assert Counter(sink.order) == Counter(emails)
            assert await states(editor, campaign_id) == {"sent": 100}
    sink.gate.set()


async def test_a_life_that_cannot_begin_leaves_nothing(
    settings: Settings, tmp_path: Path, own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """While the database is away a sender tries again and again; its journals do not fill the disk."""
    send_by(settings, 1, tmp_path)
    async with pool_of(1, own_database, url="postgresql://hub_worker:x@127.0.0.1:1/hub"):
        with caplog.at_level(logging.WARNING):
            async with sending():
                await until(lambda: "the database does not answer" in caplog.text)
    assert left_in(tmp_path) == []


async def test_a_disk_without_room_for_a_journal(
    editor: Member,
    relay: SmtpSink,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is sent that could not be accounted for; the log says why; it goes on once there is room."""
    campaign_id, _ = await frozen(editor, 5)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk, caplog.at_level(logging.WARNING):
        disk.setattr(journal, "_write_all", full)
        stop = asyncio.Event()
        running = asyncio.create_task(Sender().run(stop))
        await until(lambda: "No space left on device" in caplog.text)
        disk.undo()
        assert relay.messages == []
        await until_sent(editor, campaign_id)
        stop.set()
        await running
    assert len(relay.messages) == 5


# Being alive.


async def test_a_worker_that_nobody_sees_alive_begins_nothing(
    editor: Member, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the server waits for the message already: the connection is cut there."""
    monkeypatch.setattr(holders, "BEAT", 0.2)
    campaign_id, emails = await frozen(editor, 10)

    def lose_trust(times: int) -> str:
        if times <= 3:
            monkeypatch.setattr(holders, "TRUSTED", -1.0)
        return "354 go ahead"

    async with scripted(DATA=lose_trust, extensions=["PIPELINING"]) as server:
        send_by(settings, server.port, tmp_path, smtp_connections=1)
        async with sending():
            await until(lambda: "DATA" in server.verbs)
            await until(lambda: not server._tasks)
            assert server.messages == [], "nothing of it was on the wire"
            assert await states(editor, campaign_id) == {"sending": 10}
            for dialogues in (2, 3):
                monkeypatch.setattr(holders, "TRUSTED", 15.0)
                await until(lambda here=dialogues: server.verbs.count("DATA") == here)  # type: ignore[misc]  # bound now
                await until(lambda: not server._tasks)
            monkeypatch.setattr(holders, "TRUSTED", 15.0)
            await until_sent(editor, campaign_id)
        assert Counter(server.held) == Counter(emails)
    assert await states(editor, campaign_id) == {"sent": 10}, "nobody is in doubt"


# Doubts.


def cuts_off(server: ScriptedServer, victim: str, times: int = 100) -> None:
    """It takes the message to that recipient whole, and then goes away without a word."""
    left = [times]

    def answer(_times: int) -> str:
        if server.held[-1] == victim and left[0]:
            left[0] -= 1
            return CLOSE
        return "250 ok"

    server.says["."] = answer


async def drain_for(minutes: int) -> None:
    for minute in range(1, minutes + 1):
        with clock.moved(timedelta(minutes=minute)):
            await drain_now()


@pytest.mark.parametrize(
    ("on_doubt", "copies"), [("ask", 1), ("leave", 1), ("resend", 1 + MOST_RESENDS)]
)
async def test_what_becomes_of_doubts(
    editor: Member, settings: Settings, tmp_path: Path, on_doubt: OnDoubt, copies: int
) -> None:
    campaign_id, emails = await frozen(editor, 10, on_doubt=on_doubt)
    async with scripted(extensions=["PIPELINING"]) as server:
        send_by(settings, server.port, tmp_path)
        cuts_off(server, emails[4])
        await drain_now()
        await drain_for(8)
        times = Counter(server.held)
        ids = {
            line
            for each in server.messages
            for line in each.split(b"\r\n")
            if line.startswith(b"Message-ID")
        }
    assert times.pop(emails[4]) == copies
    assert times == Counter(dict.fromkeys((each for each in emails if each != emails[4]), 1))
    assert len(ids) == 10, "a copy is known by its Message-ID"
    assert await states(editor, campaign_id) == {"sent": 9, "in_doubt": 1}
    assert (await load(editor, campaign_id)).state == "sent"
    progress = await in_scope(editor, look_at, campaign_id)
    assert progress.asks_about_doubts == (on_doubt == "ask")


async def test_a_doubt_that_is_sent_again_arrives(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, emails = await frozen(editor, 4, on_doubt="resend")
    async with scripted() as server:
        send_by(settings, server.port, tmp_path)
        cuts_off(server, emails[0], times=1)
        await drain_now()
        assert (await load(editor, campaign_id)).state == "sending"
        await drain_for(3)
        assert Counter(server.held)[emails[0]] == 2
    assert await states(editor, campaign_id) == {"sent": 4}
    assert (await load(editor, campaign_id)).state == "sent"


async def test_a_person_decides(editor: Member, settings: Settings, tmp_path: Path) -> None:
    campaign_id, emails = await frozen(editor, 4)
    async with scripted() as server:
        send_by(settings, server.port, tmp_path)
        cuts_off(server, emails[0], times=1)
        await drain_for(1)
        assert (await load(editor, campaign_id)).state == "sent"
        async with tenant_transaction(editor.tenant.id) as scope:
            await control_campaign.resend(
                scope, editor.actor, campaign_id, state="in_doubt", code=None, key=uuid7()
            )
        await drain_for(2)
        assert Counter(server.held) == Counter([*emails, emails[0]])
    assert await states(editor, campaign_id) == {"sent": 4}


# The freeze.


async def test_the_freeze_can_be_watched(editor: Member) -> None:
    """What is shown while it goes on, after an interruption and at the end is what there is."""
    await make_subscribers(editor.tenant, [f"reader{number}@example.org" for number in range(50)])
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.expected) == ("freezing", 50)
    after: UUID | None = UUID(int=0)
    seen = []
    while after is not None:
        async with tenant_transaction(editor.tenant.id) as scope:
            after = await ledger.freeze_chunk(
                scope, campaign_id, campaign.segment, after=after, limit=20
            )
        seen.append((await states(editor, campaign_id)).get("queued"))
    assert seen == [20, 40, 50, 50]
    async with tenant_transaction(editor.tenant.id) as scope:
        await ledger.freeze_chunk(scope, campaign_id, campaign.segment, after=UUID(int=0), limit=20)
        assert await course.mark_frozen(scope, campaign_id) == 50
    assert await states(editor, campaign_id) == {"queued": 50}


async def test_nothing_stays_behind(editor: Member, relay: SmtpSink, tmp_path: Path) -> None:
    """No journal, no worker that is not settled, no connection."""
    await frozen(editor, 30)
    await drain_now()
    async with relay_transaction() as scope:
        assert await holders.unsettled(scope) == []
        assert await scope.fetchval("SELECT count(*) FROM mail_workers WHERE ended_at IS NULL") == 0
    folder = journal.journal_folder(mail.current_relay().journal_folder)
    workers = {path.stem for path in folder.glob("*.journal")}
    async with relay_transaction() as scope:
        ours = await scope.fetch("SELECT id FROM mail_workers")
    assert not workers & {str(row["id"]) for row in ours}
