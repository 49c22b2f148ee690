"""The points that the demo network's evaluators gave, and the ranking that they make, by the rules of docs/calls.md."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

from hub.seed.call_rows import CallCriterion
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection.points import total_of

# An evaluator is at most so far from what an application deserves.
NEAR = 5


@dataclass(slots=True)
class Judged:
    """An application as the evaluators saw it: for each of them the points by criterion, and the total."""

    application_id: UUID
    region_code: str
    protocol: tuple[int, int]
    given: list[tuple[dict[UUID, int], Decimal]] = field(default_factory=list)

    @property
    def score(self) -> Decimal:
        """The mean of two totals; of three, that of the two nearest, the higher pair of equally near ones."""
        totals = sorted(total for _, total in self.given)
        if len(totals) == 3 and totals[1] - totals[0] < totals[2] - totals[1]:
            totals.pop()
        return sum(totals[-2:], Decimal(0)) / 2

    @property
    def means(self) -> list[Fraction]:
        """By criterion, in their order."""
        return [
            Fraction(sum(points[criterion] for points, _ in self.given), len(self.given))
            for criterion in self.given[0][0]
        ]


@dataclass(frozen=True, slots=True)
class Placed:
    judged: Judged
    position: int
    outcome: str
    reason: str | None


def judge(
    luck: Random, criteria: Sequence[CallCriterion], least: int, most: int
) -> tuple[dict[UUID, int], Decimal]:
    """Points whose total lies between `least` and `most`."""
    known = [
        Criterion(c.id, c.position, c.name, c.description, c.max_points, c.weight) for c in criteria
    ]
    aim = (least + most) / 200
    while True:
        points = {
            c.id: min(c.max_points, max(0, round(c.max_points * (aim + luck.uniform(-0.2, 0.2)))))
            for c in known
        }
        total = total_of(points, known)
        if least <= total <= most:
            return points, total


def rank(judged: Sequence[Judged], places: dict[str, int], minimum: int) -> list[Placed]:
    """By region."""
    placed = []
    for region in sorted({one.region_code for one in judged}):
        here = [one for one in judged if one.region_code == region]
        here.sort(key=lambda one: (-one.score, [-mean for mean in one.means], one.protocol))
        for position, one in enumerate(here, 1):
            low = one.score < minimum
            free = position <= places.get(region, 0)
            outcome = "excluded" if low else "admitted" if free else "reserve"
            placed.append(Placed(one, position, outcome, "below_minimum" if low else None))
    return placed
