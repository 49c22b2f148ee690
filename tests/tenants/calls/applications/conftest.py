"""A call that is open, and an administration that has begun to apply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from hub import mail
from hub.config import Settings
from tests.factories import Tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.applications.applying import Applicant, applicant
from tests.tenants.calls.making import make_call, make_draft, make_ente


@pytest.fixture
async def ente(db: Database) -> Tenant:
    return (await make_ente())[0]


@pytest.fixture
async def call_id(ente: Tenant) -> UUID:
    return await make_call(ente)


@pytest.fixture
async def applying(
    ente: Tenant, call_id: UUID, new_client: Callable[[], httpx.AsyncClient]
) -> Applicant:
    """A draft without a file, opened in a browser."""
    return applicant(new_client(), await make_draft(ente, call_id, with_file=False))


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink
