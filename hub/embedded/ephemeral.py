"""PostgreSQL, Valkey and a mailbox for a test run: in a temporary folder, within a second, gone afterwards for sure.

Start them in the main thread: on Linux they end with the thread that started them.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

import asyncpg
import psutil

from hub.embedded import ports, postgres, valkey
from hub.embedded.leftovers import end_leftovers
from hub.embedded.mailbox_process import MailboxError, mailbox_command, mailbox_is_ready
from hub.embedded.permissions import make_folder, reachable
from hub.embedded.postgres import DATABASE, SUPERUSER, Cluster, PostgresError
from hub.embedded.process import end, server_user, spawn
from hub.embedded.programs import postgres_programs, valkey_server
from hub.embedded.state import PASSWORDS, default_folder
from hub.embedded.valkey import Bell, ValkeyError

PREFIX = "microwork-hub-ephemeral-"


class EphemeralPostgres:
    """A cluster, `hasty` ones without fsync. `prepare()` adds the hub's roles and its empty database.

    >>> with EphemeralPostgres() as server:
    ...     server.prepare()
    ...     url = server.url("hub_owner", "hub")
    """

    def __init__(self, *, hasty: bool = True) -> None:
        self.hasty = hasty
        self.passwords = {name: secrets.token_urlsafe(12) for name in PASSWORDS}
        self._process: subprocess.Popen[bytes] | None = None
        self._cluster: Cluster | None = None

    def start(self) -> None:
        """Raises PostgresError."""
        folder = _temporary_folder()
        programs = postgres_programs(server_user(), default_folder() / "programs")
        password = self.passwords[SUPERUSER]
        cluster = Cluster(folder / "data", programs, server_user(), password, 0, self.hasty)
        try:
            _make_owned(cluster.data)
            cluster.create()
            self._process = ports.on_any_free(partial(self._serve, cluster), PostgresError)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _serve(self, cluster: Cluster, port: int) -> subprocess.Popen[bytes]:
        self._cluster = cluster.on(port)
        return postgres.start(self._cluster)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, Signals.SIGQUIT, 5)
            end_leftovers(self.cluster.data, seconds=1)
            shutil.rmtree(self.cluster.data.parent, ignore_errors=True)
            self._process = None

    @property
    def cluster(self) -> Cluster:
        if self._cluster is None:
            raise PostgresError("The server was not started.")
        return self._cluster

    @property
    def port(self) -> int:
        return self.cluster.port

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, SUPERUSER)

    def url(self, user: str, database: str = DATABASE) -> str:
        """For `postgres`, `hub_owner`, `hub_web` or `hub_worker`."""
        return self.cluster.url(user, self.passwords[user], database)

    def prepare(self, database: str = DATABASE) -> None:
        """The hub's roles and an empty database of the owner's; also callable while an event loop runs."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self._prepare(database)).result()

    async def _prepare(self, database: str) -> None:
        connection = await asyncpg.connect(self.superuser_url)
        try:
            await postgres.prepare(connection, self.passwords, database)
        finally:
            await connection.close()

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


class EphemeralValkey:
    """A server without an append-only file."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._bell: Bell | None = None

    def start(self) -> None:
        """Raises ValkeyError."""
        folder = _temporary_folder()
        program = valkey_server(server_user(), default_folder() / "programs")
        password = secrets.token_urlsafe(12)
        bell = Bell(folder / "data", program, server_user(), password, 0, durable=False)
        try:
            _make_owned(bell.data)
            self._process = ports.on_any_free(partial(self._serve, bell), ValkeyError)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _serve(self, bell: Bell, port: int) -> subprocess.Popen[bytes]:
        self._bell = bell.on(port)
        return valkey.start(self._bell)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, Signals.SIGTERM, 5)
            shutil.rmtree(self.bell.data.parent, ignore_errors=True)
            self._process = None

    @property
    def bell(self) -> Bell:
        if self._bell is None:
            raise ValkeyError("The server was not started.")
        return self._bell

    @property
    def port(self) -> int:
        return self.bell.port

    @property
    def url(self) -> str:
        return self.bell.url

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


class EphemeralMailbox:
    """`stop()` and `start()` again on the same ports play "mail is down"; what was received stays until `close()`."""

    def __init__(self, *, demo: bool = True) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._demo = demo
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.smtp_port, self.page_port = ports.any_free(), ports.any_free()

    def start(self, seconds: float = 15) -> None:
        """Raises MailboxError."""
        log = self._folder / "log"
        file = self._folder / "mailbox.sqlite3"
        command = mailbox_command(self.smtp_port, self.page_port, file, demo=self._demo)
        with log.open("ab") as output:
            process = spawn(command, output=output)
        deadline = time.monotonic() + seconds
        while not mailbox_is_ready(self.page_port):
            if process.poll() is not None or time.monotonic() > deadline:
                end(process, Signals.SIGTERM, 2)
                raise MailboxError(f"The mailbox did not start: {log.read_text()[-500:]}")
            time.sleep(0.02)
        self._process = process

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, Signals.SIGTERM, 3)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def smtp_url(self) -> str:
        return f"smtp://{ports.HOST}:{self.smtp_port}"

    @property
    def page_url(self) -> str:
        return f"http://{ports.HOST}:{self.page_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _temporary_folder() -> Path:
    base = Path(tempfile.gettempdir())
    if not reachable(base, server_user()):
        # Root's temporary folder may lie in its home, where the servers' user cannot go.
        base = default_folder() / "temporary"
        make_folder(base, 0o755)
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))
    if server_user():
        folder.chmod(0o711)
    return folder


def _sweep(base: Path) -> None:
    """Remove what a test run that was killed could not."""
    for folder in base.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        try:
            ours = folder.stat().st_uid == os.geteuid()
        except FileNotFoundError:
            continue  # Another run was quicker.
        if ours and owner.isdigit() and not psutil.pid_exists(int(owner)):
            end_leftovers(folder, seconds=1)
            shutil.rmtree(folder, ignore_errors=True)


def _make_owned(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    if user := server_user():
        os.chown(folder, user.uid, user.gid)
