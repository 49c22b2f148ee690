"""PostgreSQL and Valkey that can be killed like a power cut would, and started again where they were."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

import psutil

from hub.embedded import postgres, valkey
from hub.embedded.ephemeral import EphemeralPostgres, EphemeralValkey
from hub.embedded.leftovers import leftovers
from hub.embedded.process import end
from hub.roles import WEB_LOGIN, WORKER_LOGIN
from hub.schema import migrate

READY_SECONDS = 30


class Servers:
    """Both on their ports from `__enter__` on. Start them in the main thread: they end with it."""

    def __init__(self) -> None:
        # What it has committed must survive: so with fsync, unlike the servers of other tests.
        self.postgres = EphemeralPostgres(hasty=False)
        self.valkey = EphemeralValkey()
        self._stack = ExitStack()

    async def migrate(self) -> None:
        await migrate(self.postgres.url("hub_owner"))

    @property
    def superuser_url(self) -> str:
        """Of the hub's database: past row security, to count."""
        return self.postgres.url(postgres.SUPERUSER)

    @property
    def web_url(self) -> str:
        return self.postgres.url(WEB_LOGIN)

    @property
    def worker_url(self) -> str:
        return self.postgres.url(WORKER_LOGIN)

    def kill_postgres(self) -> None:
        """The server and every connection's process."""
        _kill(self.postgres.cluster.data)

    def start_postgres(self) -> None:
        """On the same data: what was committed is there again."""
        self.postgres.cluster.clear()
        self._keep(postgres.start(self.postgres.cluster, READY_SECONDS), Signals.SIGQUIT)

    def kill_valkey(self) -> None:
        _kill(self.valkey.bell.data)

    def start_valkey(self) -> None:
        """Empty."""
        self._keep(valkey.start(self.valkey.bell, READY_SECONDS), Signals.SIGTERM)

    def _keep(self, process: subprocess.Popen[bytes], how: Signals) -> None:
        self._stack.callback(end, process, how, 5)

    def __enter__(self) -> Self:
        self._stack.enter_context(self.postgres)
        self._stack.enter_context(self.valkey)
        self.postgres.prepare()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def _kill(folder: Path) -> None:
    killed = leftovers(folder)
    for process in killed:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(killed, timeout=READY_SECONDS)
