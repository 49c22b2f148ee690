"""Transactions, workers and people that meet in the same instant, each pair in the order that once went wrong.

Nothing here waits for a length of time: a transaction that has to wait for another's lock is seen in `pg_locks`.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from hub import clock, db, worker
from hub.config import Settings
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.mail.relay import current_relay
from hub.mail.replies import Answer
from hub.newsletter import course, queries
from hub.newsletter.control_campaign import pause_campaign, resend, resume_campaign
from hub.newsletter.delivery import burial, claiming, holders, ledger, sender
from hub.newsletter.delivery.burial import LONGEST_TRANSACTION, Burial
from hub.newsletter.delivery.outbound import Parcel, Running
from hub.newsletter.delivery.sender import send_what_is_due
from hub.newsletter.schemas import Claimed, Outcome
from tests.factories import Member, make_membership, make_tenant
from tests.mail.scripted_server import ScriptedServer, scripted
from tests.newsletter.delivery.ledger_rows import add_rows, make_ledger
from tests.newsletter.delivery.sending import (
    SlowSink,
    claimed,
    frozen,
    in_scope,
    left_in,
    send_by,
    sending,
    until_stalled,
    until_true,
    use_batches,
)
from tests.newsletter.making import load, states, until
from tests.support.databases import Database, connected

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")

T = TypeVar("T")
SENT = Answer("sent", "", "250 ok")


async def until_sent(editor: Member, campaign_id: UUID) -> None:
    async def is_sent() -> bool:
        return bool(await within(editor, has_ended, campaign_id))

    await until_true(is_sent, 15)


async def has_ended(scope: TenantScope, campaign_id: UUID) -> bool:
    campaign = await queries.campaign(scope, campaign_id)
    return campaign is not None and campaign.state == "sent"


def apart(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """As another process would: a transaction of the test's own is none of this task's."""
    return asyncio.create_task(work, context=contextvars.Context())


async def within(editor: Member, statement: Callable[..., Any], *args: object) -> Any:
    return await apart(in_scope(editor, statement, *args))


class Held:
    """A transaction that has done its work and is not committed yet."""

    def __init__(self) -> None:
        self._done, self._go = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(
        self, editor: Member, work: Callable[[TenantScope], Coroutine[Any, Any, Any]]
    ) -> Held:
        async def hold() -> None:
            async with tenant_transaction(editor.tenant.id) as scope:
                await work(scope)
                self._done.set()
                await self._go.wait()

        self._task = apart(hold())
        waiting = asyncio.create_task(self._done.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            await self._task
        return self

    async def commit(self) -> None:
        assert self._task
        self._go.set()
        await self._task


async def until_waiting(database: Database, task: asyncio.Task[Any]) -> None:
    """Until it is done, or waits for what another transaction has locked."""

    async def is_waiting() -> bool:
        return task.done() or bool(
            await superuser.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock')"
            )
        )

    async with connected(database.superuser_url) as superuser:
        await until_true(is_waiting, 10)


def outcomes(
    rows: list[Claimed], state: str, cause: str | None = None, *, now: Any = None
) -> list[Outcome]:
    at = now or clock.now()
    return [Outcome(row.id, row.attempts, state, cause, "said", at) for row in rows]


# One flush, two campaigns.


@asynccontextmanager
async def a_life(settings: Settings, folder: Path) -> AsyncIterator[sender._Life]:
    """A worker's sender that does only what a test tells it."""
    send_by(settings, 1, folder)
    life = sender._Life(current_relay(), folder, asyncio.Event())
    await life._register()
    yield life
    if left_in(folder):
        life._journal.close(keep=not await life._end())


async def takes(life: sender._Life, editor: Member, campaign_id: UUID, limit: int) -> Running:
    async with tenant_transaction(editor.tenant.id) as scope:
        rows, _ = await ledger.claim(scope, campaign_id, life.id, limit=limit)
        campaign = await life._claiming.load(scope, campaign_id)
    life._campaigns[campaign_id] = campaign
    life._out.add(campaign, rows)
    return campaign


