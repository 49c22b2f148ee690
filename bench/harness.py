"""Measuring fairly on a machine that has other things to do: contenders take turns, round after round.

What is compared within a round met the same machine, so ratios are medians of each round's ratio; values come with
the lowest and the highest round beside them.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter

LEAST_ROUNDS = 5

Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratios` say how much faster than a limit or a peer (above 1) or slower (below 1) it is; `aims` what is wanted."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    ratios: dict[str, float] = field(default_factory=dict)
    aims: dict[str, float] = field(default_factory=dict)
    rounds: int = 0
    """In how many it was measured; one that was measured once has its own kind of low and high."""

    def as_json(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if key not in ("aims", "rounds")}

    def short_of(self) -> list[str]:
        """The limits and peers against which it falls short of its aim."""
        return [name for name, aim in self.aims.items() if self.ratios[name] < aim]

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a part of the value."""
        return (self.high - self.low) / abs(self.value) if self.value else 0.0


async def take_turns(
    contenders: Mapping[str, Measure], rounds: int, *, slices: int = 1
) -> dict[str, list[float]]:
    """Each contender's result of each round, after one that only warms up.

    The first to run changes every time. Short measurements are cut into slices, in which the contenders also take
    turns; the median of its slices is the round's result.
    """
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(-1, max(rounds, LEAST_ROUNDS)):
        taken = [await _slice(contenders, number + place) for place in range(slices)]
        for name, each in results.items():
            if number >= 0:
                each.append(median(one[name] for one in taken))
    return results


async def _slice(contenders: Mapping[str, Measure], shift: int) -> dict[str, float]:
    names = list(contenders)
    shift %= len(names)
    return {name: await contenders[name]() for name in names[shift:] + names[:shift]}


async def seconds_each(operation: Callable[[], Awaitable[object]], times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        await operation()
    return (perf_counter() - began) / times


def figure(
    name: str,
    unit: str,
    rounds: Sequence[float],
    *,
    against: Mapping[str, Sequence[float]] | None = None,
    aims: Mapping[str, float] | None = None,
) -> Figure:
    """`against` has, for each limit or peer, how many times as fast we were in each round."""
    ratios = {other: median(each) for other, each in (against or {}).items()}
    return Figure(
        name,
        median(rounds),
        unit,
        min(rounds),
        max(rounds),
        ratios,
        dict(aims or {}),
        len(rounds),
    )


def how_noisy(figures: Sequence[Figure]) -> str:
    """A sentence for whoever reads the table."""
    worst = max(
        (each for each in figures if each.rounds), key=lambda each: each.spread, default=None
    )
    if worst is None:
        return "Nothing was measured in rounds, so nothing can be said about noise."
    verdict = "quiet" if worst.spread < 0.1 else "usable" if worst.spread < 0.3 else "noisy"
    return (
        f"The run was {verdict}: between rounds, {worst.name} varied by {worst.spread:.0%} at most"
        f" ({os.cpu_count()} processors, load {os.getloadavg()[0]:.1f})."
        + (" Trust the ratios more than the values." if verdict == "noisy" else "")
    )
