"""What `hub up` says while it works: one line a step, with a spinner where there is a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

# done, total (0 where it is not known), what
Report = Callable[[int, int, str], None]


class Progress:
    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        at = time.strftime("%H:%M:%S")
        self.console.print(f"[dim]{at}[/] {escape(text)}", highlight=False)

    @contextmanager
    def step(self, name: str, detail: str = "") -> Iterator[Report]:
        """Prints the step when it is done, and shows until then what it reports."""
        began = time.monotonic()
        shown = escape(name)
        with self.console.status(f"{shown} …") as status:
            yield lambda done, total, what: status.update(f"{shown}: {_share(done, total, what)}")
        took = f"{time.monotonic() - began:.1f} s"
        line = f"[green]✓[/] {shown:<14} [dim]{took:>7}  {escape(detail)}[/]"
        self.console.print(line, highlight=False, soft_wrap=True)


def _share(done: int, total: int, what: str) -> str:
    if not total:
        return escape(what)
    return f"{escape(what)} {done:,} of {total:,} ({done * 100 // total} %)"
