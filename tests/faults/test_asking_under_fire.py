"""The same with nobody to decide about doubts: they are listed and wait. Apart, so that both files run side by side."""

from __future__ import annotations

from tests.faults import campaign_under_fire

RECIPIENTS = 20_000


async def test_asking_doubles_nobody() -> None:
    report = await campaign_under_fire.run(RECIPIENTS, seconds_between_kills=1.5, on_doubt="ask")
    print(report)  # noqa: T201  # shown where it fails
    assert report.doubled == 0
    assert report.lost == 0, "who has nothing is listed"
    assert report.states.keys() <= {"sent", "in_doubt"}
    assert report.states.get("in_doubt", 0) == report.doubted <= report.bound
