"""What timelines, steppers and curves are drawn from; `web/timeline.html` and `web/charts.html` have the macros."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Tone = Literal["neutral", "info", "success", "warning", "danger"]


@dataclass(frozen=True)
class Moment:
    """One event of a vertical timeline; texts are in the reader's language already."""

    at: datetime | date
    """A day where the hour is not known."""
    title: str
    detail: str = ""
    by: str = ""
    """Who did it, as the reader may know them."""
    tone: Tone = "neutral"
    icon: str = "it-check-circle"


@dataclass(frozen=True)
class Step:
    """One milestone of a horizontal stepper."""

    label: str
    state: Literal["reached", "current", "ahead", "missed"]
    on: date | datetime | None = None


@dataclass(frozen=True)
class Curve:
    """One line of a drawing. `points` are (x, y), each from 0 to 1, from left to right."""

    label: str
    tone: Tone
    points: Sequence[tuple[float, float]]
    last: str
    """What stands at its right end, in words."""


@dataclass(frozen=True)
class Curves:
    """Something over time; texts are in the reader's language already."""

    curves: Sequence[Curve]
    most: str
    """What the upper edge stands for."""
    first: str
    last: str
    """When it begins and ends."""
    rows: Sequence[Sequence[str]]
    """The same for those who do not see it: a moment, and the value of each curve then."""
