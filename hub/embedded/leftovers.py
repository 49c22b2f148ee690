"""Processes that an earlier run left behind, recognised by what only ours can have.

A process id alone proves nothing: it may have been given to someone else. Ours carry the state folder in their
environment (`MARK`, inherited by their own children), or are a server that works inside the state folder;
servers overwrite the memory that held their environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from signal import Signals

import psutil

MARK = "HUB_UP_FOLDER"
SERVERS = frozenset({"postgres", "valkey-server"})


def leftovers(folder: Path) -> list[psutil.Process]:
    """Every process that belongs to this state folder, except this one and those it descends from."""
    real = folder.resolve()
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in spared and _belongs(process, real)
    ]


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.name() in SERVERS and Path(process.cwd()).is_relative_to(folder):
            return True
        return bool(process.environ().get(MARK) == str(folder))
    except (psutil.Error, OSError):
        return False


def end_leftovers(folder: Path, *, seconds: float = 5) -> int:
    """Ask all of them to stop, wait so long, kill the rest; returns how many there were."""
    found = leftovers(folder)
    for process in found:
        _signal(process, _polite_signal(process))
    _, alive = psutil.wait_procs(found, timeout=seconds)
    for process in alive:
        _signal(process, Signals.SIGKILL)
    psutil.wait_procs(alive, timeout=seconds)
    return len(found)


def _polite_signal(process: psutil.Process) -> Signals:
    # PostgreSQL takes SIGTERM as "when the last client has gone".
    try:
        return Signals.SIGINT if process.name() == "postgres" else Signals.SIGTERM
    except psutil.Error:
        return Signals.SIGTERM


def _signal(process: psutil.Process, number: Signals) -> None:
    try:
        # psutil compares the process's start with the one it saw, so a reused id is not signalled.
        process.send_signal(number)
    except psutil.Error:
        return
