"""Browsers of the Ente's people, and a relay that keeps what it gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from hub import mail
from hub.config import Settings
from tests.factories import Member
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in

DeskOf = Callable[[Member], Awaitable[str]]


@pytest.fixture
def desk_of(new_client: Callable[[], httpx.AsyncClient]) -> DeskOf:
    """What somebody sees at /selections, in Italian."""

    async def shown(member: Member) -> str:
        client = new_client()
        await sign_in(client, member)
        answer = await client.get("/selections")
        assert answer.status_code == 200
        return answer.text

    return shown


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink
