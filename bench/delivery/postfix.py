"""Postfix's own pair, `smtp-source` and `smtp-sink`: what C and a plain dialogue reach on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.delivery.processes import Running, listens, running, tool, until
from hub.embedded import ports

SESSIONS = 16


@dataclass(frozen=True, slots=True)
class Sink:
    port: int
    process: Running


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[Sink]:
    """Raises ToolMissing. Root's sink runs as nobody: it refuses to run as root."""
    port = ports.any_free()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running(
        [tool("smtp-sink"), *user, "-4", "-m", "600", f"{ports.HOST}:{port}", "1000"]
    ) as process:
        await until(lambda: listens(port), "smtp-sink's start")
        yield Sink(port, process)


async def smtp_source(port: int, message: Path, count: int) -> float:
    """Messages a second over 16 kept connections. Raises ToolMissing."""
    command = [tool("smtp-source"), "-4", "-d", "-s", str(SESSIONS), "-m", str(count)]
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, "-F", str(message), f"{ports.HOST}:{port}"
    )
    if await process.wait():
        raise RuntimeError("smtp-source failed")
    return count / (perf_counter() - began)
