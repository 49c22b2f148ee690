"""Every few seconds somebody is killed, and yet everyone gets the newsletter."""

from __future__ import annotations

from tests.faults import campaign_under_fire

MANY, SOME = 100_000, 20_000


async def test_resending_what_is_in_doubt_reaches_everyone() -> None:
    report = await campaign_under_fire.run(MANY, on_doubt="resend")
    print(report)  # noqa: T201  # shown where it fails
    assert report.states == {"sent": MANY}
    assert report.missing == report.lost == 0
    assert report.doubled <= report.bound
    assert report.unexplained == 0, "only what was on the wire at a kill"
    assert report.undoubted == 0, "the ledger knew"
    assert report.unlike == 0, "a double is recognisable as one"
    assert min(report.kills[kind] for kind in ("worker", "PostgreSQL", "Valkey")) >= 1


async def test_asking_doubles_nobody() -> None:
    report = await campaign_under_fire.run(SOME, seconds_between_kills=1.5, on_doubt="ask")
    print(report)  # noqa: T201  # the same
    assert report.doubled == 0
    assert report.lost == 0, "who has nothing is listed"
    assert report.states.keys() <= {"sent", "in_doubt"}
    assert report.states.get("in_doubt", 0) == report.doubted <= report.bound
