"""What a process that is gone had on the wire, read from the file that it left."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from hub.ids import uuid7
from hub.mail.replies import CAUSES
from hub.newsletter.delivery import journal
from hub.newsletter.delivery.journal import Journal, NoJournal, journal_folder, read_left_behind
from hub.newsletter.delivery.ledger import LOST_WORKER
from hub.newsletter.schemas import Outcome

TENANT, CAMPAIGN, OTHER, WORKER = (UUID(int=number) for number in (1, 2, 3, 9))
FIRST, SECOND, THIRD = (UUID(int=number) for number in (21, 22, 23))
DUE = datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)

WRITES_AND_DIES = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from uuid import UUID
from hub.newsletter.delivery.journal import Journal
from hub.newsletter.schemas import Outcome

journal = Journal(Path(sys.argv[1]), UUID(int=9), 8)
tenant, campaign, other = (UUID(int=number).bytes for number in (1, 2, 3))
answered = journal.begin(tenant + campaign, UUID(int=21).bytes, 4)
due = datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)
journal.answer(answered, Outcome(UUID(int=21), 4, "retry", "greylisted", "450 come back", due))
journal.begin(tenant + other, UUID(int=22).bytes, 1)
forgotten = journal.begin(tenant + campaign, UUID(int=23).bytes, 1)
journal.answer(forgotten, Outcome(UUID(int=23), 1, "sent", None, "250 ok", due))
journal.forget(forgotten)
print("written", flush=True)
"""


def left_in(folder: Path) -> list[dict[tuple[UUID, UUID], list[Outcome]]]:
    return [left.by_campaign() for left in read_left_behind(folder)]


def leave(folder: Path, *outcomes: Outcome, slots: int = 8) -> Path:
    """The journal of a worker that could not record these."""
    written = Journal(folder, uuid7(), slots)
    for outcome in outcomes:
        slot = written.begin(TENANT.bytes + CAMPAIGN.bytes, outcome.id.bytes, outcome.attempts)
        written.answer(slot, outcome)
    written.close(keep=True)
    return written.path


def sent(reply: str | None = "250 ok", cause: str | None = None) -> Outcome:
    return Outcome(FIRST, 1, "sent", cause, reply, DUE)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_killed_process_has_told_everything(tmp_path: Path) -> None:
    command = WRITES_AND_DIES + "os.kill(os.getpid(), signal.SIGKILL)"
    child = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path)], stdout=subprocess.PIPE, check=False
    )
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, b"written\n")
    (left,) = read_left_behind(tmp_path)
    assert left.worker_id == WORKER
    found = left.by_campaign()
    assert found[TENANT, CAMPAIGN] == [
        Outcome(FIRST, 4, "retry", "greylisted", "450 come back", DUE)
    ], "what the ledger has is not told again"
    ((unanswered,),) = [found[TENANT, OTHER]]
    assert (unanswered.id, unanswered.attempts) == (SECOND, 1)
    assert (unanswered.state, unanswered.cause) == ("in_doubt", LOST_WORKER)
    left.forget()
    assert list(read_left_behind(tmp_path)) == []


def test_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITES_AND_DIES + "sys.stdin.read()", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"written\n"
        assert left_in(tmp_path) == []
        assert [path.stem for path in tmp_path.iterdir()] == [str(WORKER)]
        child.kill()
    assert len(left_in(tmp_path)) == 1


def test_one_worker_reads_it_and_not_two(tmp_path: Path) -> None:
    leave(tmp_path, sent())
    for left in read_left_behind(tmp_path):
        assert list(read_left_behind(tmp_path)) == [], "somebody is at it"
        assert left.by_campaign() == {(TENANT, CAMPAIGN): [sent()]}
    assert len(left_in(tmp_path)) == 1, "who could not finish leaves it to another"


def test_another_start_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(journal, "_boot_id", lambda: b"of another start".ljust(36))
        path = leave(tmp_path, sent())
    assert left_in(tmp_path) == []
    assert not path.exists()


@pytest.mark.parametrize("octets", [0, 7, 200, 256, 300, 256 + 3 * 320, 256 + 8 * 320 - 1])
def test_a_file_cut_short_says_nothing(tmp_path: Path, octets: int) -> None:
    """It would not say which messages had begun, and what it does not name counts as not begun."""
    path = leave(tmp_path, sent())
    os.truncate(path, octets)
    assert left_in(tmp_path) == []
    assert not path.exists()


