"""One host with its `hub worker`: started, killed and started again on the same journal."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from hub.embedded.process import end, spawn
from hub.embedded.supervisor import last_lines

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Kill:
    """The worker on this port of the sink's was alive at the first instant and gone at the second (CLOCK_MONOTONIC, ns)."""

    port: int
    at: int
    gone_at: int


class Worker:
    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], port: int, log: Path
    ) -> None:
        """`port` is the sink's, for this worker alone: so its sessions are known by it."""
        self.port = port
        self.log = log
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = spawn(
                self._command,
                environment=self._environment,
                folder=ROOT,
                output=output,
                when_orphaned=Signals.SIGKILL,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the worker was not started")
        return self._process

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> Kill:
        at = time.monotonic_ns()
        self.process.kill()
        self.process.wait()
        return Kill(self.port, at, time.monotonic_ns())

    def stop(self) -> int:
        """As a deployment would; returns how it ended. Raises TimeoutExpired."""
        self.process.send_signal(Signals.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._process is not None:
            end(self._process, Signals.SIGKILL, STOP_SECONDS)

    def last_words(self) -> str:
        return last_lines(self.log, 25)
