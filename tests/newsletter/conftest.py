"""A publisher with an editor, subscribers and campaigns, and a relay that keeps what it gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from hub import mail
from hub.config import Settings
from tests.factories import Member, make_membership, make_tenant
from tests.newsletter.delivery.ledger_rows import false_tallies
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in


@pytest.fixture
async def editor(db: object) -> Member:
    """Of a coordinator made for this test."""
    return await make_membership(await make_tenant("coordinator"), "editor")


@pytest.fixture
async def browser(client: httpx.AsyncClient, editor: Member) -> httpx.AsyncClient:
    """The editor's, signed in; without JavaScript."""
    await sign_in(client, editor)
    return client


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail; it keeps its port when it is stopped and started."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


@pytest.fixture
async def true_tallies(own_database: Database) -> AsyncIterator[None]:
    """At the end of the test the kept sums are what a count of the deliveries gives."""
    yield
    assert await false_tallies(own_database) == []
