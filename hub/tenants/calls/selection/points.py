"""What points come to: the rules of the ranking that a person can check with a pencil."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hub.tenants.calls.schemas import Criterion


def total_of(points: Mapping[UUID, int], criteria: Sequence[Criterion]) -> Decimal:
    """Of 100: each criterion's share of its weight, together, to the hundredth (a half goes up).

    Raises KeyError where a criterion has no points.
    """
    exact = sum(
        (
            Fraction(points[criterion.id] * criterion.weight, criterion.max_points)
            for criterion in criteria
        ),
        Fraction(0),
    )
    hundredths = (exact * 200 + 1) // 2
    return Decimal(int(hundredths)).scaleb(-2)


def apart(first: Decimal, second: Decimal, limit: int) -> bool:
    """Whether two evaluations differ so much that a third person is asked."""
    return abs(first - second) > limit
