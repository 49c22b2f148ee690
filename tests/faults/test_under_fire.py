"""Every few seconds somebody is killed, and yet everyone gets the newsletter."""

from __future__ import annotations

from tests.faults import campaign_under_fire

RECIPIENTS = 100_000


async def test_resending_what_is_in_doubt_reaches_everyone() -> None:
    report = await campaign_under_fire.run(RECIPIENTS, on_doubt="resend")
    print(report)  # noqa: T201  # shown where it fails
    assert report.states == {"sent": RECIPIENTS}
    assert report.missing == report.lost == 0
    assert report.doubled <= report.bound
    assert report.unexplained == 0, "only what was on the wire at a kill"
    assert report.undoubted == 0, "the ledger knew"
    assert report.unlike == 0, "a double is recognisable as one"
    assert min(report.kills[kind] for kind in ("worker", "PostgreSQL", "Valkey")) >= 1
