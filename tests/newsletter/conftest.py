"""A publisher with an editor, subscribers and campaigns, and a relay that keeps what it gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub import mail
from hub.config import Settings
from tests.factories import Member, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
async def editor(db: object) -> Member:
    """Of a coordinator made for this test."""
    return await make_membership(await make_tenant("coordinator"), "editor")


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """Where this process sends its mail; it keeps its port when it is stopped and started."""
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink
