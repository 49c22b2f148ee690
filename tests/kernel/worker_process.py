"""A worker in a process of its own, with the tasks of the tests and less patience; settings come from the environment."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from hub import logs, outbox, worker
from hub.config import Settings

outbox.LEASE = timedelta(seconds=1)
worker.SWEEP_SECONDS = 0.2
worker.RECONNECT_SECONDS = 0.2
worker.DRAIN_SECONDS = 1.0
worker.TASK_MODULES = ("tests.kernel.worker_tasks",)

if __name__ == "__main__":
    logs.configure()
    asyncio.run(worker.run_worker(Settings.from_env()))
    sys.exit(0)
