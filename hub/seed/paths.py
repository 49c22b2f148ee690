"""How far the demo network's cases got, and in what time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Literal

from hub.seed.chance import in_office, working_day

Outcome = Literal["none", "draft", "waiting", "exhausted", "again", "placed"]

# A case's steps in their order, and how many days after the step before each is taken, at least and at most.
GAPS: dict[str, tuple[int, int]] = {
    "informed": (0, 0),
    # In the first conversation, as the form for a new case has it.
    "opened": (0, 0),
    "referred": (3, 25),
    "answered": (4, 9),
    # After nobody accepted, to others: the second referral of a case.
    "referred_again": (5, 15),
    "answered_again": (4, 9),
    "approved": (10, 40),
    "disbursed": (7, 30),
    "closed": (20, 60),
    "repaid": (240, 400),
}
# Desks have been open longer than this.
OLDEST_DAYS = 700


@dataclass(frozen=True, slots=True)
class Path:
    """`count` of each thousand citizens; `referral` is what came of it; the last step is at most `fresh` days old."""

    count: int
    steps: tuple[str, ...]
    referral: Outcome
    fresh: int

    @property
    def closed(self) -> bool:
        return self.steps[-1] in ("closed", "repaid")


_OPENED = ("informed", "opened")
_REFERRED = (*_OPENED, "referred")
_ANSWERED = (*_REFERRED, "answered")

# Of 580 that were referred, 470 have their end, and 215 of these a loan: 46 %, as in 2012 and 2013 (ENM's monitoring of
# demand and answers). The rest is shaped to show every state there is.
PATHS = (
    Path(290, _OPENED, "none", 60),
    Path(30, _OPENED, "draft", 15),
    Path(100, (*_OPENED, "closed"), "none", 500),
    Path(110, _REFERRED, "waiting", 6),
    Path(40, _ANSWERED, "exhausted", 30),
    Path(85, (*_ANSWERED, "closed"), "exhausted", 500),
    Path(30, (*_ANSWERED, "referred_again", "answered_again"), "again", 30),
    Path(60, _ANSWERED, "placed", 30),
    Path(40, (*_ANSWERED, "approved"), "placed", 25),
    Path(170, (*_ANSWERED, "approved", "disbursed"), "placed", 450),
    Path(45, (*_ANSWERED, "approved", "disbursed", "repaid"), "placed", 150),
)
# Some of those whose first case is closed come back with another one.
SECOND_PATHS = (
    Path(50, _OPENED, "none", 20),
    Path(10, _REFERRED, "waiting", 6),
)


def shuffled(luck: Random, paths: tuple[Path, ...]) -> list[Path]:
    drawn = [path for path in paths for _ in range(path.count)]
    luck.shuffle(drawn)
    return drawn


def times(luck: Random, path: Path, today: date) -> dict[str, datetime]:
    """When each step of the path was taken, in order and in office hours; the last one yesterday at the latest."""
    days, day = {}, 0
    for step in path.steps:
        day += luck.randint(*GAPS[step])
        days[step] = day
    age = 1 + int(luck.triangular(0, min(path.fresh, OLDEST_DAYS - day), 0))
    first = today - timedelta(days=age + day)
    moments: dict[str, datetime] = {}
    last: datetime | None = None
    for step, days_later in days.items():
        moment = in_office(luck, working_day(first + timedelta(days=days_later)))
        if last:
            # A weekend may have moved this step before the one it follows.
            moment = max(moment, last + timedelta(minutes=luck.randint(20, 200)))
        moments[step] = last = moment
    return moments
