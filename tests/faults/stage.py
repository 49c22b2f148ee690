"""What a campaign under fire needs: servers that can be killed, a sink that remembers, workers on hosts of their own."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg

from hub import crypto, tokens
from hub.config import Key
from hub.db import close_pool, open_pool, tenant_transaction
from hub.embedded.ephemeral import PREFIX
from hub.embedded.plan import HUB_COMMAND
from hub.newsletter import course
from hub.newsletter.schemas import OnDoubt
from tests.factories import make_membership, make_tenant
from tests.faults.servers import Servers
from tests.faults.worker import Worker
from tests.newsletter.making import make_campaign, make_subscribers, start
from tests.support.fast_sink import Faults
from tests.support.sink_process import SinkProcess

SECRET = Key("s1", b"signs links in tests, 32 bytes..")
FIELD = Key("f1", b"encrypts fields in tests, 32 by.")
# The answers come late enough for a worker to be in the middle of something.
SLOW = Faults(delay=0.02)
SHORT_WORKER = (sys.executable, "-m", "tests.faults.short_worker")
SECONDS = 120.0
"""Within so many, everything here is over."""
# What asking a server that is being killed may end in.
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as the ledger has it."""

    id: UUID
    email: str
    state: str
    doubts: int


@dataclass(slots=True)
class Stage:
    servers: Servers
    sink: SinkProcess
    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def add_worker(
        self,
        command: Sequence[str] = (*HUB_COMMAND, "worker"),
        *,
        sink: str | None = None,
        postgres: str | None = None,
        valkey: str | None = None,
        **settings: str,
    ) -> Worker:
        """A host with a worker that is not started yet, and a port of the sink's for itself.

        The addresses are those of proxies, where it goes through some.
        """
        number = len(self.workers)
        name = f"host-{number}"
        (self.folder / name).mkdir()
        environment = _bare_environment() | {
            "HUB_DATABASE_URL": self.servers.web_url,
            "HUB_WORKER_DATABASE_URL": postgres or self.servers.worker_url,
            "HUB_REDIS_URL": valkey or self.servers.valkey.url,
            "HUB_SMTP_URL": sink or self.sink.url(number),
            "HUB_JOURNAL_FOLDER": str(self.folder / name),
            "HUB_SECRET_KEYS": _written(SECRET),
            "HUB_FIELD_KEYS": _written(FIELD),
            "HUB_BASE_URL": "http://hub.localhost:8000",
        }
        port, log = self.sink.ports[number], self.folder / f"{name}.log"
        worker = Worker(command, environment | settings, port, log)
        self.workers.append(worker)
        return worker

    async def start_campaign(self, recipients: int, on_doubt: OnDoubt) -> UUID:
        """To as many readers; their addresses are `reader000000@example.org` and on."""
        await open_pool(self.servers.worker_url)
        try:
            editor = await make_membership(await make_tenant("coordinator"), "editor")
            emails = [f"reader{number:06}@example.org" for number in range(recipients)]
            await make_subscribers(editor.tenant, emails)
            campaign_id = await make_campaign(editor)
            await start(editor, campaign_id)
            async with tenant_transaction(editor.tenant.id) as scope:
                await course.set_on_doubt(scope, campaign_id, on_doubt)
        finally:
            await close_pool()
        return campaign_id

    async def tell(self, statement: str, *args: object) -> None:
        async with self._superuser() as connection:
            await connection.execute(statement, *args)

    async def ask(self, statement: str, *args: object) -> Sequence[asyncpg.Record]:
        async with self._superuser() as connection:
            return await connection.fetch(statement, *args)

    async def ledger(self, campaign_id: UUID) -> list[Row]:
        rows = await self.ask(
            "SELECT id, email, state, doubts FROM deliveries WHERE campaign_id = $1", campaign_id
        )
        return [Row(*row) for row in rows]

    async def states(self, campaign_id: UUID) -> dict[str, int]:
        """How many deliveries are in each state."""
        rows = await self.ask(
            "SELECT state, count(*) FROM deliveries WHERE campaign_id = $1 GROUP BY 1", campaign_id
        )
        return dict(map(tuple, rows))

    async def has_ended(self, campaign_id: UUID) -> bool:
        """The hub says so; False while PostgreSQL does not answer."""
        try:
            rows = await self.ask("SELECT state FROM campaigns WHERE id = $1", campaign_id)
        except AWAY:
            return False
        return bool(rows[0]["state"] == "sent")

    @asynccontextmanager
    async def _superuser(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        connection = await asyncpg.connect(self.servers.superuser_url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)


@asynccontextmanager
async def staged(hosts: int, faults: Faults | None = None) -> AsyncIterator[Stage]:
    """Ends everything, whatever happened."""
    crypto.use_keys((FIELD,))
    tokens.use_keys((SECRET,))
    with ExitStack() as stack:
        # Named like the servers' folders, so that a later run ends and removes what a killed one left.
        folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")
        path = Path(stack.enter_context(folder))
        servers = stack.enter_context(Servers())
        await servers.migrate()
        sink = stack.enter_context(SinkProcess(path / "sink.log", hosts, faults=faults))
        stage = Stage(servers, sink, path)
        try:
            yield stage
        finally:
            for worker in stage.workers:
                worker.end()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.05)


async def until_ended(stage: Stage, campaign_id: UUID) -> None:
    """Raises TimeoutError, AssertionError where a worker has ended by itself."""
    async with asyncio.timeout(SECONDS):
        while not await stage.has_ended(campaign_id):
            for worker in stage.workers:
                assert worker.is_alive, worker.last_words()
            await asyncio.sleep(0.2)


def _bare_environment() -> dict[str, str]:
    """Nothing of the hub that may be running on this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


def _written(key: Key) -> str:
    return f"{key.id}:{base64.b64encode(key.secret).decode()}"
