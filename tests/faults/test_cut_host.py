"""One of three hosts loses its network in the middle of a campaign: `cut_host.py`.

Between network namespaces where the kernel allows them, else by proxies; what is printed says which.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from hub.newsletter.schemas import OnDoubt
from tests.faults import namespaces
from tests.faults.cut_host import RECIPIENTS
from tests.faults.link_cable import by_links
from tests.faults.proxy_cable import by_proxies
from tests.faults.reckoning import Report

Cut: TypeAlias = Callable[[OnDoubt], Awaitable[Report]]

# Of one worker, by its settings.
CONNECTIONS = 8
BEST: Cut = by_links if namespaces.allowed("net") else by_proxies
BOTH: list[Cut] = [by_proxies] if BEST is by_proxies else [by_proxies, by_links]


@pytest.mark.parametrize("cut", [BEST])
async def test_what_the_lost_host_knew_is_recorded_late_and_settles_the_doubts(cut: Cut) -> None:
    report = await cut("ask")
    print(report)  # noqa: T201  # shown where it fails
    assert report.doubled == report.lost == 0
    # The kernel tries what was on the wire again when it sees fit, perhaps after the worker's last seconds.
    assert report.states.pop("in_doubt", 0) <= CONNECTIONS < report.doubted
    assert report.states.keys() == {"sent"}


@pytest.mark.parametrize("cut", BOTH)
async def test_what_others_sent_again_meanwhile_was_in_doubt(cut: Cut) -> None:
    report = await cut("resend")
    print(report)  # noqa: T201  # the same
    assert report.states == {"sent": RECIPIENTS}
    assert report.missing == report.lost == 0
    assert report.doubled <= report.bound
    assert report.unexplained == report.undoubted == report.unlike == 0


async def test_connections_that_do_not_outlive_the_cut_leave_only_their_own_message_in_doubt() -> (
    None
):
    """As behind a router that has forgotten them."""
    report = await by_proxies("ask", reset=True)
    print(report)  # noqa: T201  # the same
    assert report.doubled == report.lost == 0
    assert 0 < report.states.pop("in_doubt") <= report.bound
    assert report.states.keys() == {"sent"}
