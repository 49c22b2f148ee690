"""A network of its own, since the board looks at everybody; and browsers of people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from hub import mail
from hub.config import Settings
from tests.factories import Member
from tests.support import web
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.network.making import Network, networked

Browse = Callable[[Member], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def network(own_database: Database) -> AsyncIterator[Network]:
    async with networked(own_database) as made:
        yield made


@pytest.fixture
async def browse(app: Litestar, settings: Settings) -> AsyncIterator[Browse]:
    async with AsyncExitStack() as stack:

        async def signed_in(member: Member) -> httpx.AsyncClient:
            client = await stack.enter_async_context(web.new_client(app, settings))
            await web.sign_in(client, member)
            return client

        yield signed_in


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink
