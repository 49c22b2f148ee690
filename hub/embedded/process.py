"""Processes that end with their parent, and the user whom servers run as."""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import IO, TypedDict

PR_SET_PDEATHSIG = 1
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class User:
    """By number: a container may have no name for it."""

    uid: int
    gid: int


def server_user() -> User | None:
    """Whom PostgreSQL and Valkey run as; None is whoever runs the command.

    PostgreSQL refuses to run as root, so root's servers are run by the user who owns nothing.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return User(NOBODY, NOBODY)
    return User(entry.pw_uid, entry.pw_gid)


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def identity(user: User | None) -> _Identity:
    """Popen's arguments for running as this user, without any of root's groups."""
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def spawn(
    command: Sequence[str],
    *,
    user: User | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] = subprocess.DEVNULL,
    when_orphaned: Signals = Signals.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, which gets `when_orphaned` if this thread dies first (Linux).

    A session of its own keeps the terminal's Ctrl-C from reaching all processes at once: who started them
    ends them in order.
    """
    return subprocess.Popen(  # noqa: S603  # our own programs with our own arguments
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # What they write is data: mail, rows, logs.
        umask=0o077,
        preexec_fn=_bind_to_parent(when_orphaned),  # noqa: PLW1509  # one system call, looked up before
        **identity(user),
    )


def _bind_to_parent(when_orphaned: Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # Looked up before the fork: in the child only the bare call is safe.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def in_child() -> None:
        # After the user was changed, which clears the setting, and before the program is run.
        prctl(PR_SET_PDEATHSIG, int(when_orphaned))
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def end(process: subprocess.Popen[bytes], first: Signals, seconds: float) -> None:
    """Ask once, wait so long, then kill; returns when the process is gone."""
    if process.poll() is not None:
        return
    process.send_signal(first)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
