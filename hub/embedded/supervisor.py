"""Keeping processes running: started in order, started again when they die, stopped in order and in bounded time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Any

from hub.embedded.process import User, spawn

TOO_OFTEN = 5
WITHIN_SECONDS = 60
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
WATCH_SECONDS = 0.1
MAX_LOG_BYTES = 5_000_000


class ServiceFailed(Exception):
    """A service ended too often to go on; the message says which, how, and its last words."""


def _nothing() -> None:
    pass


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A command and how it is treated."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: User | None = None
    folder: Path | None = None
    clear: Callable[[], None] = _nothing
    """Called before every start: removes what a process that was killed left behind."""
    ready: Callable[[], bool] = _always
    """Asked until it says yes; may block for a second or two."""
    ready_seconds: float = 30
    stop_signal: Signals = Signals.SIGTERM
    stop_seconds: float = 10
    layer: int = 0
    """Higher layers need the lower ones and are stopped before them."""


@dataclass(slots=True)
class _Kept:
    service: Service
    process: subprocess.Popen[bytes] | None = None
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=TOO_OFTEN))
    task: asyncio.Task[None] | None = None


class Supervisor:
    """`say` is told what happens to a service after its first start; `changed` that a process id is new."""

    def __init__(self, say: Callable[[str], None], changed: Callable[[], None] = _nothing) -> None:
        self._say = say
        self._changed = changed
        self._kept: list[_Kept] = []
        self._stopping = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def process_ids(self) -> dict[str, int]:
        return {
            kept.service.name: kept.process.pid
            for kept in self._kept
            if kept.process is not None and kept.process.returncode is None
        }

    async def start(self, service: Service) -> None:
        """Returns when it is ready, and keeps it running from then on. Raises ServiceFailed."""
        kept = _Kept(service)
        self._kept.append(kept)
        kept.task = asyncio.create_task(self._keep(kept))
        waiting: list[asyncio.Future[Any]] = [
            asyncio.create_task(kept.is_ready.wait()),
            self._failed,
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting[0].cancel()
        if self._failed.done():
            await self._failed

    async def failure(self) -> None:
        """Waits until a service ends too often, then raises ServiceFailed."""
        await asyncio.shield(self._failed)

    async def stop(self) -> None:
        """End all of the highest layer together, then the next; what does not end in its time is killed."""
        self._stopping.set()
        for layer in sorted({kept.service.layer for kept in self._kept}, reverse=True):
            await asyncio.gather(
                *(self._end(kept) for kept in self._kept if kept.service.layer == layer)
            )
        if not self._failed.done():
            self._failed.cancel()

    def kill(self) -> None:
        """End everything at once; `stop` then has nothing to wait for."""
        self._stopping.set()
        for kept in self._kept:
            _kill_group(kept.process)

    async def _end(self, kept: _Kept) -> None:
        if kept.process is not None and kept.process.returncode is None:
            kept.process.send_signal(kept.service.stop_signal)
        if kept.task is None:
            return
        _, pending = await asyncio.wait({kept.task}, timeout=kept.service.stop_seconds)
        if pending:
            _kill_group(kept.process)
            await asyncio.wait({kept.task}, timeout=5)
            kept.task.cancel()

    async def _keep(self, kept: _Kept) -> None:
        service = kept.service
        try:
            while not self._stopping.is_set():
                await asyncio.to_thread(service.clear)
                if self._stopping.is_set():
                    return
                kept.process = _spawn(service)
                self._changed()
                watching = asyncio.create_task(self._watch_readiness(kept))
                how = await _end_of(kept.process)
                watching.cancel()
                if not self._stopping.is_set():
                    await self._pause_after(kept, how)
        except ServiceFailed as failure:
            self._give_up(failure)
        except Exception as error:  # noqa: BLE001  # a task's exception would otherwise wait for nobody
            self._give_up(ServiceFailed(f"{service.name} cannot be started: {error}"))

    def _give_up(self, failure: ServiceFailed) -> None:
        if not self._failed.done():
            self._failed.set_exception(failure)

    async def _watch_readiness(self, kept: _Kept) -> None:
        again = kept.is_ready.is_set()
        deadline = time.monotonic() + kept.service.ready_seconds
        while not await asyncio.to_thread(kept.service.ready):
            if time.monotonic() > deadline:
                self._give_up(_failure(kept.service, "does not answer"))
                return
            await asyncio.sleep(WATCH_SECONDS)
        kept.is_ready.set()
        if again:
            self._say(f"{kept.service.name} is back")

    async def _pause_after(self, kept: _Kept, how: str) -> None:
        """Raises ServiceFailed at the fifth end within a minute."""
        now = time.monotonic()
        recent = sum(1 for at in kept.ended_at if now - at < WITHIN_SECONDS) + 1
        kept.ended_at.append(now)
        if recent >= TOO_OFTEN:
            what = f"ended {recent} times within a minute, the last time {how}"
            raise _failure(kept.service, what)
        self._say(f"{kept.service.name} ended {how}; starting it again")
        pause = min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)


def _spawn(service: Service) -> subprocess.Popen[bytes]:
    if service.log.exists() and service.log.stat().st_size > MAX_LOG_BYTES:
        service.log.replace(service.log.with_suffix(".log.1"))
    # Appended to, so that the words before a death are still there after the new start.
    with service.log.open("ab") as output:
        return spawn(
            service.command,
            user=service.user,
            environment=service.environment,
            folder=service.folder,
            output=output,
            when_orphaned=service.stop_signal,
        )


async def _end_of(process: subprocess.Popen[bytes]) -> str:
    """Waits for the end, removes what is left of the process's group, and tells how it ended."""
    while not _has_ended(process):  # noqa: ASYNC110  # the event is the system's, there is nothing to await
        await asyncio.sleep(WATCH_SECONDS)
    # Its number still stands for the dead process, and so cannot be another's group.
    _kill_group(process)
    code = process.wait()
    return f"by {Signals(-code).name}" if code < 0 else f"with code {code}"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    if process.returncode is not None:
        return True
    if sys.platform != "linux":
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _kill_group(process: subprocess.Popen[bytes] | None) -> None:
    """Processes that a service has started itself are in its group."""
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, Signals.SIGKILL)


def _failure(service: Service, what: str) -> ServiceFailed:
    words = last_lines(service.log)
    end = f"Its log, {service.log}, ends with:\n{words}" if words else f"Its log is {service.log}."
    return ServiceFailed(f"{service.name} {what}. {end}")


def last_lines(log: Path, count: int = 15) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_000))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])
    except OSError:
        return ""
