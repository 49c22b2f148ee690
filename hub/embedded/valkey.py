"""Valkey from the wheel's program, on loopback, with a password and an append-only file."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals

from hub.embedded import ports
from hub.embedded.leftovers import end_leftovers
from hub.embedded.process import User, end, spawn
from hub.embedded.state import write_private


class ValkeyError(Exception):
    """Valkey could not be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Bell:
    """A data folder and how to serve it."""

    data: Path
    program: Path
    user: User | None
    password: str
    port: int
    durable: bool = True

    def configure(self) -> None:
        """A file rather than arguments, which every user of the machine can read."""
        lines = [
            f"bind {ports.HOST}",
            f"port {self.port}",
            f"dir {self.data}",
            f"requirepass {self.password}",
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            "daemonize no",
            "loglevel notice",
        ]
        write_private(self.config, "\n".join(lines) + "\n", self.user)

    @property
    def config(self) -> Path:
        return self.data / "valkey.conf"

    def command(self) -> tuple[str, ...]:
        return (str(self.program), str(self.config))

    def clear(self) -> None:
        """End a server that a killed parent left in this folder."""
        end_leftovers(self.data, seconds=2)

    def is_ready(self) -> bool:
        """Answers PING, so its data is loaded."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{ports.HOST}:{self.port}/0"

    def on(self, port: int) -> Bell:
        return replace(self, port=port)


def start(bell: Bell, seconds: float = 10) -> subprocess.Popen[bytes]:
    """Serve until this process ends it or dies. Raises ValkeyError."""
    bell.configure()
    process = spawn(bell.command(), user=bell.user, folder=bell.data)
    deadline = time.monotonic() + seconds
    while not bell.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end(process, Signals.SIGTERM, 2)
            raise ValkeyError("Valkey did not start.")
        time.sleep(0.01)
    return process