def test_any_other_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.journal").write_bytes(b"\xff" * 4096)
    (tmp_path / "notes.txt").write_text("not ours")
    assert left_in(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_another_user_put_there_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leave(tmp_path, sent())
    made = os.fstat

    def made_by_another(file: int) -> os.stat_result:
        found = made(file)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:10]))

    with monkeypatch.context() as theirs:
        theirs.setattr(os, "fstat", made_by_another)
        assert left_in(tmp_path) == []
    assert path.exists(), "nor is it ours to delete"


def test_what_is_no_file_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.journal")
    (tmp_path / "folder.journal").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "link.journal").symlink_to(leave(elsewhere, sent()))
    leave(tmp_path, sent())
    assert len(left_in(tmp_path)) == 1


@pytest.mark.parametrize("letter", ["e", "è", "€", "🙂"])
@pytest.mark.parametrize("before", range(4))
def test_a_reply_is_cut_between_letters(tmp_path: Path, letter: str, before: int) -> None:
    reply = "x" * before + letter * 300
    leave(tmp_path, sent(reply))
    ((outcome,),) = left_in(tmp_path)[0].values()
    assert outcome.reply
    assert reply.startswith(outcome.reply)
    assert 195 < len(outcome.reply.encode()) < 200


@pytest.mark.parametrize("reply", [None, "", "250 ok"])
def test_a_reply_that_fits_is_kept(tmp_path: Path, reply: str | None) -> None:
    leave(tmp_path, sent(reply))
    ((outcome,),) = left_in(tmp_path)[0].values()
    assert outcome.reply == (reply or None)


def test_every_state_and_cause_is_kept(tmp_path: Path) -> None:
    told = [
        Outcome(uuid7(), 3, state, cause, None, DUE)
        for state in ("sent", "retry", "failed", "in_doubt", "queued")
        for cause in (*CAUSES, LOST_WORKER, None)
    ]
    leave(tmp_path, *told, slots=len(told))
    ((outcomes),) = left_in(tmp_path)[0].values()
    assert {outcome.id: outcome for outcome in outcomes} == {each.id: each for each in told}


def test_slots_are_used_again(tmp_path: Path) -> None:
    with closing(Journal(tmp_path, WORKER, 2)) as written:
        for number in range(50):
            slots = [
                written.begin(TENANT.bytes + CAMPAIGN.bytes, UUID(int=number).bytes, 1)
                for _ in range(2)
            ]
            assert sorted(slots) == [0, 1]
            for slot in slots:
                written.answer(slot, sent())
                written.forget(slot)
    assert list(tmp_path.iterdir()) == [], "a worker that ends well leaves nothing"


def test_a_slot_used_again_does_not_show_the_answer_before(tmp_path: Path) -> None:
    written = Journal(tmp_path, WORKER, 1)
    slot = written.begin(TENANT.bytes + CAMPAIGN.bytes, FIRST.bytes, 1)
    written.answer(slot, sent())
    written.forget(slot)
    written.begin(TENANT.bytes + CAMPAIGN.bytes, SECOND.bytes, 2)
    written.close(keep=True)
    ((outcome,),) = left_in(tmp_path)[0].values()
    assert (outcome.id, outcome.attempts, outcome.state) == (SECOND, 2, "in_doubt")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in words, at once, and nothing stays behind: a map without room would kill the process later."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(journal, "_write_all", full)
    files = open_files()
    for _ in range(3):
        with pytest.raises(NoJournal, match=f"{tmp_path}: No space left on device"):
            Journal(tmp_path, uuid7(), 8)
    assert list(tmp_path.iterdir()) == []
    assert open_files() == files


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="No such file"):
        Journal(tmp_path / "gone", uuid7(), 8)


def test_one_that_is_just_being_made_is_nobodys_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker looks around between the making of the file and its lock."""
    lock = fcntl.flock

    def look_first(file: int, how: int) -> None:
        if how == fcntl.LOCK_EX:
            assert left_in(tmp_path) == []
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", look_first)
    with closing(Journal(tmp_path, WORKER, 1)) as written:
        assert written.path.exists()


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = journal_folder(str(tmp_path / "below" / "ours"))
    assert ours.stat().st_mode & 0o777 == 0o700
    assert journal_folder(str(ours)) == ours, "made before"
    somebody = os.getuid() + 1
    with monkeypatch.context() as theirs:
        theirs.setattr("hub.newsletter.delivery.journal.os.getuid", lambda: somebody)
        with pytest.raises(NoJournal, match="somebody else"):
            journal_folder(str(ours))
    link = tmp_path / "link"
    link.symlink_to(ours)
    with pytest.raises(NoJournal, match="somebody else"):
        journal_folder(str(link))


def test_without_a_setting_it_is_a_folder_of_this_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert journal_folder("") == tmp_path / f"microwork-hub-{os.getuid()}"
