"""`hub worker` as a process of its own, to be killed."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from hub.config import Key, Settings
from tests.newsletter.making import until


class WorkerProcess:
    def __init__(self, settings: Settings) -> None:
        environment = {
            "HUB_DATABASE_URL": settings.database_url,
            "HUB_WORKER_DATABASE_URL": settings.worker_database_url,
            "HUB_REDIS_URL": settings.redis_url,
            "HUB_SECRET_KEYS": _written(settings.secret_keys),
            "HUB_FIELD_KEYS": _written(settings.field_keys),
            "HUB_SMTP_URL": settings.smtp_url,
            "HUB_BASE_URL": settings.base_url,
            "HUB_JOURNAL_FOLDER": settings.journal_folder,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from hub.cli import main; main()", "worker"],
            env=os.environ | environment,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """As a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    async def stop(self, seconds: float = 15) -> int:
        """As a deployment would; returns how it ended."""
        self._process.send_signal(signal.SIGTERM)
        await until(lambda: self._process.poll() is not None, seconds)
        return self._process.returncode

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._process.poll() is None:
            self.kill()


def _written(keys: Sequence[Key]) -> str:
    return ",".join(f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)
