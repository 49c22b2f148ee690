"""A relay that keeps what it gets, and browsers of people."""

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

Browse = Callable[[Member], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def browse(new_client: Callable[[], httpx.AsyncClient]) -> Browse:
    async def signed_in(member: Member) -> httpx.AsyncClient:
        client = new_client()
        await sign_in(client, member)
        return client

    return signed_in


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink
