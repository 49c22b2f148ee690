"""An Ente with an organisation coming on board, and a relay that keeps what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from hub import mail
from hub.config import Settings
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.protocols.making import Between, make_between


@pytest.fixture
async def between(db: Database) -> Between:
    return await make_between()


@pytest.fixture
async def desk(between: Between, new_client: Callable[[], httpx.AsyncClient]) -> httpx.AsyncClient:
    """The browser of the Ente's admin."""
    client = new_client()
    await sign_in(client, between.admin)
    return client


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


@pytest.fixture(autouse=True)
def base(settings: Settings) -> None:
    """Links in letters need an address to begin with."""
    mail.use_relay(settings)
