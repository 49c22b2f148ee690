"""Where `hub up` keeps its data, its passwords and what runs now."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hub
from hub.embedded.permissions import make_folder, reachable
from hub.embedded.process import User, server_user

FOLDER_VARIABLE = "HUB_STATE_FOLDER"
ROOTS_DATA = Path("/var/lib/microwork-hub")
PASSWORDS = ("postgres", "hub_owner", "hub_web", "hub_worker", "valkey")


class StateError(Exception):
    """The state folder cannot be used; the message says why and what to do."""


class AlreadyRunning(StateError):
    """Another `hub up` holds the folder."""


def default_folder() -> Path:
    """`.hub` in the checkout; for root a folder of the checkout's own that an unprivileged user can reach."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).absolute()
    if os.geteuid() != 0:
        return checkout() / ".hub"
    return ROOTS_DATA / hashlib.sha256(str(checkout()).encode()).hexdigest()[:12]


def checkout() -> Path:
    """The folder this package was cloned into, or the current one where it was installed from a wheel."""
    above = Path(hub.__file__).resolve().parents[1]
    return above if (above / "pyproject.toml").exists() else Path.cwd()


@dataclass(frozen=True, slots=True)
class StateFolder:
    root: Path
    user: User | None

    @classmethod
    def open(cls, root: Path | None = None) -> StateFolder:
        """Make the folder if needed. Raises StateError."""
        state = cls((root or default_folder()).resolve(), server_user())
        try:
            state._make()
        except OSError as error:
            raise StateError(
                f"{state.root} cannot be set up: {error.strerror} ({error.filename})."
                f" Set {FOLDER_VARIABLE} to a folder of your own."
            ) from error
        if not reachable(state.servers, state.user):
            raise StateError(
                f"{state.servers} cannot be reached by the unprivileged user who runs the servers."
                f" Set {FOLDER_VARIABLE} to a folder that everyone may enter."
            )
        return state

    def _make(self) -> None:
        outer = 0o755 if self.user else 0o700
        make_folder(self.root.parent, outer)
        for folder, mode in ((self.root, outer), (self.servers, outer), (self.logs, 0o700)):
            make_folder(folder, mode)
            folder.chmod(mode)
        for folder in (self.postgres, self.valkey):
            make_folder(folder, 0o700)
            if self.user:
                os.chown(folder, self.user.uid, self.user.gid)
        write_private(self.root / "checkout", f"{checkout()}\n")

    @property
    def servers(self) -> Path:
        return self.root / "servers"

    @property
    def postgres(self) -> Path:
        return self.servers / "postgres"

    @property
    def valkey(self) -> Path:
        return self.servers / "valkey"

    @property
    def programs(self) -> Path:
        return self.root / "programs"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox.sqlite3"

    def secrets(self) -> dict[str, str]:
        """Passwords and keys, made at the first use and kept: the data cannot be opened without them."""
        path = self.root / "secrets.json"
        known: dict[str, str] = read_json(path)
        if not known and any(self.postgres.iterdir()):
            raise StateError(
                f"{path} is gone, and with it the database's passwords."
                f" Put it back, or remove {self.root} to start with an empty network."
            )
        made = {name: secrets.token_urlsafe(24) for name in PASSWORDS}
        made["HUB_SECRET_KEYS"] = _key()
        made["HUB_FIELD_KEYS"] = _key()
        if made.keys() - known.keys():
            known = made | known
            write_private(path, json.dumps(known, indent=2))
        return known

    def running(self) -> dict[str, Any]:
        """What the running `hub up` said of itself; empty if none runs."""
        return read_json(self.root / "running.json")

    def say_running(self, what: dict[str, Any] | None) -> None:
        path = self.root / "running.json"
        if what is None:
            path.unlink(missing_ok=True)
        else:
            write_private(path, json.dumps(what, indent=2))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while `hub up` runs; the system releases it however the process ends. Raises AlreadyRunning."""
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(f"`hub up` is already running on {self.root}.") from None
            yield

    def is_locked(self) -> bool:
        try:
            with self.lock():
                return False
        except AlreadyRunning:
            return True


def _key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def read_json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StateError(f"{path} cannot be read as JSON: {error}.") from error
    return found


def write_private(path: Path, text: str, user: User | None = None) -> None:
    """Whole or not at all, readable by its owner only."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        if user:
            os.fchown(file.fileno(), user.uid, user.gid)
    scratch.replace(path)
