"""PostgreSQL's disk is full for a while: nobody loses anything by it, nobody gets it twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from tests.faults import namespaces
from tests.faults.full_disk import READERS, by_a_trigger, on_a_small_disk
from tests.faults.reckoning import Report

Full: TypeAlias = Callable[[], Awaitable[Report]]

HERE: Full = on_a_small_disk if namespaces.allowed("mount") else by_a_trigger


@pytest.mark.parametrize("full", [HERE])
async def test_a_full_disk_of_the_database_is_waited_for(full: Full) -> None:
    report = await full()
    print(report)  # noqa: T201  # shown where it fails
    assert report.states == {"sent": READERS}
    assert report.missing == report.doubled == report.doubted == 0
