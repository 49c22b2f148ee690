"""`hub web` as a process of its own, on the test's database."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals

import httpx

from hub.config import Key, Settings
from hub.embedded.plan import HUB_COMMAND
from hub.embedded.ports import any_free
from hub.embedded.process import end, spawn
from hub.embedded.supervisor import last_lines

ROOT = Path(__file__).parents[2]
# Granian gives what it has begun 8 seconds to end.
STOP_SECONDS = 10


@asynccontextmanager
async def serving(settings: Settings, log: Path) -> AsyncIterator[str]:
    """Its address, once it answers."""
    port = any_free()
    address = f"http://127.0.0.1:{port}"
    environment = _environment(settings, address)
    with log.open("wb") as output:
        command = (*HUB_COMMAND, "web", "--port", str(port))
        process = spawn(command, environment=environment, folder=ROOT, output=output)
    try:
        await _until_it_answers(process, address, log)
        yield address
    finally:
        await asyncio.to_thread(end, process, Signals.SIGTERM, STOP_SECONDS)


async def _until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    async with httpx.AsyncClient() as client:
        while True:
            if process.poll() is not None:
                raise RuntimeError(last_lines(log, 25))
            try:
                if (await client.get(f"{address}/status")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


def _environment(settings: Settings, address: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return bare | {
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_WORKER_DATABASE_URL": settings.worker_database_url,
        "HUB_REDIS_URL": settings.redis_url,
        "HUB_SECRET_KEYS": _written(settings.secret_keys),
        "HUB_FIELD_KEYS": _written(settings.field_keys),
        "HUB_BASE_URL": address,
    }


def _written(keys: tuple[Key, ...]) -> str:
    return ",".join(f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)
