"""PostgreSQL's disk is full in the middle of a campaign, and later has room again.

python -m tests.faults.full_disk       in a new mount namespace, on a small disk; writes the report as JSON
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hub.embedded.leftovers import leftovers
from tests.faults.namespaces import run_apart
from tests.faults.reckoning import Report, reckon
from tests.faults.servers import Servers
from tests.faults.stage import AWAY, SECONDS, SLOW, Stage, staged, until_ended
from tests.support import sink_log

READERS = 4_000
DISK_MEGABYTES = 256

# What every statement on deliveries meets when no page can be added to the table.
DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk_full BEFORE UPDATE ON deliveries EXECUTE FUNCTION disk_full();
"""
NEXT_LOG_FILE = "SELECT pg_current_xact_id(); SELECT pg_switch_wal()"
TEN_MEGABYTES = "CREATE TABLE room AS SELECT repeat('x', 1000) FROM generate_series(1, 10000)"


async def on_a_small_disk() -> Report:
    """A real one, of memory; in a namespace of its own, so that nobody else sees it."""
    said = await run_apart("mount", "tests.faults.full_disk", seconds=3 * SECONDS)
    return msgspec.json.decode(said, type=Report)


async def by_a_trigger() -> Report:
    """Where nothing can be mounted: the error alone, at the table that grows."""
    async with staged(2, SLOW) as stage:
        return await full_in_the_middle(stage, PretendedDisk(stage))


class Disk(ABC):
    kind: str

    @abstractmethod
    async def fill(self) -> None: ...

    @abstractmethod
    async def free(self) -> None: ...


@dataclass(slots=True)
class PretendedDisk(Disk):
    stage: Stage
    kind: str = "disk by a trigger"

    async def fill(self) -> None:
        await self.stage.tell(DISK_FULL)

    async def free(self) -> None:
        await self.stage.tell("DROP TRIGGER disk_full ON deliveries")


@dataclass(slots=True)
class SmallDisk(Disk):
    stage: Stage
    kind: str = "small disk"

    async def fill(self) -> None:
        """With a file of somebody else's, to the last block."""
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(65_536))
        try:
            await self.stage.tell(TEN_MEGABYTES)
        except AWAY:
            return
        raise AssertionError("the disk had room")

    async def free(self) -> None:
        """Once its log of writes is full too, which ends it. Whoever makes room starts it again."""
        with suppress(*AWAY):
            for _ in range(100):
                await self.stage.tell(NEXT_LOG_FILE)
            raise AssertionError("the disk had room for its log")
        self._ballast.unlink()
        while not await self._answers():
            if not leftovers(self._data):
                self.stage.servers.start_postgres()
            await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        try:
            await self.stage.ask("SELECT 1")
        except AWAY:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self.stage.servers.postgres.cluster.data

    @property
    def _ballast(self) -> Path:
        return self._data / "ballast"


async def full_in_the_middle(stage: Stage, disk: Disk) -> Report:
    """Raises AssertionError where the workers did not stop for it."""
    began = time.monotonic()
    for _ in range(2):
        stage.add_worker().start()
    campaign_id = await stage.start_campaign(READERS, "ask")
    async with asyncio.timeout(SECONDS):
        while received(stage) < READERS // 10:  # noqa: ASYNC110  # other processes do it
            await asyncio.sleep(0.05)
    await disk.fill()
    # They go on as far as they may without recording anything, and then wait.
    before = -1
    while before != (now := received(stage)):
        before = now
        await asyncio.sleep(2)
    assert now < READERS
    await disk.free()
    await until_ended(stage, campaign_id)
    rows, sessions = await stage.ledger(campaign_id), stage.sink.sessions()
    return reckon(rows, sessions, [], [disk.kind], time.monotonic() - began)


def received(stage: Stage) -> int:
    return len(sink_log.kept(stage.sink.sessions()))


@asynccontextmanager
async def moved(servers: Servers) -> AsyncIterator[None]:
    """PostgreSQL's data on a small disk of memory, with which they are gone."""
    cluster = servers.postgres.cluster
    servers.kill_postgres()
    aside = cluster.data.rename(cluster.data.with_name("aside"))
    cluster.data.mkdir(mode=0o700)
    owner = f"uid={cluster.user.uid},gid={cluster.user.gid}," if cluster.user else ""
    options = f"{owner}mode=700,size={DISK_MEGABYTES}m"
    _run("mount", "-t", "tmpfs", "-o", options, "small-disk", str(cluster.data))
    try:
        _run("cp", "-a", f"{aside}/.", str(cluster.data))
        shutil.rmtree(aside)
        servers.start_postgres()
        yield
    finally:
        servers.kill_postgres()
        _run("umount", str(cluster.data))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


async def main() -> Report:
    async with staged(2, SLOW) as stage, moved(stage.servers):
        try:
            return await full_in_the_middle(stage, SmallDisk(stage))
        finally:
            for worker in stage.workers:
                worker.end()


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(main())).decode())  # noqa: T201  # for whoever started it