def answered(life: sender._Life, answer: Answer | None) -> None:
    """All that waits is sent, and answered so; None for a server that says nothing."""
    while life._out.waiting:
        parcel: Parcel = life._out.waiting.popleft()
        assert life._out.begun(parcel)
        if answer is not None:
            life._out.ended(parcel, answer)


@pytest.mark.parametrize("trouble", [Unavailable, asyncio.CancelledError])
async def test_one_campaigns_trouble_is_not_the_others(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: type[BaseException],
) -> None:
    first, _ = await frozen(editor, 2, "first")
    second, _ = await frozen(editor, 2, "second", audience="tutors")
    real, asked = claiming.come_back_later, list[UUID]()

    async def fails_once(scope: TenantScope, campaign_id: UUID) -> None:
        asked.append(campaign_id)
        if len(asked) == 1:
            raise trouble
        await real(scope, campaign_id)

    async with a_life(settings, tmp_path) as life:
        for campaign_id in (first, second):
            await takes(life, editor, campaign_id, 2)
        answered(life, SENT)
        monkeypatch.setattr(claiming, "come_back_later", fails_once)
        with pytest.raises(trouble):
            await life._recording.record()
        assert len(life._out.known) == 1, "what is not recorded yet is kept"
        assert life._out.in_hand == 2
        assert await life._end()
        life._journal.close()
    assert await states(editor, first) == await states(editor, second) == {"sent": 2}
    assert left_in(tmp_path) == []


# A campaign ends while somebody queues rows of it.


def by_a_person(editor: Member, campaign_id: UUID) -> Callable[[TenantScope], Any]:
    async def work(scope: TenantScope) -> None:
        await resend(scope, editor.actor, campaign_id, state="in_doubt", code=None, key=uuid7())

    return work


def by_the_journal(campaign_id: UUID, holder: UUID) -> Callable[[TenantScope], Any]:
    async def work(scope: TenantScope) -> None:
        assert await ledger.release(scope, campaign_id, holder, but=[]) == 2

    return work


def by_a_late_answer(campaign_id: UUID, rows: list[Claimed]) -> Callable[[TenantScope], Any]:
    async def work(scope: TenantScope) -> None:
        await ledger.record(scope, campaign_id, outcomes(rows, "retry", "busy"))

    return work


@pytest.mark.parametrize("who", ["a person", "the journal", "a late answer"])
async def test_a_campaign_does_not_end_while_its_rows_are_queued(
    editor: Member, own_database: Database, who: str
) -> None:
    campaign_id, _ = await frozen(editor, 2)
    holder = uuid7()
    rows = await claimed(editor, campaign_id, holder, 2)
    assert await in_scope(editor, ledger.doubt, campaign_id, holder) == 2
    work = {
        "a person": by_a_person(editor, campaign_id),
        "the journal": by_the_journal(campaign_id, holder),
        "a late answer": by_a_late_answer(campaign_id, rows),
    }[who]
    queueing = await Held().begin(editor, work)
    ending = apart(in_scope(editor, claiming.come_back_later, campaign_id))
    await until_waiting(own_database, ending)
    assert not ending.done()
    await queueing.commit()
    await ending
    assert set(await states(editor, campaign_id)) <= {"queued", "retry"}
    assert (await load(editor, campaign_id)).state == "sending"


async def test_an_answer_beside_a_doubt(editor: Member, own_database: Database) -> None:
    """The doubt is not committed yet where the answer begins to look for its row."""
    campaign_id, _ = await frozen(editor, 2)
    holder = uuid7()
    rows = await claimed(editor, campaign_id, holder, 2)
    doubting = await Held().begin(editor, lambda scope: ledger.doubt(scope, campaign_id, holder))
    recording = apart(in_scope(editor, ledger.record, campaign_id, outcomes(rows, "sent")))
    await until_waiting(own_database, recording)
    assert not recording.done()
    await doubting.commit()
    await recording
    assert await states(editor, campaign_id) == {"sent": 2}


# The end of a life.


