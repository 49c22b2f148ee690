"""The ranking's rules once more, in plain Python and with fractions: what the statement must come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from hub.tenants.calls.schemas import Criterion
from tests.tenants.calls.selection.making import Sample, total


@dataclass(frozen=True, slots=True)
class Line:
    position: int | None
    score: Fraction | None
    outcome: str
    reason: str | None


def score_of(totals: Sequence[Fraction]) -> Fraction:
    """The mean of two; of three, the mean of the nearest pair, the higher where two are equally near."""
    if len(totals) == 2:
        return sum(totals, Fraction(0)) / 2
    pairs = [(a, b) for i, a in enumerate(totals) for b in totals[i + 1 :]]
    nearest = min(abs(a - b) for a, b in pairs)
    return max((a + b) / 2 for a, b in pairs if abs(a - b) == nearest)


def ranking(
    samples: Sequence[Sample],
    criteria: Sequence[Criterion],
    quotas: Mapping[str, int],
    minimum: int,
) -> dict[UUID, Line]:
    found: dict[UUID, Line] = {}
    for region in {sample.region for sample in samples}:
        running = [one for one in samples if one.region == region and not one.excluded]
        scores = {
            one.id: score_of([Fraction(total(criteria, points)) for points in one.points])
            for one in running
        }

        def order(one: Sample, scores: Mapping[UUID, Fraction] = scores) -> tuple[object, ...]:
            means = [
                Fraction(sum(points[place] for points in one.points), len(one.points))
                for place in range(len(criteria))
            ]
            return (-scores[one.id], [-mean for mean in means], one.number)

        for position, one in enumerate(sorted(running, key=order), 1):
            if scores[one.id] < minimum:
                outcome, reason = "excluded", "below_minimum"
            else:
                outcome, reason = (
                    "admitted" if position <= quotas.get(region, 0) else "reserve",
                    None,
                )
            found[one.id] = Line(position, scores[one.id], outcome, reason)
        for one in samples:
            if one.region == region and one.excluded:
                found[one.id] = Line(None, None, "excluded", one.excluded)
    return found
