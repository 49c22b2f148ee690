"""A host with its administrator, and a relay that keeps what it gets."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from hub import mail
from hub.config import Settings
from tests.factories import Member, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


@pytest.fixture
async def admin(db: object) -> Member:
    return await make_membership(await make_tenant("host"), "admin")


@pytest.fixture
async def desk(client: httpx.AsyncClient, admin: Member) -> httpx.AsyncClient:
    """The administrator's browser."""
    await sign_in(client, admin)
    return client