async def test_rows_that_nobody_knows_of_are_given_back(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    """The answer to the claim was lost, and no beat came any more."""
    campaign_id, _ = await frozen(editor, 5)
    async with a_life(settings, tmp_path) as life:
        await takes(life, editor, campaign_id, 2)
        answered(life, SENT)
        assert len(await claimed(editor, campaign_id, life.id, 2)) == 2
    assert await states(editor, campaign_id) == {"sent": 2, "queued": 3}
    assert left_in(tmp_path) == []


async def test_of_a_campaign_that_is_cancelled_too(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, _ = await frozen(editor, 5)
    async with a_life(settings, tmp_path) as life:
        assert len(await claimed(editor, campaign_id, life.id, 2)) == 2
        await in_scope(editor, course.cancel, campaign_id)
    assert await states(editor, campaign_id) == {"queued": 5}


async def test_a_journal_that_still_knows_something_is_kept(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    """A message begun, of which no connection has told the end; and one never begun, of which nobody knows."""
    campaign_id, _ = await frozen(editor, 2)
    async with a_life(settings, tmp_path) as life:
        await takes(life, editor, campaign_id, 1)
        answered(life, None)
        assert len(await claimed(editor, campaign_id, life.id, 1)) == 1
        assert not await life._end()
        life._journal.close(keep=True)
        assert left_in(tmp_path) == [f"{life.id}.journal"]
        other = Burial(tmp_path, uuid7())
        for _ in range(2):
            await other.see_to(await unsettled())
        assert await states(editor, campaign_id) == {"in_doubt": 1, "queued": 1}
        assert left_in(tmp_path) == []


# Doubts of what was cancelled.


async def test_a_cancelled_campaign_keeps_its_doubts(editor: Member) -> None:
    campaign_id = await make_ledger(
        editor,
        (3, "in_doubt", "worker_lost"),
        (2, "queued", None),
        state="cancelled",
        on_doubt="resend",
    )
    with clock.moved(timedelta(minutes=1)):
        async with tenant_transaction(editor.tenant.id) as scope:
            assert await ledger.resend_doubtful(scope, campaign_id, older_than=scope.now) == 0
        await in_scope(editor, claiming.come_back_later, campaign_id)
    assert await states(editor, campaign_id) == {"in_doubt": 3, "queued": 2}
    assert (await load(editor, campaign_id)).state == "cancelled"


# A recipient who stops the campaign each time.


def refuses(server: ScriptedServer, victim: str, reply: str) -> None:
    server.says["RCPT"] = lambda _: reply if victim in server.lines[-1] else "250 ok"


async def row_of(editor: Member, email: str) -> tuple[str, str | None]:
    async with tenant_transaction(editor.tenant.id) as scope:
        row = await scope.fetchrow("SELECT state, cause FROM deliveries WHERE email = $1", email)
    assert row
    return row[0], row[1]


async def resumed(editor: Member, campaign_id: UUID) -> None:
    if (await load(editor, campaign_id)).paused_at is not None:
        await in_scope(editor, resume_campaign, editor.actor, campaign_id)
    await send_what_is_due()


async def test_one_whom_the_server_always_refuses_by_policy(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    """The others are sent after a few resumptions; two days later that one has failed."""
    campaign_id, emails = await frozen(editor, 6)
    async with scripted() as server:
        refuses(server, emails[1], "550 5.7.1 blocked by the recipient's rules")
        send_by(settings, server.port, tmp_path, smtp_connections=1)
        for _ in range(3):
            await resumed(editor, campaign_id)
        assert sorted(server.held) == sorted({*emails} - {emails[1]})
        assert await row_of(editor, emails[1]) == ("retry", "policy")
        with clock.moved(timedelta(days=2, minutes=5)):
            await resumed(editor, campaign_id)
        assert await row_of(editor, emails[1]) == ("failed", "policy")
        assert len(server.held) == 5
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.paused_at) == ("sent", None)


# Giving up a worker.


async def unsettled() -> list[tuple[UUID, int, bool]]:
    async with relay_transaction() as scope:
        return await holders.unsettled(scope)


async def a_worker() -> UUID:
    worker_id = uuid7()
    async with relay_transaction() as scope:
        await holders.register(scope, worker_id, "host.test")
    return worker_id


async def beats(worker_id: UUID) -> bool:
    async with relay_transaction() as scope:
        return await holders.raise_beat(scope, worker_id)


async def test_one_that_has_beaten_since_it_was_looked_at(editor: Member) -> None:
    campaign_id, _ = await frozen(editor, 2)
    worker_id = await a_worker()
    await claimed(editor, campaign_id, worker_id, 2)
    ((_, seen, _),) = await unsettled()
    assert await beats(worker_id)
    await burial._doubt(worker_id, seen)
    assert await beats(worker_id), "it lives"
    assert await states(editor, campaign_id) == {"sending": 2}
    ((_, seen, _),) = await unsettled()
    await burial._doubt(worker_id, seen)
    assert not await beats(worker_id)
    assert await states(editor, campaign_id) == {"in_doubt": 2}


async def test_what_it_was_committing_comes_late(editor: Member, tmp_path: Path) -> None:
    """Again and again, for as long as a transaction can last; then it is settled."""
    campaign_id, _ = await frozen(editor, 3)
    worker_id = await a_worker()
    async with relay_transaction() as scope:
        await holders.end(scope, worker_id)
    other = Burial(tmp_path, uuid7())
    await other.see_to(await unsettled())
    for late in range(1, 3):
        assert len(await claimed(editor, campaign_id, worker_id, 1)) == 1
        await other.see_to(await unsettled())
        assert await states(editor, campaign_id) == {"in_doubt": late, "queued": 3 - late}
    assert [each[0] for each in await unsettled()] == [worker_id]
    with clock.moved(LONGEST_TRANSACTION + timedelta(seconds=1)):
        assert len(await claimed(editor, campaign_id, worker_id, 1)) == 1
        await other.see_to(await unsettled())
    assert await states(editor, campaign_id) == {"in_doubt": 3}
    assert await unsettled() == []


async def test_a_campaign_begun_long_ago_and_cancelled(editor: Member, tmp_path: Path) -> None:
    campaign_id, _ = await frozen(editor, 2)
    worker_id = await a_worker()
    await claimed(editor, campaign_id, worker_id, 2)
    with clock.moved(timedelta(days=10)):
        await in_scope(editor, course.cancel, campaign_id)
        async with relay_transaction() as scope:
            await holders.end(scope, worker_id)
        await Burial(tmp_path, uuid7()).see_to(await unsettled())
    assert await states(editor, campaign_id) == {"in_doubt": 2}


# A host that is cut off in the middle of a transaction.


@asynccontextmanager
async def workers_pool(database: Database, **limits: float) -> AsyncIterator[None]:
    await db.close_pool()
    await db.open_pool(database.worker_url, 6, **limits)
    try:
        yield
    finally:
        await db.close_pool()
        await db.open_pool(database.worker_url)


async def cut_off(editor: Member, campaign_id: UUID) -> Held:
    return await Held().begin(editor, lambda scope: course.lock_sending(scope, campaign_id))


async def test_a_person_need_not_wait_for_its_cable(editor: Member, own_database: Database) -> None:
    campaign_id, _ = await frozen(editor, 2)
    async with workers_pool(own_database, idle_seconds=0.5):
        gone = await cut_off(editor, campaign_id)
        async with asyncio.timeout(20):
            await within(editor, pause_campaign, editor.actor, campaign_id)
        with pytest.raises(Unavailable):
            await gone.commit()
    assert (await load(editor, campaign_id)).paused_why == "by_hand"


async def test_other_campaigns_go_on(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    own_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    monkeypatch.setattr(holders, "BEAT", 0.3)
    stuck, _ = await frozen(editor, 3, "stuck")
    other, emails = await frozen(editor, 3, "other", audience="tutors")
    send_by(settings, sink.port, tmp_path)
    async with workers_pool(own_database, lock_seconds=0.2):
        gone = await cut_off(editor, stuck)
        async with sending():
            await until_sent(editor, other)
            assert set(emails) <= set(sink.order)
            await gone.commit()
            await until_sent(editor, stuck)
    assert len(sink.order) == 6, "each once"


async def test_what_workers_ask_of_the_database(settings: Settings, own_database: Database) -> None:
    await db.close_pool()
    await worker._open_pool(replace(settings, worker_database_url=own_database.worker_url))
    async with relay_transaction() as scope:
        idle = await scope.fetchval("SHOW idle_in_transaction_session_timeout")
        waits = await scope.fetchval("SHOW lock_timeout")
    assert (idle, waits) == (f"{worker.IDLE_SECONDS:.0f}s", f"{worker.LOCK_SECONDS:.0f}s")
    # A statement under way, then standing still.
    assert LONGEST_TRANSACTION.total_seconds() > db.COMMAND_SECONDS + worker.IDLE_SECONDS


# Clocks and folders.


async def test_the_clock_is_set_back_in_the_middle(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    use_batches(monkeypatch, 10)
    send_by(settings, sink.port, tmp_path)
    sink.seconds = 0.02
    async with sending():
        with clock.moved(timedelta(hours=1)):
            campaign_id, emails = await frozen(editor, 100)
            await until(lambda: len(sink.messages) >= 10)
        await until_sent(editor, campaign_id)
    assert sorted(sink.order) == sorted(emails)


async def test_the_clock_is_set_back_while_it_waits_for_the_relay(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sink: SlowSink,
) -> None:
    monkeypatch.setattr(claiming, "SHORTEST_STALL", timedelta(seconds=0.2))
    monkeypatch.setattr(claiming, "LONGEST_STALL", timedelta(seconds=0.4))
    send_by(settings, sink.port, tmp_path)
    await sink.stop()
    async with sending():
        with clock.moved(timedelta(hours=1)):
            campaign_id, emails = await frozen(editor, 5)
            await until_stalled(editor, campaign_id)
        await sink.start()
        await until_sent(editor, campaign_id)
    assert sorted(sink.order) == sorted(emails)
    assert (await load(editor, campaign_id)).stalled_at is None


async def test_a_folder_that_cannot_be_made(
    editor: Member,
    settings: Settings,
    tmp_path: Path,
    sink: SlowSink,
    caplog: pytest.LogCaptureFixture,
) -> None:
    campaign_id, _ = await frozen(editor, 3)
    in_the_way = tmp_path / "journals"
    in_the_way.write_text("")
    send_by(settings, sink.port, in_the_way / "of this host")
    with caplog.at_level(logging.WARNING):
        async with sending():
            await until(lambda: "no newsletter is sent: no folder for journals" in caplog.text)
            assert sink.messages == []
            in_the_way.unlink()
            await until_sent(editor, campaign_id)
    assert len(sink.messages) == 3


# A person beside workers.


async def test_a_resend_beside_answers(editor: Member) -> None:
    """The person waits for nobody, and what is being decided at this moment is not queued."""
    campaign_id, _ = await frozen(editor, 3)
    holder = uuid7()
    rows = await claimed(editor, campaign_id, holder, 3)
    await in_scope(editor, ledger.doubt, campaign_id, holder)
    recording = await Held().begin(
        editor, lambda scope: ledger.record(scope, campaign_id, outcomes(rows[:1], "sent"))
    )
    async with asyncio.timeout(10):
        await apart(in_scope(editor, by_a_person(editor, campaign_id)))
    await recording.commit()
    assert await states(editor, campaign_id) == {"sent": 1, "queued": 2}


async def test_a_policy_of_resending_beside_answers(editor: Member) -> None:
    campaign_id, _ = await frozen(editor, 3, on_doubt="resend")
    holder = uuid7()
    rows = await claimed(editor, campaign_id, holder, 3)
    await in_scope(editor, ledger.doubt, campaign_id, holder)
    recording = await Held().begin(
        editor, lambda scope: ledger.record(scope, campaign_id, outcomes(rows[:1], "sent"))
    )
    with clock.moved(timedelta(minutes=1)):
        async with asyncio.timeout(10):
            await within(editor, claiming.come_back_later, campaign_id)
    await recording.commit()
    assert await states(editor, campaign_id) == {"sent": 1, "queued": 2}


async def test_a_persons_step_between_two_answers(editor: Member) -> None:
    """Two workers have recorded, and are about to say when to come back; a person who locks the campaign in between
    waits for neither, so that nobody waits in a circle."""
    campaign_id = await make_ledger(editor, (1, "sent", None))
    ids = await add_rows(editor, campaign_id, 2, "sending")

    async def answers(delivery_id: UUID) -> tuple[asyncio.Task[None], asyncio.Event]:
        go, here = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            async with tenant_transaction(editor.tenant.id) as scope:
                outcome = Outcome(delivery_id, 1, "failed", "unknown", "550 who?", scope.now)
                await ledger.record(scope, campaign_id, [outcome])
                here.set()
                await go.wait()
                await ledger.look_again(scope, campaign_id, timedelta(seconds=1))

        task = apart(work())
        await here.wait()
        return task, go

    both = [await answers(delivery_id) for delivery_id in ids]
    async with asyncio.timeout(10):
        await within(editor, pause_campaign, editor.actor, campaign_id)
    for task, go in both:
        go.set()
        await task
    assert await states(editor, campaign_id) == {"sent": 1, "failed": 2}


# What is said in one tenant's campaign.


def names_the_recipient(server: ScriptedServer, reply: str) -> None:
    """As many servers do, in what they say about an envelope."""
    server.says["RCPT"] = lambda _: reply.format(server.lines[-1][len("RCPT TO:") :].split()[0])


async def test_a_reply_names_nobody_to_others_while_the_relay_is_away(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    other = await make_membership(await make_tenant("coordinator"), "editor")
    ours, _ = await frozen(editor, 3, "rosa.secret")
    theirs, _ = await frozen(other, 3, "maria.secret")
    async with scripted() as server:
        names_the_recipient(server, "421 4.7.0 {}: too many, later")
        send_by(settings, server.port, tmp_path, smtp_connections=1)
        async with sending():

            async def both_wait() -> bool:
                campaigns = [await load(editor, ours), await load(other, theirs)]
                return all(each.stalled_reply for each in campaigns)

            await until_true(both_wait, 15)
    for who, campaign_id in ((editor, ours), (other, theirs)):
        reply = (await load(who, campaign_id)).stalled_reply
        assert reply is not None
        assert "too many, later" in reply
        assert "@" not in reply
        assert "secret" not in reply


async def test_a_reply_names_nobody_beside_a_pause(
    editor: Member, settings: Settings, tmp_path: Path
) -> None:
    campaign_id, _ = await frozen(editor, 3, "rosa.secret")
    async with scripted() as server:
        names_the_recipient(server, "550 5.7.1 {}: we do not want this")
        send_by(settings, server.port, tmp_path, smtp_connections=1)
        await send_what_is_due()
    reply = (await load(editor, campaign_id)).paused_reply
    assert reply is not None
    assert "we do not want this" in reply
    assert "@" not in reply
    assert "secret" not in reply


# An attempt that is recorded twice.


async def test_a_resend_is_not_undone_by_the_same_answer_again(editor: Member) -> None:
    """A journal may be read after its worker has recorded: of an attempt that a person has decided about since."""
    campaign_id, _ = await frozen(editor, 2)
    rows = await claimed(editor, campaign_id, uuid7(), 2)
    failed = outcomes(rows, "failed", "unknown")
    await in_scope(editor, ledger.record, campaign_id, failed)
    assert await states(editor, campaign_id) == {"failed": 2}
    async with tenant_transaction(editor.tenant.id) as scope:
        await resend(scope, editor.actor, campaign_id, state="failed", code=None, key=uuid7())
    await in_scope(editor, ledger.record, campaign_id, failed)
    assert await states(editor, campaign_id) == {"queued": 2}
    await in_scope(editor, ledger.record, campaign_id, outcomes(rows, "sent"))
    assert await states(editor, campaign_id) == {"sent": 2}, "that it arrived is always welcome"
