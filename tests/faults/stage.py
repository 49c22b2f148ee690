"""What a campaign under fire needs: servers that can be killed, a sink that remembers, workers on hosts of their own."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg

from hub import crypto, tokens
from hub.config import Key
from hub.db import close_pool, open_pool
from hub.embedded.ephemeral import PREFIX
from tests.factories import make_membership, make_tenant
from tests.faults.servers import Servers
from tests.faults.worker import Worker
from tests.newsletter.making import make_campaign, make_subscribers, start
from tests.support.fast_sink import Faults
from tests.support.sink_process import SinkProcess

SECRET = Key("s1", b"signs links in tests, 32 bytes..")
FIELD = Key("f1", b"encrypts fields in tests, 32 by.")


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

    def environment(
        self, host: str, sink_url: str, *, postgres: str | None = None, valkey: str | None = None
    ) -> Mapping[str, str]:
        """Of a worker on that host; the addresses are those of proxies where it goes through some."""
        journal = self.folder / host
        journal.mkdir(exist_ok=True)
        return _bare_environment() | {
            "HUB_DATABASE_URL": self.servers.web_url,
            "HUB_WORKER_DATABASE_URL": postgres or self.servers.worker_url,
            "HUB_REDIS_URL": valkey or self.servers.valkey.url,
            "HUB_SMTP_URL": sink_url,
            "HUB_JOURNAL_FOLDER": str(journal),
            "HUB_SECRET_KEYS": _written(SECRET),
            "HUB_FIELD_KEYS": _written(FIELD),
            "HUB_BASE_URL": "http://hub.localhost:8000",
        }

    def add_worker(self, **options: object) -> Worker:
        """A host with a worker that is not started yet, and a port of the sink's for itself."""
        number = len(self.workers)
        environment = self.environment(f"host-{number}", self.sink.url(number))
        worker = Worker(self.sink.ports[number], environment, self.folder / f"worker-{number}.log")
        self.workers.append(worker)
        return worker

    async def start_campaign(self, recipients: int, on_doubt: str) -> UUID:
        """To as many readers; their addresses are `reader{number}@example.org`."""
        await open_pool(self.servers.worker_url)
        try:
            editor = await make_membership(await make_tenant("coordinator"), "editor")
            emails = [f"reader{number}@example.org" for number in range(recipients)]
            await make_subscribers(editor.tenant, emails)
            campaign_id = await make_campaign(editor)
            await self.tell(
                "UPDATE campaigns SET on_doubt = $2 WHERE id = $1", campaign_id, on_doubt
            )
            await start(editor, campaign_id)
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
        """No delivery is open, nor about to be; False while PostgreSQL does not answer."""
        try:
            rows = await self.ask(
                "SELECT state, on_doubt FROM campaigns WHERE id = $1", campaign_id
            )
            states = await self.states(campaign_id)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        open_states = {"queued", "retry", "sending"}
        open_states |= {"in_doubt"} if rows[0]["on_doubt"] == "resend" else set()
        return rows[0]["state"] == "sent" and not open_states & states.keys()

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


async def until_ended(stage: Stage, campaign_id: UUID, seconds: float) -> None:
    """Raises TimeoutError, AssertionError where a worker has ended by itself."""
    async with asyncio.timeout(seconds):
        while not await stage.has_ended(campaign_id):
            for worker in stage.workers:
                assert worker.is_alive, worker.last_words()
            await asyncio.sleep(0.2)


def _bare_environment() -> dict[str, str]:
    """Nothing of the hub that may be running on this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


def _written(key: Key) -> str:
    return f"{key.id}:{base64.b64encode(key.secret).decode()}"
