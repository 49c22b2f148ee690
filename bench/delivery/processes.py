"""Processes of the bench and what they use: started quietly, ended for sure, their CPU time read from the kernel."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from hub.embedded import ports
from hub.embedded.process import end, spawn

# Whoever is not root may have no sbin in the path, where Debian keeps Postfix's programs.
SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


class ToolMissing(Exception):
    """A program that this measurement compares with is not installed; the message says what to install."""


def tool(name: str) -> str:
    """The program's path. Raises ToolMissing."""
    if found := shutil.which(name, path=SEARCHED):
        return found
    raise ToolMissing(f"{name} is missing: apt-get install postfix openssl")


@dataclass(frozen=True, slots=True)
class Running:
    """A process and what it says."""

    process: psutil.Process
    log: Path

    def memory_mb(self) -> float:
        return self.process.memory_info().rss / 1e6

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[Running]:
    """From here to the end of the block; then told to stop, and killed if it has not within ten seconds."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            started = spawn(
                command, environment={**os.environ, **(environment or {})}, output=output
            )
        try:
            yield Running(psutil.Process(started.pid), log)
        finally:
            end(started, stop, 10)


def cpu_seconds(process: psutil.Process) -> float:
    """Of all its threads and children, those that have ended too."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:  # Its parent has it among the children that ended.
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


async def until(
    condition: Callable[[], bool], what: str, *, seconds: float = 30, every: float = 0.02
) -> None:
    """Raises TimeoutError, which says what never happened."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(every)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((ports.HOST, port)) == 0
