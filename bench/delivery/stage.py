"""The servers a hub needs, a publisher with readers, and campaigns of a known size, made by the product's own functions.

Every database here keeps its promises (fsync is on): what is measured is what a production server would do.
"""

from __future__ import annotations

import asyncio
import base64
import io
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import psutil

from bench.delivery.processes import Running, cpu_seconds, running, until
from hub import outbox
from hub.config import Key, Settings
from hub.db import close_pool, open_pool
from hub.embedded.ephemeral import EphemeralPostgres, EphemeralValkey
from hub.newsletter.blocks import Block, Button, Heading, Paragraph
from hub.newsletter.freeze import freeze_round
from hub.newsletter.segments import AllOf, Audience, InAudience
from hub.schema import migrate
from hub.worker import long_tasks, use_settings
from tests.factories import Member, make_membership, make_tenant
from tests.newsletter.making import draft, make_campaign, start

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Of each worker: more of them even out the moments in which it is at the ledger.
CONNECTIONS = 48
KEYS = {
    "HUB_SECRET_KEYS": (Key("s1", b"signs links in benches, 32 bytes"),),
    "HUB_FIELD_KEYS": (Key("f1", b"encrypts fields in benches, 32 b"),),
}
WORKER = (sys.executable, "-c", "from hub.cli import main; main()", "worker")
STUCK_SECONDS = 60

GREETING = "Gentile {name|amica}, "
STORY = (
    "questo mese raccontiamo come è nata una bottega: perché ogni colloquio allo sportello conta più di quanto crediamo,"
    " e perché una **rete** cresce quando qualcuno bussa alla porta e dice «eccomi»."
    " [Leggi la storia](https://hub.example.org/storie/bottega)"
)
# How many stories make a message of so many kilobytes on the wire. Eight of them greet, in the text and in the HTML;
# with the link to leave, that is 18 places for each recipient's own values.
STORIES = {"20 KB": 12, "75 KB": 74}
GREETED = 8


