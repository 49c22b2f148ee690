"""Namespaces of Linux: a network or mounts that are a test's own, and are gone with its last process.

Root makes them, or anybody where the kernel allows users' namespaces to all.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from signal import Signals
from typing import Literal, TypeAlias

from hub.embedded.process import end, spawn

Kind: TypeAlias = Literal["net", "mount"]

ROOT = Path(__file__).parents[2]
# What is wanted of each: a pair of linked interfaces; a file system of one's own.
PROBES: dict[Kind, tuple[str, ...]] = {
    "net": ("ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"),
    "mount": ("mount", "-t", "tmpfs", "probe", tempfile.gettempdir()),
}


class FailedApart(AssertionError):
    """The module did not end well; the text is what it said."""


@lru_cache
def allowed(kind: Kind) -> bool:
    """By this machine: its kernel, its programs, and who asks."""
    try:
        probe = subprocess.run([*entry(kind), *PROBES[kind]], capture_output=True, check=False)
    except OSError:
        return False
    return probe.returncode == 0


def entry(kind: Kind) -> tuple[str, ...]:
    """What to write before a command, for it to begin in a new namespace as the same user."""
    # PostgreSQL refuses to run as root, also as one of a namespace.
    user = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    return ("unshare", *user, f"--{kind}", "--")


async def run_apart(kind: Kind, module: str, *args: str, seconds: float) -> str:
    """Run a module of the tests in a new namespace; returns the last line that it wrote. Raises FailedApart."""
    with tempfile.TemporaryFile() as output:
        process = spawn(
            [*entry(kind), sys.executable, "-m", module, *args],
            environment=dict(os.environ),
            folder=ROOT,
            output=output,
            when_orphaned=Signals.SIGKILL,
        )
        try:
            await asyncio.to_thread(process.wait, seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # By itself it ends what it has started.
            end(process, Signals.SIGINT, 20)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        raise FailedApart(said[-5000:])
    return said.splitlines()[-1]
