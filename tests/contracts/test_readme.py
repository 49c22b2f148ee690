"""README's commands do what README says: each line of its shell blocks is run here, and a new one needs its own check."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[2]
# A process that the network starts carries its state folder in its environment.
STATE_FOLDER = "HUB_STATE_FOLDER"


def fenced_commands() -> list[str]:
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def run(command: str) -> str:
    done = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def starts_a_network_that_answers_and_stops(command: str, folder: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    environment[STATE_FOLDER] = str(folder)
    with (folder.parent / "said").open("w+") as said:
        network = subprocess.Popen(
            command.split(),
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = _wait_for(said.name, r"The network is running: (\S+)", network)
            mailbox = _wait_for(said.name, r"Mail that it sends: (\S+)", network)
            assert "Informed" not in (page := httpx.get(address).text), "Italian comes first"
            assert re.search(r"\b100\b", page)
            assert httpx.get(mailbox).status_code == 200
            assert "operatore@" in Path(said.name).read_text()
        finally:
            if network.poll() is None:
                # As Ctrl-C in a terminal: to the whole group.
                os.killpg(network.pid, signal.SIGINT)
                network.wait(30)
    assert _processes_of(folder) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def _wait_for(said: str, pattern: str, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 50
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(pattern, Path(said).read_text()):
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(Path(said).read_text())


def _processes_of(folder: Path) -> list[str]:
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(STATE_FOLDER) == str(folder):
                left.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return left


def is_what_runs_this(command: str) -> None:
    """`make test` and `make check` are running already: what they would do is looked at instead."""
    plan = run(f"make --dry-run {command.removeprefix('make ')}")
    for step in ("ruff format --check", "ruff check", "mypy", "lint-imports"):
        assert step in plan
    if command == "make test":
        for rest in ("", " tests/faults", " tests/browser"):
            assert re.search(rf"pytest( -\S+( \w+)?)*{rest}$", plan, re.MULTILINE)


def measures(command: str) -> None:
    assert "tenancy.overhead" in run(command)


def helps(command: str) -> None:
    said = run(command)
    for name in ("up", "web", "worker", "migrate", "seed", "status"):
        assert re.search(rf"^  {name} ", said, re.MULTILINE)


CHECKS: dict[str, Callable[[str], None]] = {
    "make test": is_what_runs_this,
    "make check": is_what_runs_this,
    "make bench ONLY=tenancy": measures,
    ".venv/bin/hub --help": helps,
}


def test_every_command_has_its_check() -> None:
    assert sorted(fenced_commands()) == sorted([*CHECKS, "make run"])


@pytest.mark.parametrize("command", CHECKS)
def test_the_command_does_what_readme_says(command: str) -> None:
    CHECKS[command](command)


def test_make_run_starts_a_network_and_leaves_nothing() -> None:
    # pytest's own folders lie below one that is closed to the servers' unprivileged user.
    with tempfile.TemporaryDirectory(prefix="microwork-hub-test-") as made:
        Path(made).chmod(0o711)
        starts_a_network_that_answers_and_stops("make run", Path(made) / "state")