@dataclass(frozen=True, slots=True)
class Stage:
    postgres: EphemeralPostgres
    valkey: EphemeralValkey
    superuser: Connection
    editor: Member
    folder: Path
    """Of the workers' journals: other hubs of this machine have theirs elsewhere."""

    @property
    def tenant_id(self) -> UUID:
        return self.editor.tenant.id

    @property
    def postmaster(self) -> psutil.Process:
        """PostgreSQL's first process: all others are its children."""
        data = self.postgres.cluster.data
        return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))

    async def add_readers(self, audience: Audience, count: int) -> None:
        """Subscribers with one subscription each, and as many suppressed addresses as one in a hundred of them."""
        await self.superuser.execute(
            """
            WITH readers AS (
              INSERT INTO subscribers (id, tenant_id, email, email_token, name, locale, state, created_at)
              SELECT uuidv7(), $1, email, sha256(email::bytea), name, 'it', 'active', now()
              FROM (
                SELECT format('%s%s@example.org', $2::text, n) AS email,
                  (ARRAY['Niccolò Rossi', 'Chiara Bianchi', 'Zoë Esposito', 'Andrea De Luca'])[1 + n % 4] AS name
                FROM generate_series(1, $3) n) people
              RETURNING id, tenant_id
            )
            INSERT INTO subscriptions (id, tenant_id, subscriber_id, audience, source, created_at)
            SELECT uuidv7(), tenant_id, id, $2, 'import', now() FROM readers
            """,
            self.tenant_id,
            audience,
            count,
        )
        await self.superuser.execute(
            """
            INSERT INTO suppressions (id, tenant_id, email_token, reason, created_at)
            SELECT uuidv7(), $1, sha256(format('%s%s@example.net', $2::text, n)::bytea), 'unsubscribed', now()
            FROM generate_series(1, $3) n
            """,
            self.tenant_id,
            audience,
            count // 100,
        )
        await self.superuser.execute("VACUUM ANALYZE")

    async def new_campaign(self, size: str, audiences: Sequence[Audience]) -> UUID:
        """Started and not yet frozen; nothing is left of those before it."""
        # The planner knows the campaign before and nothing of the one to come, as on every server that has sent one.
        await self.superuser.execute("ANALYZE deliveries")
        await self.superuser.execute("TRUNCATE deliveries, delivery_tallies")
        await self.superuser.execute("UPDATE campaigns SET state = 'sent'")
        segment = AllOf((InAudience(tuple(audiences)),))
        content = draft(*stories(STORIES[size]), segment=segment)
        campaign_id = await make_campaign(self.editor, content)
        await start(self.editor, campaign_id)
        # Frozen at the moment that the bench chooses.
        await self.superuser.execute(
            "UPDATE campaigns SET state = 'draft' WHERE id = $1", campaign_id
        )
        await self.superuser.execute("CHECKPOINT")
        return campaign_id

    async def release(self, campaign_id: UUID) -> int:
        """Freeze as a worker does; with the last commit the sending begins. Returns how many will get it."""
        await self.superuser.execute(
            "UPDATE campaigns SET state = 'freezing' WHERE id = $1", campaign_id
        )
        # A worker of the run may be at it too.
        look = "SELECT recipients FROM campaigns WHERE id = $1"
        while (recipients := await self.superuser.fetchval(look, campaign_id)) is None:
            if not await freeze_round():
                await asyncio.sleep(0.002)
        return int(recipients)

    async def begun(self) -> None:
        """Returns when the first deliveries have been claimed."""
        async with asyncio.timeout(STUCK_SECONDS):
            look = "SELECT sum(sending + sent) > 0 FROM delivery_tallies"
            while not await self.superuser.fetchval(look):  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(0.002)

    async def sent(self) -> int:
        """By the counts that the ledger keeps. Raises RuntimeError where a delivery ended otherwise."""
        row = await self.superuser.fetchrow(
            "SELECT sum(sent)::int, sum(failed + in_doubt + retry + suppressed)::int FROM delivery_tallies"
        )
        assert row is not None
        if row[1]:
            raise RuntimeError(
                f"{row[1]} messages were not sent, for a reason unknown to the bench"
            )
        return row[0] or 0

    async def all_sent(self, recipients: int) -> None:
        last, since = -1, time.monotonic()
        while (done := await self.sent()) < recipients:
            if done > last:
                last, since = done, time.monotonic()
            elif time.monotonic() - since > STUCK_SECONDS:
                raise RuntimeError(
                    f"nothing was sent for {STUCK_SECONDS} s, {done} of {recipients} are"
                )
            await asyncio.sleep(0.02)

    @contextmanager
    def worker(self, smtp_port: int, command: tuple[str, ...] = WORKER) -> Iterator[Running]:
        with running(command, environment=self._environment(smtp_port)) as process:
            try:
                yield process
            except BaseException as error:
                error.add_note(f"The worker said: {process.said()[-2000:]}")
                raise

    def _environment(self, smtp_port: int) -> dict[str, str]:
        return {
            "HUB_DATABASE_URL": self.postgres.url("hub_web"),
            "HUB_WORKER_DATABASE_URL": self.postgres.url("hub_worker"),
            "HUB_REDIS_URL": self.valkey.url,
            "HUB_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "HUB_BASE_URL": "https://hub.example.org",
            "HUB_JOURNAL_FOLDER": str(self.folder),
            # As many as smtp-source has.
            "HUB_SMTP_CONNECTIONS": str(CONNECTIONS),
        } | {
            name: ",".join(f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)
            for name, keys in KEYS.items()
        }


async def at_rest(worker: Running) -> None:
    """Started, connected and with nothing to do: its start is not what is measured."""
    await until(lambda: "worker is ready" in worker.said(), "the worker's start")
    for _ in range(100):
        before = cpu_seconds(worker.process)
        await asyncio.sleep(0.25)
        if cpu_seconds(worker.process) - before < 0.04:
            return
    raise TimeoutError("the worker never came to rest")


def stories(count: int) -> tuple[Block, ...]:
    found: list[Block] = [Heading("La lettera di novembre")]
    for number in range(count):
        greeting = GREETING if number < GREETED else ""
        found.append(Paragraph(f"{greeting}{STORY}"))
    return (*found, Button("Leggi tutto", "https://hub.example.org/storie"))


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(EphemeralPostgres(hasty=False))
        valkey = stack.enter_context(EphemeralValkey())
        postgres.prepare()
        with redirect_stdout(io.StringIO()):  # Piccolo reports each migration
            await migrate(postgres.url("hub_owner"))
        url = postgres.url("hub_worker")
        use_settings(
            Settings(
                database_url=url,
                worker_database_url=url,
                redis_url=valkey.url,
                secret_keys=KEYS["HUB_SECRET_KEYS"],
                field_keys=KEYS["HUB_FIELD_KEYS"],
            )
        )
        await open_pool(url)
        stack.push_async_callback(close_pool)
        outbox.open_bell(valkey.url, long_tasks())
        stack.push_async_callback(outbox.close_bell)
        superuser = await asyncpg.connect(postgres.url("postgres"))
        stack.push_async_callback(superuser.close)
        editor = await make_membership(await make_tenant("coordinator"), "editor")
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-"))
        yield Stage(postgres, valkey, superuser, editor, Path(folder))
