"""PostgreSQL 18 from the wheel's programs, with start-up code of our own.

The wheel's own server helper is not used: as root it opens every folder above its data to everyone and adds a
system user. Here root's server runs as `nobody` and no permission outside our own folder is changed.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

from hub.embedded import ports
from hub.embedded.leftovers import end_leftovers
from hub.embedded.process import User, end, identity, spawn
from hub.embedded.state import write_private
from hub.roles import OWNER, WEB_LOGIN, WORKER_LOGIN, role_statements

if TYPE_CHECKING:
    import asyncpg

VERSION = "18"
SUPERUSER = "postgres"
DATABASE = "hub"

SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # No replica will ever follow: less to write.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Rows and statements hold personal data, which must not reach a log.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For data that nobody keeps: tests.
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"} | {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "autovacuum_naptime": "1h",
}


class PostgresError(Exception):
    """PostgreSQL could not be set up or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data folder and how to serve it."""

    data: Path
    programs: Path
    user: User | None
    password: str
    port: int
    hasty: bool = False

    def create(self) -> None:
        """Fill the empty data folder (about 0.7 s); nothing to do if it is filled. Raises PostgresError."""
        version = self.data / "PG_VERSION"
        if version.exists():
            if (found := version.read_text().strip()) != VERSION:
                raise PostgresError(
                    f"{self.data} was made by PostgreSQL {found}, which {VERSION} cannot read:"
                    " dump it with the old version, or remove the folder to start anew."
                )
            return
        # An initdb that was killed leaves files without a version.
        _empty(self.data)
        password_file = self.data.parent / f".{self.data.name}-password"
        write_private(password_file, self.password, self.user)
        try:
            _run(self._initdb(password_file), self.user)
        finally:
            password_file.unlink()

    def _initdb(self, password_file: Path) -> list[str]:
        # PostgreSQL's own C.UTF-8 sorts the same on every system, whatever locales that has.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--auth=scram-sha-256", f"--pwfile={password_file}", f"--username={SUPERUSER}"]
        speed = ["--no-sync"] if self.hasty else []
        where = ["--pgdata", str(self.data), "--encoding=UTF8", "--no-instructions"]
        return [str(self.programs / "initdb"), *where, *locale, *access, *speed]

    def command(self) -> tuple[str, ...]:
        settings = SETTINGS | {"port": str(self.port)} | (HASTY if self.hasty else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return (str(self.programs / "postgres"), "-D", str(self.data), *options)

    def clear(self) -> None:
        """End a server that a killed parent left in this folder, and forget a stale process id.

        PostgreSQL itself only asks whether the id in `postmaster.pid` exists; in a container the same number is
        soon given to something else, and then it would not start.
        """
        end_leftovers(self.data, seconds=2)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """As pg_ctl asks: the server writes its state to the eighth line."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def url(self, user: str = SUPERUSER, password: str = "", database: str = SUPERUSER) -> str:
        password = password or self.password
        return f"postgresql://{user}:{password}@{ports.HOST}:{self.port}/{database}"

    def on(self, port: int) -> Cluster:
        return replace(self, port=port)


async def prepare(
    superuser: asyncpg.Connection[Any], passwords: dict[str, str], database: str = DATABASE
) -> None:
    """Roles, logins and the database, each only if missing; passwords are set anew every time."""
    logins = (OWNER, WEB_LOGIN, WORKER_LOGIN)
    await superuser.execute(role_statements(*(passwords[login] for login in logins)))
    if not await superuser.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
        await superuser.execute(f'CREATE DATABASE "{database}" OWNER {OWNER}')
    await superuser.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
    await superuser.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {", ".join(logins)}')


def start(cluster: Cluster, seconds: float = 15) -> subprocess.Popen[bytes]:
    """Serve the folder until this process ends it or dies. Raises PostgresError with the server's own words."""
    log = cluster.data.parent / f"{cluster.data.name}.log"
    with log.open("wb") as output:
        process = spawn(
            cluster.command(),
            user=cluster.user,
            folder=cluster.data,
            output=output,
            # Immediate: whoever starts a server this way does not keep its data.
            when_orphaned=Signals.SIGQUIT,
        )
    deadline = time.monotonic() + seconds
    while not cluster.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end(process, Signals.SIGQUIT, 2)
            raise PostgresError(f"PostgreSQL did not start: {log.read_text()[-500:]}")
        time.sleep(0.01)
    return process


def _run(command: list[str], user: User | None) -> None:
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603  # the wheel's program with our own arguments
            command, capture_output=True, text=True, check=False, **identity(user)
        )
    except OSError as error:
        who = f" as user number {user.uid}" if user else ""
        raise PostgresError(f"{name} cannot be run{who}: {error.strerror}") from error
    if done.returncode:
        raise PostgresError(f"{name} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
