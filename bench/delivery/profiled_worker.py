"""`hub worker` that looks, every few milliseconds of its processor time, at what it is doing.

SIGUSR1 begins to count; SIGUSR2 prints the counts as one line of JSON after MARK.
"""

from __future__ import annotations

import dis
import json
import signal
from collections import Counter
from types import FrameType

MARK = "shares: "
EVERY_SECONDS = 0.002
# The innermost of these in the stack says what is being done.
PLACES = {
    "ledger": (
        "/asyncpg/",
        "hub/db.py",
        "ledger.py",
        "journal.py",
        "tall",
        "hub/newsletter/course.py",
        "hub/newsletter/queries.py",
    ),
    "smtp": (
        "hub/mail/wire.py",
        "hub/mail/connection.py",
        "hub/mail/envelopes.py",
        "hub/mail/dialogue.py",
        "hub/mail/replies.py",
    ),
    "message": (
        "hub/newsletter/delivery/letter.py",
        "hub/newsletter/unsubscribe.py",
        "hub/mail/template.py",
        "hub/mail/messages.py",
        "hub/mail/headers.py",
        "hub/mail/return_path.py",
        "hub/mail/dkim.py",
        "hub/tokens.py",
    ),
    "turns": ("hub/newsletter/", "hub/mail/", "hub/worker.py"),
}
RUNNERS = ("uvloop/__init__.py", "asyncio/runners.py")
RESUME = dis.opmap["RESUME"]

_counts: Counter[str] = Counter()


def doing(frame: FrameType | None) -> str:
    """`loop` is everything outside our own code: uvloop, sockets, asyncpg's reader."""
    if frame and _entered_from_loop(frame):
        return "loop"
    while frame:
        path = frame.f_code.co_filename
        for what, fragments in PLACES.items():
            if any(fragment in path for fragment in fragments):
                return what
        frame = frame.f_back
    return "loop"


def _entered_from_loop(frame: FrameType) -> bool:
    """A signal that comes while C code runs is told at the first instruction of the next Python function."""
    back = frame.f_back
    return (
        back is not None
        and back.f_code.co_filename.endswith(RUNNERS)
        and frame.f_code.co_code[frame.f_lasti] == RESUME
    )


def main() -> None:
    def look(_number: int, frame: FrameType | None) -> None:
        _counts[doing(frame)] += 1

    def begin(_number: int, _frame: FrameType | None) -> None:
        _counts.clear()
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def tell(_number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(MARK + json.dumps(_counts), flush=True)

    signal.signal(signal.SIGPROF, look)
    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, tell)
    from hub.cli import main as hub  # after the handlers: the hub's own are added to them

    hub(["worker"])


if __name__ == "__main__":
    main()
