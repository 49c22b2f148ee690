from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.embedded.leftovers import MARK, end_leftovers, leftovers

Start = Callable[..., subprocess.Popen[bytes]]
SLEEP = "import time; print(flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str = SLEEP, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code],
            env=dict(os.environ) | environment,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_only_marked_processes_are_ended(folder: Path, start: Start) -> None:
    ours = start(**{MARK: str(folder)})
    neighbours = start(**{MARK: str(folder / "other")})
    strangers = start()
    assert [process.pid for process in leftovers(folder)] == [ours.pid]
    assert end_leftovers(folder) == 1
    assert ours.poll() is not None
    assert neighbours.poll() is None
    assert strangers.poll() is None


def test_one_that_does_not_listen_is_killed(folder: Path, start: Start) -> None:
    stubborn = start(STUBBORN, **{MARK: str(folder)})
    assert end_leftovers(folder, seconds=0.2) == 1
    assert stubborn.poll() is not None


def test_who_asks_is_spared(folder: Path) -> None:
    code = f"from pathlib import Path; from hub.embedded.leftovers import *; print(leftovers(Path({str(folder)!r})))"
    asked = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ) | {MARK: str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "[]\n"
