"""Campaigns that are ready to be sent, senders that run, and mail servers that are slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from hub import mail
from hub.config import Settings
from hub.db import tenant_transaction
from hub.errors import Unavailable
from hub.newsletter import course
from hub.newsletter.delivery import claiming, ledger, outbound
from hub.newsletter.delivery.sender import Sender
from hub.newsletter.freeze import freeze_what_is_due
from hub.newsletter.schemas import Claimed, OnDoubt
from hub.newsletter.segments import Audience, Choices, segment_of
from tests.factories import Member
from tests.newsletter.making import draft, load, make_campaign, make_subscribers, start
from tests.support.smtp_sink import SmtpSink


async def frozen(
    editor: Member,
    readers: int,
    name: str = "reader",
    *,
    audience: Audience = "public",
    on_doubt: OnDoubt = "ask",
) -> tuple[UUID, list[str]]:
    """A campaign to so many new readers of that audience, whose deliveries are queued; and their addresses."""
    emails = [f"{name}{number}@example.org" for number in range(readers)]
    await make_subscribers(editor.tenant, emails, audience)
    segment = segment_of(Choices(audiences=(audience,)))
    campaign_id = await make_campaign(editor, draft(segment=segment))
    await start(editor, campaign_id)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.set_on_doubt(scope, campaign_id, on_doubt)
    await freeze_what_is_due()
    return campaign_id, emails


async def claimed(editor: Member, campaign_id: UUID, holder: UUID, limit: int) -> list[Claimed]:
    async with tenant_transaction(editor.tenant.id) as scope:
        rows, _ = await ledger.claim(scope, campaign_id, holder, limit=limit)
    return rows


async def in_scope(editor: Member, statement: Callable[..., Any], *args: object) -> Any:
    """One statement in a transaction of the editor's tenant."""
    async with tenant_transaction(editor.tenant.id) as scope:
        return await statement(scope, *args)


def left_in(folder: Path) -> list[str]:
    """The journals, and whatever else is there."""
    return [path.name for path in folder.iterdir()]


def send_by(settings: Settings, port: int, folder: Path, **changed: Any) -> None:
    """This process's relay is the server at that port."""
    mail.use_relay(
        replace(
            settings,
            smtp_url=f"smtp://127.0.0.1:{port}",
            journal_folder=str(folder),
            **changed,
        )
    )


def use_batches(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Claims of so many rows, so that a test needs few readers to see who takes turns."""
    monkeypatch.setattr(claiming, "BATCH", count)
    monkeypatch.setattr(claiming, "WINDOW", 3 * count)
    for module in (claiming, outbound):
        monkeypatch.setattr(module, "LOW", count)


@asynccontextmanager
async def sending(count: int = 1) -> AsyncIterator[None]:
    """So many senders of this process at work, as in as many workers, told to stop at the end."""
    stop = asyncio.Event()
    senders = [asyncio.create_task(Sender().run(stop)) for _ in range(count)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*senders)


async def until_true(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Like `until`, for what has to be asked of the database."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # nothing there could set an event
            await asyncio.sleep(0.05)


async def until_sent(editor: Member, campaign_id: UUID, seconds: float = 30) -> None:
    """Also where the database goes away in the meantime."""

    async def is_sent() -> bool:
        with suppress(Unavailable):
            return (await load(editor, campaign_id)).state == "sent"
        return False

    await until_true(is_sent, seconds)


async def until_stalled(editor: Member, campaign_id: UUID) -> None:
    """Until the campaign says that it waits for the relay."""

    async def is_stalled() -> bool:
        return (await load(editor, campaign_id)).stalled_at is not None

    await until_true(is_stalled)


@dataclass(slots=True)
class SlowSink(SmtpSink):
    """Takes so long over each message; none passes while the gate is closed."""

    seconds: float = 0.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        self.waiting += 1
        await asyncio.sleep(self.seconds)
        await self.gate.wait()
        self.waiting -= 1
        return await SmtpSink.handle_DATA(self, server, session, envelope)

    @property
    def order(self) -> list[str]:
        """Whose message came when."""
        return [address for message in self.messages for address in message.recipients]
