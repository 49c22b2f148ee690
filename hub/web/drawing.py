"""What timelines and steppers are drawn from; `web/timeline.html` has the macros."""

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
