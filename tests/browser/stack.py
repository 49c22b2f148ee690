"""The whole hub as it really runs: each part a process of its own, on ports of its own, with the demo network in it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import Signals
from typing import Any

import asyncpg

from hub.embedded import ports
from hub.embedded.ephemeral import PREFIX, EphemeralMailbox, EphemeralPostgres, EphemeralValkey
from hub.embedded.leftovers import MARK, end_leftovers
from hub.embedded.mailbox_process import answers
from hub.embedded.plan import HUB_COMMAND
from hub.embedded.postgres import DATABASE, SUPERUSER
from hub.embedded.process import end, spawn
from hub.embedded.supervisor import last_lines
from hub.roles import OWNER, WEB_LOGIN, WORKER_LOGIN

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
# Granian and the worker give what they have begun 8 seconds to end.
STOP_SECONDS = 10
_PERSONAL = re.compile(r"\S+@\w+[.-]\S+|\b[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]\b")


class StackFailed(Exception):
    """A part could not be started or did not do its work; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where everything answers."""

    address: str
    mailbox: str
    server: EphemeralPostgres

    def ask(self, statement: str, *args: object) -> Any:
        """One value out of the database: for what no page tells, never for what a test is about."""
        return _in_thread(_fetch(self.server.url(SUPERUSER), statement, *args))

    def operator_of(self, organisation: str) -> str:
        """The e-mail address with which somebody who may work there signs in."""
        found: str = self.ask(
            "SELECT a.email FROM accounts a JOIN memberships m ON m.account_id = a.id"
            " JOIN tenants t ON t.id = m.tenant_id WHERE t.name = $1 AND m.role = 'operator' ORDER BY 1",
            organisation,
        )
        return found

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody can connect, and who was connected no longer is."""
        self._tell_server(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
        try:
            self._tell_server(
                f"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
            )
            yield
        finally:
            self._tell_server(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")

    def _tell_server(self, statement: str) -> None:
        _in_thread(_fetch(self.server.superuser_url, statement))


def _in_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Playwright's loop occupies this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _fetch(url: str, statement: str, *args: object) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *args)
    finally:
        await connection.close()


@contextmanager
def running() -> Iterator[Stack]:
    """Start everything, and end it again for sure and within half a minute. Raises StackFailed."""
    with (
        # Named like the servers' folders, so that a later run ends and removes what a killed one left.
        tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as temporary,
        EphemeralPostgres() as postgres,
        EphemeralValkey() as valkey,
        EphemeralMailbox() as mailbox,
    ):
        folder = Path(temporary)
        postgres.prepare()
        port = ports.any_free()
        address = f"http://{ports.HOST}:{port}"
        environment = _bare_environment() | {
            MARK: str(folder.resolve()),
            "HUB_DATABASE_URL": postgres.url(WEB_LOGIN),
            "HUB_WORKER_DATABASE_URL": postgres.url(WORKER_LOGIN),
            "HUB_OWNER_DATABASE_URL": postgres.url(OWNER),
            "HUB_REDIS_URL": valkey.url,
            "HUB_SMTP_URL": mailbox.smtp_url,
            "HUB_MAILBOX_URL": mailbox.page_url,
            "HUB_BASE_URL": address,
            "HUB_SECRET_KEYS": _key(),
            "HUB_FIELD_KEYS": _key(),
        }
        _run("migrate", environment, folder)
        _run("seed", environment, folder)
        is_up = partial(answers, port, "/status")
        try:
            with (
                _served(("web", "--port", str(port)), environment, folder, is_up),
                _served(("worker",), environment, folder, _at_once),
            ):
                yield Stack(address, mailbox.page_url, postgres)
        finally:
            # A server that was killed may have left a process it had started itself.
            end_leftovers(folder, seconds=1)


def _bare_environment() -> dict[str, str]:
    """Nothing of the hub that may be running on this machine, and no proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HUB_") and not name.lower().endswith("_proxy")
    }


def _key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def _run(command: str, environment: Mapping[str, str], folder: Path) -> None:
    with (folder / f"{command}.log").open("wb") as output:
        process = spawn(
            (*HUB_COMMAND, command), environment=environment, folder=ROOT, output=output
        )
        try:
            code = process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end(process, Signals.SIGTERM, 2)
    if code != 0:
        raise _failure(command, folder)


@contextmanager
def _served(
    command: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    ready: Callable[[], bool],
) -> Iterator[None]:
    name = command[0]
    with (folder / f"{name}.log").open("wb") as output:
        process = spawn(
            (*HUB_COMMAND, *command), environment=environment, folder=ROOT, output=output
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise _failure(name, folder)
            time.sleep(0.05)
        yield
        if process.poll() is not None:
            raise _failure(name, folder)
    finally:
        end(process, Signals.SIGTERM, STOP_SECONDS)
        # Shown by pytest where a test fails.
        print(f"{name}: {last_lines(folder / f'{name}.log', 25)}")  # noqa: T201
    _check_log(folder / f"{name}.log")


def _check_log(log: Path) -> None:
    """Raises StackFailed if it holds an address, a codice fiscale, or a login's password."""
    if found := _PERSONAL.search(log.read_text(errors="replace")):
        raise StackFailed(f"{log.name} holds personal data or a secret: {found[0]}")


def _at_once() -> bool:
    return True


def _failure(name: str, folder: Path) -> StackFailed:
    return StackFailed(f"`hub {name}` failed:\n{last_lines(folder / f'{name}.log', 25)}")
