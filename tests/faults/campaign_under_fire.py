"""A campaign during which, every few seconds, somebody is killed: a worker, PostgreSQL, Valkey. Also for the bench.

What was killed starts again after a moment, on what it left behind: a worker on its journal, PostgreSQL on its data,
Valkey on nothing. Others may be killed before that.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from hub.newsletter.schemas import OnDoubt
from tests.faults.reckoning import Report, reckon, wire_at
from tests.faults.stage import Stage, staged
from tests.faults.worker import Kill, Worker
from tests.support.fast_sink import Faults

LONGEST_ABSENCE = {"PostgreSQL": 2.0, "Valkey": 2.0, "worker": 1.0}
LOOK_SECONDS = 0.25
# Slow enough for a kill to find messages on the wire.
SLOW = Faults(delay=0.008)


async def run(
    recipients: int,
    *,
    workers: int = 3,
    seconds_between_kills: float = 2.5,
    seed: int = 3,
    on_doubt: OnDoubt = "resend",
    faults: Faults = SLOW,
    longest: float = 600.0,
) -> Report:
    """Who is killed, and when, follows from `seed`. A campaign that takes longer than `longest` is counted as it stands."""
    async with staged(workers, faults) as stage:
        for _ in range(workers):
            stage.add_worker().start()
        campaign_id = await stage.start_campaign(recipients, on_doubt)
        fire = Fire(stage, random.Random(seed), seconds_between_kills)
        began = time.monotonic()
        await fire.until(partial(stage.has_ended, campaign_id), began + longest)
        seconds = time.monotonic() - began
        sessions, rows = stage.sink.sessions(), await stage.ledger(campaign_id)
        return reckon(rows, sessions, wire_at(sessions, fire.kills), fire.killed, seconds)


@dataclass(frozen=True, slots=True)
class Victim:
    kind: str
    kill: Callable[[], Kill | None]
    start: Callable[[], None]
    worker: Worker | None = None


@dataclass(slots=True)
class Fire:
    stage: Stage
    chance: random.Random
    pause: float
    killed: list[str] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    """Of workers: what was on their wire is to be counted."""
    _away: list[Victim] = field(default_factory=list)

    async def until(self, ended: Callable[[], Awaitable[bool]], latest: float) -> None:
        """Kill and revive; then everybody is alive. Raises AssertionError where a worker has ended by itself."""
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(self._kill_on(group))
            while time.monotonic() < latest and not await ended():
                self._look_at_workers()
                await asyncio.sleep(LOOK_SECONDS)
            killing.cancel()

    def _look_at_workers(self) -> None:
        away = {id(victim.worker) for victim in self._away}
        for worker in self.stage.workers:
            assert id(worker) in away or worker.is_alive, worker.last_words()

    async def _kill_on(self, group: asyncio.TaskGroup) -> None:
        while True:
            for victim in self._victims():
                await asyncio.sleep(self.pause * self.chance.uniform(0.4, 1.6))
                absence = self.chance.uniform(0, LONGEST_ABSENCE[victim.kind])
                if victim not in self._away:
                    self._kill(victim)
                    group.create_task(self._revive(victim, absence))

    def _victims(self) -> list[Victim]:
        """Everybody once, and one of the workers twice, in a new order."""
        servers = self.stage.servers
        workers = [
            Victim("worker", worker.kill, worker.start, worker) for worker in self.stage.workers
        ]
        victims = [
            *workers,
            self.chance.choice(workers),
            Victim("PostgreSQL", servers.kill_postgres, servers.start_postgres),
            Victim("Valkey", servers.kill_valkey, servers.start_valkey),
        ]
        self.chance.shuffle(victims)
        return victims

    def _kill(self, victim: Victim) -> None:
        self._away.append(victim)
        self.killed.append(victim.kind)
        kill = victim.kill()
        if kill is not None:
            self.kills.append(kill)

    async def _revive(self, victim: Victim, absence: float) -> None:
        await asyncio.sleep(absence)
        victim.start()
        self._away.remove(victim)
