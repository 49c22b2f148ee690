"""A campaign outlives its workers and its bell: real processes, killed in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID

import pytest
import redis
from aiosmtpd.smtp import SMTP, Envelope, Session

from hub import outbox
from hub.config import Settings
from hub.newsletter import deliver as delivering
from tests.factories import Member, make_membership, make_tenant
from tests.newsletter.making import load, make_campaign, make_subscribers, start, states, until
from tests.newsletter.worker_process import WorkerProcess
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink

READERS = 240
# Of the issue: every delivery is final within a minute of the worker's return.
PROMISED_SECONDS = 60


class SlowSink(SmtpSink):
    """Takes so long over each message that there is time to kill somebody."""

    seconds = 0.02

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        await asyncio.sleep(self.seconds)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
async def sink() -> AsyncIterator[SlowSink]:
    slow = SlowSink()
    await slow.start()
    yield slow
    await slow.stop()


@pytest.fixture
async def editor(own_database: Database) -> Member:
    """In a database of its own: the workers look across tenants."""
    return await make_membership(await make_tenant("coordinator"), "editor")


@pytest.fixture
async def new_worker(
    own_database: Database, settings: Settings, valkey: str, sink: SlowSink
) -> AsyncIterator[Callable[[], WorkerProcess]]:
    own = replace(
        settings,
        database_url=own_database.web_url,
        worker_database_url=own_database.worker_url,
        redis_url=valkey,
        smtp_url=sink.url,
    )
    outbox.open_bell(valkey)
    with ExitStack() as stack:

        def new() -> WorkerProcess:
            worker = WorkerProcess(own)
            stack.callback(worker.end)
            return worker

        yield new
    await outbox.close_bell()


async def start_campaign(editor: Member) -> tuple[UUID, list[str]]:
    emails = [f"reader{number}@example.org" for number in range(READERS)]
    await make_subscribers(editor.tenant, emails)
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    return campaign_id, emails


async def ended(editor: Member, campaign_id: UUID) -> None:
    async with asyncio.timeout(PROMISED_SECONDS):
        while (await load(editor, campaign_id)).state != "sent":  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.1)


def times_received(sink: SlowSink) -> Counter[str]:
    return Counter(address for message in sink.messages for address in message.recipients)


@pytest.mark.timeout(150)
async def test_killed_in_the_middle_with_the_bell_wiped(
    editor: Member, sink: SlowSink, new_worker: Callable[[], WorkerProcess], valkey: str
) -> None:
    first = new_worker()
    campaign_id, emails = await start_campaign(editor)
    await until(lambda: len(sink.messages) >= 50)
    first.kill()
    with redis.Redis.from_url(valkey) as connection:
        connection.flushdb()
    assert len(sink.messages) < READERS
    new_worker()
    await ended(editor, campaign_id)
    assert await states(editor, campaign_id) == {"sent": READERS}
    times = times_received(sink)
    assert sorted(times) == sorted(emails), "everyone is reached"
    doubled = sum(count - 1 for count in times.values())
    assert doubled <= delivering.RECORD_EACH + delivering.CONNECTIONS
    ids = Counter(message.message["message-id"] for message in sink.messages)
    assert sorted(ids.values()) == sorted(times.values()), "a double is recognisable as one"


@pytest.mark.timeout(150)
async def test_the_bell_wiped_in_the_middle(
    editor: Member, sink: SlowSink, new_worker: Callable[[], WorkerProcess], valkey: str
) -> None:
    new_worker()
    campaign_id, emails = await start_campaign(editor)
    await until(lambda: len(sink.messages) >= 50)
    with redis.Redis.from_url(valkey) as connection:
        connection.flushdb()
    await ended(editor, campaign_id)
    assert times_received(sink) == Counter(emails)


@pytest.mark.timeout(150)
async def test_stopped_in_the_middle_and_started_again(
    editor: Member, sink: SlowSink, new_worker: Callable[[], WorkerProcess]
) -> None:
    """Nobody waits for a lease to end, and nobody gets it twice."""
    sink.seconds = 0.12  # longer than the worker waits for those at work
    first = new_worker()
    campaign_id, emails = await start_campaign(editor)
    await until(lambda: len(sink.messages) >= 50)
    assert await first.stop() == 0
    assert 50 <= len(sink.messages) < READERS
    found = await states(editor, campaign_id)
    assert found == {"sent": len(sink.messages), "queued": READERS - len(sink.messages)}
    new_worker()
    new_worker()
    async with asyncio.timeout(20):
        await ended(editor, campaign_id)
    assert times_received(sink) == Counter(emails)
