"""The rows of a worker that is gone: exactly by its journal, or by doubt, or by both in either order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.newsletter import course
from hub.newsletter.delivery import burial, holders, ledger
from hub.newsletter.delivery.burial import LONGEST_TRANSACTION, Burial
from hub.newsletter.delivery.holders import BEAT, DEAD
from hub.newsletter.delivery.journal import Journal
from hub.newsletter.schemas import Claimed, Outcome
from tests.factories import Member
from tests.newsletter.delivery.sending import (
    SlowSink,
    claimed,
    frozen,
    left_in,
    send_by,
    sending,
    until_true,
)
from tests.newsletter.making import load, states, until

pytestmark = pytest.mark.usefixtures("own_database", "true_tallies")


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker that claimed four rows: it sent one, was refused one, waited for one's answer, and had not begun one."""

    id: UUID
    campaign_id: UUID
    sent: Claimed
    refused: Claimed
    unanswered: Claimed
    not_begun: Claimed


async def lose_worker(
    editor: Member, folder: Path, *, journal: bool = True, rows: int = 4, others: int = 0
) -> Lost:
    worker_id = uuid7()
    async with relay_transaction() as scope:
        await holders.register(scope, worker_id, "host.test")
    campaign_id, _ = await frozen(editor, rows + others)
    taken = await claimed(editor, campaign_id, worker_id, rows)
    lost = Lost(worker_id, campaign_id, *taken)
    if journal:
        left = Journal(folder, worker_id, 8)
        async with tenant_transaction(editor.tenant.id) as scope:
            now = scope.now
        for row in taken[:3]:
            slot = left.begin(
                editor.tenant.id.bytes + campaign_id.bytes, row.id.bytes, row.attempts
            )
            if row is lost.sent:
                left.answer(slot, Outcome(row.id, row.attempts, "sent", None, "250 ok", now))
            elif row is lost.refused:
                left.answer(
                    slot, Outcome(row.id, row.attempts, "failed", "unknown", "550 who?", now)
                )
        left.close(keep=True)
    return lost


async def unsettled() -> list[tuple[UUID, int, bool]]:
    async with relay_transaction() as scope:
        return await holders.unsettled(scope)


async def read_journals(folder: Path) -> None:
    """As another worker of the same host does at two of its beats."""
    other = Burial(folder, uuid7())
    for _ in range(2):
        await other.see_to(await unsettled())


