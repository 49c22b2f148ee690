"""The figures as a table for a terminal, and as one for a page of docs/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from bench.harness import Figure


def table(figures: Sequence[Figure]) -> Table:
    found = Table()
    for heading in ("figure", "unit"):
        found.add_column(heading, no_wrap=True)
    for heading in ("value", "low", "high", "times as fast as", "aim"):
        found.add_column(heading, justify="right")
    for each in figures:
        ratios = [f"{other} {ratio:.2f}" for other, ratio in each.ratios.items()]
        aims = [
            f"{'short of ' if other in each.short_of() else ''}{aim:g}"
            for other, aim in each.aims.items()
        ]
        found.add_row(each.name, each.unit, *_numbers(each), "\n".join(ratios), "\n".join(aims))
    return found


def markdown(figures: Sequence[Figure]) -> Iterator[str]:
    yield "| figure | value | low – high | times as fast as (aim) |"
    yield "|---|---|---|---|"
    for each in figures:
        value, low, high = _numbers(each)
        ratios = ", ".join(_with_aim(each, other) for other in each.ratios)
        yield f"| `{each.name}` | {value} {each.unit} | {low} – {high} | {ratios} |"


def _with_aim(figure: Figure, other: str) -> str:
    ratio = f"{other} **{figure.ratios[other]:.2f}**"
    return f"{ratio} ({figure.aims[other]:g})" if other in figure.aims else ratio


def _numbers(figure: Figure) -> list[str]:
    """Fractions only where they say something."""
    most = max(abs(figure.value), abs(figure.high))
    digits = 0 if most >= 100 or figure.value == figure.low == figure.high == int(most) else 1
    return [f"{number:,.{digits}f}" for number in (figure.value, figure.low, figure.high)]
