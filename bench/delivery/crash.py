"""`delivery.crash`: what is lost and what arrives twice when, every few seconds, somebody is killed. Once a run."""

from __future__ import annotations

from bench.harness import Figure
from tests.faults.campaign_under_fire import run

RECIPIENTS = 100_000


async def crash(_rounds: int) -> list[Figure]:
    """Doubled are the copies too many, undoubted those of them that were never in doubt; the bound is what was on the
    wire, summed over the kills.
    """
    report = await run(RECIPIENTS)
    return [
        _counted("delivery.crash_lost", report.lost, "messages"),
        _counted("delivery.crash_doubled", report.doubled, "messages"),
        _counted("delivery.crash_undoubted", report.undoubted, "messages"),
        _counted("delivery.crash_bound", report.bound, "messages"),
        _counted("delivery.crash_kills", sum(report.kills.values()), "processes"),
    ]


def _counted(name: str, count: int, unit: str) -> Figure:
    return Figure(name, count, unit, count, count)
