"""A relay that takes its time, for the tests of the senders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.newsletter.delivery.sending import SlowSink


@pytest.fixture
async def sink() -> AsyncIterator[SlowSink]:
    slow = SlowSink()
    await slow.start()
    yield slow
    await slow.stop()
