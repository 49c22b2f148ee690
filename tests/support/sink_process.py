"""The fast sink, started and told how to behave."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, Self

import msgspec

from hub.embedded import ports
from hub.embedded.process import end, spawn
from tests.support import sink_log
from tests.support.fast_sink import Faults

ROOT = Path(__file__).parents[2]


class SinkFailed(Exception):
    """It did not start, or did not understand."""


class SinkProcess:
    """Listens on as many ports as asked for, so that its log can tell apart who speaks to it."""

    def __init__(
        self,
        log: Path | None,
        listening: int = 1,
        *,
        faults: Faults | None = None,
        processes: int = 1,
    ) -> None:
        self.log = log
        self.ports = [ports.any_free() for _ in range(listening)]
        self._faults = faults or Faults()
        self._count = processes
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, seconds: float = 10) -> None:
        """Raises SinkFailed."""
        command = [sys.executable, "-m", "tests.support.fast_sink"]
        command += [",".join(map(str, self.ports)), str(self.log or "-")]
        command += ["--host", ports.HOST, "--faults", msgspec.json.encode(self._faults).decode()]
        command += ["--share-port"] if self._count > 1 else []
        self._processes = [
            spawn(command, folder=ROOT, environment=dict(os.environ), when_orphaned=Signals.SIGKILL)
            for _ in range(self._count)
        ]
        deadline = time.monotonic() + seconds
        while not all(map(_answers, self.ports)):
            if self._processes[0].poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SinkFailed("The sink did not start.")
            time.sleep(0.02)

    def stop(self) -> None:
        for process in self._processes:
            end(process, Signals.SIGKILL, 5)
        self._processes = []

    def url(self, number: int = 0) -> str:
        return f"smtp://{ports.HOST}:{self.ports[number]}"

    def behave(self, **faults: Any) -> None:
        """From now on, for all; see `Faults`. Only for a sink of one process. Raises SinkFailed."""
        wanted = msgspec.json.encode(Faults(**faults))
        with socket.create_connection((ports.HOST, self.ports[0]), timeout=5) as connection:
            lines = connection.makefile("rb")
            lines.readline()
            connection.sendall(b"XFAULTS " + wanted + b"\r\n")
            if not lines.readline().startswith(b"250"):
                raise SinkFailed("The sink did not understand how to behave.")

    def sessions(self) -> list[sink_log.Session]:
        """What it has seen so far."""
        return sink_log.read(self.log) if self.log else []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((ports.HOST, port), timeout=1) as connection:
            return bool(connection.recv(64))
    except OSError:
        return False