async def watch_until_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker of another host does, which sees no journal."""
    other = Burial(folder, uuid7())
    now = 0.0
    monkeypatch.setattr(burial, "steady", lambda: now)
    workers = await unsettled()
    while now <= DEAD:
        await other.see_to(workers)
        now += BEAT


async def found(editor: Member, lost: Lost) -> dict[str, tuple[str, str | None, int]]:
    """(state, cause, doubts) of its rows."""
    async with tenant_transaction(editor.tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT id, state, cause, doubts FROM deliveries WHERE campaign_id = $1",
            lost.campaign_id,
        )
    by_id = {row["id"]: (row["state"], row["cause"], row["doubts"]) for row in rows}
    return {
        name: by_id[getattr(lost, name).id]
        for name in ("sent", "refused", "unanswered", "not_begun")
    }


EXACTLY = {
    "sent": ("sent", None, 0),
    "refused": ("failed", "unknown", 0),
    "unanswered": ("in_doubt", "worker_lost", 1),
    "not_begun": ("queued", None, 0),
}
# The same, where the rows were doubted before anybody read the journal.
AFTER_DOUBT = {name: (state, cause, 1) for name, (state, cause, _doubts) in EXACTLY.items()}


async def test_exactly_by_its_journal(editor: Member, tmp_path: Path) -> None:
    lost = await lose_worker(editor, tmp_path)
    other = Burial(tmp_path, uuid7())
    await other.see_to(await unsettled())
    assert await states(editor, lost.campaign_id) == {"sending": 4}, "the database may be at it yet"
    await other.see_to(await unsettled())
    assert await found(editor, lost) == EXACTLY
    assert left_in(tmp_path) == []
    with clock.moved(LONGEST_TRANSACTION + timedelta(seconds=1)):
        await other.see_to(await unsettled())
    assert await unsettled() == []
    await read_journals(tmp_path)
    assert await found(editor, lost) == EXACTLY


async def test_a_claim_that_is_committed_after_its_journal_was_read(
    editor: Member, tmp_path: Path
) -> None:
    """The database was slow over it. Nobody else would ever look at these rows again."""
    lost = await lose_worker(editor, tmp_path, others=2)
    other = Burial(tmp_path, uuid7())
    for _ in range(2):
        await other.see_to(await unsettled())
    late = await claimed(editor, lost.campaign_id, lost.id, 9)
    assert len(late) == 3
    await other.see_to(await unsettled())
    assert await states(editor, lost.campaign_id) == {"sent": 1, "failed": 1, "in_doubt": 4}


async def test_by_doubt_where_nothing_is_left(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = await lose_worker(editor, tmp_path, journal=False, others=3)
    await watch_until_gone(tmp_path, monkeypatch)
    assert set((await found(editor, lost)).values()) == {("in_doubt", "worker_lost", 1)}
    assert await states(editor, lost.campaign_id) == {"in_doubt": 4, "queued": 3}
    assert [each[0] for each in await unsettled()] == [lost.id], (
        "what it was committing may yet come"
    )
    with clock.moved(LONGEST_TRANSACTION + timedelta(seconds=1)):
        await Burial(tmp_path, uuid7()).see_to(await unsettled())
    assert await unsettled() == []
    async with relay_transaction() as scope:
        assert not await holders.raise_beat(scope, lost.id), "if it lives, it is told so"


async def test_doubted_first_and_read_then(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "another host"
    elsewhere.mkdir()
    here = tmp_path / "its host"
    here.mkdir()
    lost = await lose_worker(editor, here)
    await watch_until_gone(elsewhere, monkeypatch)
    assert await states(editor, lost.campaign_id) == {"in_doubt": 4}
    await read_journals(here)
    assert await found(editor, lost) == AFTER_DOUBT


async def test_read_first_and_doubted_then(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = await lose_worker(editor, tmp_path)
    workers = await unsettled()
    await read_journals(tmp_path)
    async with relay_transaction() as scope:
        # The other host has not heard that it is settled.
        await scope.execute("UPDATE mail_workers SET settled = false, ended_at = NULL")
    assert await unsettled() == workers
    await watch_until_gone(tmp_path, monkeypatch)
    assert await found(editor, lost) == EXACTLY


async def test_a_campaign_that_ended_meanwhile_goes_on(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else was done and the doubtful ones were for a person; now some of them never were on the wire."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lost = await lose_worker(editor, tmp_path)
    await watch_until_gone(elsewhere, monkeypatch)
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await course.mark_sent(scope, lost.campaign_id)
    await read_journals(tmp_path)
    assert await found(editor, lost) == AFTER_DOUBT
    campaign = await load(editor, lost.campaign_id)
    assert (campaign.state, campaign.finished_at) == ("sending", None)
    assert campaign.due_at


async def test_of_a_campaign_that_ended_nothing_had_begun(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal does not name it at all."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lost = await lose_worker(editor, tmp_path, journal=False)
    Journal(tmp_path, lost.id, 8).close(keep=True)
    await watch_until_gone(elsewhere, monkeypatch)
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await course.mark_sent(scope, lost.campaign_id)
    await read_journals(tmp_path)
    assert await states(editor, lost.campaign_id) == {"queued": 4}
    assert (await load(editor, lost.campaign_id)).state == "sending"


async def test_the_journal_of_another_hub(editor: Member, tmp_path: Path) -> None:
    """On the same host, with another database: its own workers need it."""
    lost = await lose_worker(editor, tmp_path)
    async with relay_transaction() as scope:
        await scope.execute("UPDATE mail_workers SET id = $1 WHERE id = $2", uuid7(), lost.id)
    await read_journals(tmp_path)
    assert await states(editor, lost.campaign_id) == {"sending": 4}
    assert left_in(tmp_path) == [f"{lost.id}.journal"]


async def test_what_others_did_meanwhile_stays(editor: Member, tmp_path: Path) -> None:
    """Doubted, queued again by a person, and claimed by another worker: the journal comes too late for that row."""
    lost = await lose_worker(editor, tmp_path)
    async with tenant_transaction(editor.tenant.id) as scope:
        await ledger.doubt(scope, lost.campaign_id, lost.id)
        await course.set_on_doubt(scope, lost.campaign_id, "resend")
        assert await ledger.resend_doubtful(scope, lost.campaign_id, older_than=scope.now) == 4
    taken = await claimed(editor, lost.campaign_id, uuid7(), 1)
    await read_journals(tmp_path)
    after = await found(editor, lost)
    (row,) = taken
    names = [name for name in after if getattr(lost, name).id == row.id]
    assert [after.pop(name)[0] for name in names] == ["sending"]
    expected = {"sent": "sent", "refused": "failed", "unanswered": "queued", "not_begun": "queued"}
    assert {name: (state, doubts) for name, (state, _, doubts) in after.items()} == {
        name: (expected[name], 1) for name in after
    }, "what was decided about an unanswered one stands; an answer is still welcome"


async def test_the_database_goes_away_in_the_middle(
    editor: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = await lose_worker(editor, tmp_path)
    other = Burial(tmp_path, uuid7())
    await other.see_to([])

    async def away(*_: object, **__: object) -> int:
        raise Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "release", away)
        with pytest.raises(Unavailable):
            await other.see_to([])
    assert await states(editor, lost.campaign_id) == {"sending": 4}
    await other.see_to([])
    assert await found(editor, lost) == EXACTLY


async def test_a_worker_that_was_given_up_and_lives(
    editor: Member, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins another life under another id, and says late what became of its messages: nobody gets it twice."""
    monkeypatch.setattr(holders, "BEAT", 0.1)
    monkeypatch.setattr("hub.newsletter.delivery.sender.GRACE_SECONDS", 20.0)
    campaign_id, emails = await frozen(editor, 40)
    sink = SlowSink()
    await sink.start()
    try:
        send_by(settings, sink.port, tmp_path)
        sink.gate.clear()
        async with sending():
            await until(lambda: sink.waiting == 8)
            ((first, *_),) = await unsettled()
            async with relay_transaction() as scope:
                await holders.end(scope, first)
            async with tenant_transaction(editor.tenant.id) as tenant_scope:
                assert await ledger.doubt(tenant_scope, campaign_id, first) == 40
            # Its beat is refused now, and it waits for the answers of what is on the wire.
            await asyncio.sleep(0.3)
            assert len(sink.messages) == 0
            sink.gate.set()

            async def over() -> bool:
                return (await load(editor, campaign_id)).state == "sent"

            await until_true(over)
            assert await states(editor, campaign_id) == {"sent": 40}
            assert sorted(sink.order) == sorted(emails)
            ((second, *_),) = await unsettled()
            assert second != first
        assert await unsettled() == []
        assert left_in(tmp_path) == []
    finally:
        await mail.close_lane()
        await sink.stop()
