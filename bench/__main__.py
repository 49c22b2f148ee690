"""`make bench`, or `make bench ONLY=tenancy`: measure, print a table, write `bench/results.json`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import tenancy
from bench.harness import LEAST_ROUNDS, Figure, how_noisy

SUITES: dict[str, Callable[[int], Awaitable[list[Figure]]]] = {
    "tenancy": tenancy.figures,
}
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    arguments = _arguments()
    console = Console()
    found: list[Figure] = []
    for name in arguments.only or SUITES:
        with console.status(f"measuring {name}, {arguments.rounds} rounds …"):
            # The loop that Granian gives the hub.
            found += uvloop.run(_run(name, arguments.rounds))
    console.print(_table(found))
    console.print(how_noisy(found))
    written = {"figures": [each.as_json() for each in found]}
    RESULTS.write_text(json.dumps(written, indent=2) + "\n")


async def _run(name: str, rounds: int) -> list[Figure]:
    return await SUITES[name](rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(SUITES), help="these instead of all")
    parser.add_argument("--rounds", type=int, default=9, help=f"at least {LEAST_ROUNDS}")
    return parser.parse_args()


def _table(figures: list[Figure]) -> Table:
    table = Table()
    for heading in ("figure", "unit"):
        table.add_column(heading, no_wrap=True)
    for heading in ("value", "low", "high", "times as fast as", "aim"):
        table.add_column(heading, justify="right")
    for each in figures:
        ratios = [f"{other} {ratio:.2f}" for other, ratio in each.ratios.items()]
        aims = [
            f"{'short of ' if other in each.short_of() else ''}{aim:g}"
            for other, aim in each.aims.items()
        ]
        numbers = [f"{number:,.1f}" for number in (each.value, each.low, each.high)]
        table.add_row(each.name, each.unit, *numbers, "\n".join(ratios), "\n".join(aims))
    return table


if __name__ == "__main__":
    main()
