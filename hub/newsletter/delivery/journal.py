"""What this worker has on the wire, kept where the end of its process does not reach it.

A worker that is killed takes with it what it had not recorded yet: which messages had begun, and which the server had
answered. So both are written to a small shared memory map first, one slot a message: the kernel keeps the file when the
process is gone, and any worker of the same host reads it (`read_left_behind`). What has no slot never began.

Only the process may die, not the machine: the file is not flushed to disk, and one from before the machine's last
start says nothing. Then, and where no worker shares the folder, every row of the lost worker is in doubt
(`holders.py`), which is less precise and as honest.
"""

import fcntl
import mmap
import os
import stat
import struct
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from hub import clock
from hub.newsletter.delivery.ledger import LOST_WORKER
from hub.newsletter.schemas import Outcome

SUFFIX = ".journal"
_MAGIC = b"hubjrnl2"
# Magic, worker, the machine's start, how many slots there are.
_HEAD = struct.Struct(">8s16s36sI")
_HEAD_BYTES = 256
_SLOT_BYTES = 320
# Tenant and campaign, delivery, attempt. The phase comes last: a slot counts once everything before it is there.
_BEGUN = struct.Struct(">32s16sI")
_ANSWER = struct.Struct(">d10p30p200p")
_PHASE_AT = _BEGUN.size + _ANSWER.size
_FREE, _ON_WIRE, _ANSWERED = 0, 1, 2


class NoJournal(OSError):
    """It could not be made, and without it no message may begin."""


class Journal:
    """Written by one worker, under a lock that ends with its process. All methods are cheap enough for each message.

    Raises NoJournal, as where the folder's disk is full.
    """

    def __init__(self, folder: Path, worker_id: UUID, slots: int) -> None:
        self.path = folder / f"{worker_id}{SUFFIX}"
        try:
            self._make(worker_id, slots)
        except OSError as error:
            raise NoJournal(f"no journal can be made in {folder}: {error.strerror}") from error
        self._slots = slots
        self._free = list(range(slots))

    def _make(self, worker_id: UUID, slots: int) -> None:
        # Under another name until it is locked: a worker that looks in between would take it for a dead one's.
        unfinished = self.path.with_suffix(".new")
        size = _HEAD_BYTES + slots * _SLOT_BYTES
        self._file = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            # Real blocks: writing to a map whose disk is full would end the process.
            _write_all(self._file, bytes(size))
            self._map = mmap.mmap(self._file, size)
            _HEAD.pack_into(self._map, 0, _MAGIC, worker_id.bytes, _boot_id(), slots)
            unfinished.rename(self.path)
        except OSError:
            os.close(self._file)
            unfinished.unlink()
            raise

    def begin(self, campaign: bytes, delivery_id: bytes, attempt: int) -> int:
        """The first byte of this message is about to be written. `campaign` is its tenant's id and its own. Returns a slot."""
        slot = self._free.pop()
        at = _HEAD_BYTES + slot * _SLOT_BYTES
        _BEGUN.pack_into(self._map, at, campaign, delivery_id, attempt)
        self._map[at + _PHASE_AT] = _ON_WIRE
        return slot

    def answer(self, slot: int, outcome: Outcome) -> None:
        at = _HEAD_BYTES + slot * _SLOT_BYTES
        _ANSWER.pack_into(
            self._map,
            at + _BEGUN.size,
            outcome.due_at.timestamp(),
            outcome.state.encode(),
            (outcome.cause or "").encode(),
            (outcome.reply or "").encode()[:199],
        )
        self._map[at + _PHASE_AT] = _ANSWERED

    @property
    def is_empty(self) -> bool:
        """The ledger has everything."""
        return len(self._free) == self._slots

    def forget(self, slot: int) -> None:
        """The ledger has it."""
        self._map[_HEAD_BYTES + slot * _SLOT_BYTES + _PHASE_AT] = _FREE
        self._free.append(slot)

    def close(self, *, keep: bool = False) -> None:
        """`keep` leaves the file for another worker to read: not everything could be recorded."""
        if not keep:
            self.path.unlink(missing_ok=True)
        self._map.close()
        os.close(self._file)


class LeftBehind:
    """The journal of a worker that is gone, locked, so that one worker reads it and not two."""

    def __init__(self, path: Path, file: int, content: bytes) -> None:
        self.path = path
        self._file = file
        self._content = content
        self.worker_id = UUID(bytes=_HEAD.unpack_from(content)[1])

    def by_campaign(self) -> dict[tuple[UUID, UUID], list[Outcome]]:
        """Under (tenant, campaign): what had begun and how it ended; one without an answer is `in_doubt`."""
        found: dict[tuple[UUID, UUID], list[Outcome]] = {}
        for at in range(_HEAD_BYTES, len(self._content), _SLOT_BYTES):
            phase = self._content[at + _PHASE_AT]
            if phase != _FREE:
                of, delivery, attempt = _BEGUN.unpack_from(self._content, at)
                outcome = (self._answer if phase == _ANSWERED else _unanswered)(
                    delivery, attempt, at
                )
                key = (UUID(bytes=of[:16]), UUID(bytes=of[16:]))
                found.setdefault(key, []).append(outcome)
        return found

    def _answer(self, delivery: bytes, attempt: int, at: int) -> Outcome:
        due, state, cause, reply = _ANSWER.unpack_from(self._content, at + _BEGUN.size)
        return Outcome(
            UUID(bytes=delivery),
            attempt,
            state.decode(),
            cause.decode() or None,
            reply.decode(errors="ignore") or None,
            datetime.fromtimestamp(due, UTC),
        )

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._file)


def _unanswered(delivery: bytes, attempt: int, _at: int) -> Outcome:
    return Outcome(UUID(bytes=delivery), attempt, "in_doubt", LOST_WORKER, None, clock.now())


def read_left_behind(folder: Path) -> Iterator[LeftBehind]:
    """The journals whose workers are gone. One that says nothing is deleted: its machine was started anew, or it is cut short."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:  # Another worker was quicker, or it is none.
            continue
        left = _locked(path, file)
        if left is None:
            os.close(file)
            continue
        try:
            yield left
        finally:
            left.close()


def _locked(path: Path, file: int) -> LeftBehind | None:
    # Where others may write into the folder, as in a shared temporary one: what they put there is believed by nobody.
    found = os.fstat(file)
    if found.st_uid != os.getuid() or not stat.S_ISREG(found.st_mode):
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # Its worker lives.
        return None
    content = os.pread(file, found.st_size, 0)
    if not _says_something(content):
        path.unlink(missing_ok=True)
        return None
    return LeftBehind(path, file, content)


def _says_something(content: bytes) -> bool:
    if len(content) < _HEAD_BYTES:
        return False
    magic, _, boot_id, slots = _HEAD.unpack_from(content)
    whole = _HEAD_BYTES + slots * _SLOT_BYTES
    return bool(magic == _MAGIC and boot_id == _boot_id() and len(content) == whole)


def journal_folder(asked: str) -> Path:
    """The folder of this host's journals, made if need be. Raises NoJournal where it is somebody else's, or cannot be."""
    folder = Path(asked) if asked else Path(tempfile.gettempdir()) / f"microwork-hub-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat(follow_symlinks=False)
    except OSError as error:
        raise NoJournal(f"no folder for journals at {folder}: {error.strerror}") from error
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise NoJournal(f"{folder} belongs to somebody else")
    return folder


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _boot_id() -> bytes:
    """Changes with every start of the machine; systems that do not say get one that is always the same."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()[:36].ljust(36)
    except OSError:
        return b"unknown".ljust(36)
