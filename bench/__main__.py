"""`make bench`, or `make bench ONLY=delivery`: measure, print a table, write `bench/results.json`.

A name stands for every suite that begins with it: `delivery` for `delivery.rate`, `delivery.dkim` and so on.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rich.console import Console

from bench import onboarding, report, tenancy
from bench.delivery import crash, dkim, freeze, million, rate, two
from bench.delivery.processes import ToolMissing
from bench.harness import LEAST_ROUNDS, Figure, how_noisy

Suite = Callable[[int], Awaitable[list[Figure]]]

# With as many rounds as each takes where nobody says how many.
SUITES: dict[str, tuple[Suite, int]] = {
    "tenancy": (tenancy.figures, 9),
    "onboarding.rank": (onboarding.rank_applications, 9),
    "delivery.rate": (rate.one_worker, 5),
    "delivery.rate_75k": (rate.one_worker_75k, 5),
    "delivery.two": (two.two_workers, 5),
    "delivery.dkim": (dkim.dkim_rsa, 5),
    "delivery.freeze": (freeze.segment_freeze, 5),
    "delivery.million": (million.million, 1),
    "delivery.crash": (crash.crash, 1),
}
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    arguments = _arguments()
    # In a log the table shall not be squeezed into 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 150)
    found: list[Figure] = []
    failed = False
    for name in _chosen(arguments.only):
        suite, rounds = SUITES[name]
        rounds = arguments.rounds or rounds
        with console.status(f"measuring {name}, {rounds} rounds …"):
            try:
                # The loop that Granian and the worker give the hub.
                found += uvloop.run(_run(suite, rounds))
            except ToolMissing as missing:
                console.print(f"{name} is left out. {missing}")
            except Exception:  # noqa: BLE001  # what the other suites found in ten minutes is not to be lost
                traceback.print_exc()
                failed = True
    if found:
        _tell(console, found)
    if arguments.markdown:
        print(*report.markdown(found), sep="\n")
    sys.exit(failed)


def _tell(console: Console, found: list[Figure]) -> None:
    console.print(report.table(found))
    console.print(how_noisy(found))
    written = {"figures": [each.as_json() for each in found]}
    RESULTS.write_text(json.dumps(written, indent=2) + "\n")


async def _run(suite: Suite, rounds: int) -> list[Figure]:
    return await suite(rounds)


def _chosen(only: list[str] | None) -> list[str]:
    if not only:
        return list(SUITES)
    return [
        name for name in SUITES if any(name == each or name.startswith(f"{each}.") for each in only)
    ]


def _arguments() -> argparse.Namespace:
    names = sorted({*SUITES, *(name.partition(".")[0] for name in SUITES)})
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=names, help="these instead of all")
    parser.add_argument("--rounds", type=int, help=f"at least {LEAST_ROUNDS}")
    parser.add_argument("--markdown", action="store_true", help="the table for docs/ as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
