"""`hub up` whole, as a newcomer runs it: servers, schema, demo network, web, worker and mailbox."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from hub.embedded import ports
from hub.embedded.leftovers import leftovers
from hub.seed.sign_ins import SIGN_INS, WITH_CODE

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
START_SECONDS = 60
RECOVERY_SECONDS = 10


class Up:
    """One `hub up` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self.environment = kept | {"HUB_STATE_FOLDER": str(folder)}
        self.port = ports.any_free()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with (self.folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [*HUB, "up", "--port", str(self.port)],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.until(lambda: "Ctrl-C stops everything" in self.output, START_SECONDS)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "running.json").read_text())
        return told

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.told['address']}/status", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def until(self, condition: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*HUB, *command], env=self.environment, capture_output=True, text=True, check=False
        )

    def stop(self, how: int = SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="microwork-hub-test-"))
    folder.chmod(0o755)
    up = Up(folder)
    up.start()
    yield up
    if up.process is not None and up.process.poll() is None:
        up.stop()
    shutil.rmtree(folder)


def test_it_says_all_that_a_newcomer_needs(up: Up) -> None:
    assert f"The network is running: http://127.0.0.1:{up.port}" in up.output
    assert up.told["mailbox"] in up.output
    for _, email, password in SIGN_INS:
        assert email in up.output
        assert password in up.output
    for email in WITH_CODE:
        assert f"{email} *" in up.output
    assert f"second factor: see {up.told['mailbox']}" in up.output
    assert up.answers()
    assert httpx.get(f"{up.told['mailbox']}/").status_code == 200
    assert len(httpx.get(f"{up.told['mailbox']}/second-factor.json").json()["code"]) == 6


def test_no_file_can_be_read_by_others(up: Up) -> None:
    open_to_others = [
        str(path)
        for path in up.folder.rglob("*")
        if path.is_file() and path.name not in {"lock", "output"} and path.stat().st_mode & 0o077
        # The servers' own folders and that of the logs are closed themselves.
        if not {"servers", "logs"} & {*path.parts}
    ]
    assert open_to_others == []


def test_status_tells_the_same(up: Up) -> None:
    status = up.run("status")
    assert status.returncode == 0
    shown = status.stdout + status.stderr
    assert up.told["address"] in shown
    for name in ("postgres", "valkey", "mailbox", "web", "worker"):
        assert name in shown


def test_a_second_one_says_where_the_first_is(up: Up) -> None:
    second = up.run("up")
    assert second.returncode == 0
    assert "already running" in second.stdout
    assert up.told["address"] in second.stdout


@pytest.mark.parametrize("name", ["postgres", "valkey", "mailbox", "web", "worker"])
def test_a_killed_process_is_back_within_ten_seconds(up: Up, name: str) -> None:
    killed = up.told["processes"][name]
    os.kill(killed, SIGKILL)
    began = time.monotonic()
    up.until(lambda: up.told["processes"].get(name) not in {None, killed}, RECOVERY_SECONDS)
    up.until(lambda: f"{name} is back" in up.output, RECOVERY_SECONDS)
    up.until(up.answers, RECOVERY_SECONDS)
    assert time.monotonic() - began < RECOVERY_SECONDS


def test_a_killed_process_of_the_web_servers_own_is_back_too(up: Up) -> None:
    web = psutil.Process(up.told["processes"]["web"])
    answering = [child for child in web.children() if child.status() != psutil.STATUS_ZOMBIE]
    for child in answering:
        child.kill()
    psutil.wait_procs(answering, timeout=5)
    up.until(up.answers, RECOVERY_SECONDS)


def test_after_its_own_death_nothing_is_left_and_the_data_are(up: Up) -> None:
    asyncio.run(_as_owner(up, "CREATE TABLE kept_over_restarts AS SELECT 1 AS one"))
    assert up.stop(SIGKILL) == -SIGKILL
    deadline = time.monotonic() + RECOVERY_SECONDS
    while (left := leftovers(up.folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left

    up.start()
    assert asyncio.run(_as_owner(up, "SELECT one FROM kept_over_restarts")) == 1


async def _as_owner(up: Up, sql: str) -> object:
    connection = await asyncpg.connect(up.told["environment"]["HUB_OWNER_DATABASE_URL"])
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_stopping_leaves_nothing_running(up: Up) -> None:
    assert up.stop() == 0
    assert up.output.rstrip().endswith("Stopped.")
    assert not leftovers(up.folder)
    status = up.run("status")
    assert status.returncode == 3
    assert "Nothing is running" in status.stdout + status.stderr
