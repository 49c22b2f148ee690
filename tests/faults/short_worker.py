"""`hub worker` with every patience shortened alike and a freeze in small chunks; SIGUSR1 sets its clock back.

So a test need not wait half a minute, nor have many readers.

python -m tests.faults.short_worker
"""

from __future__ import annotations

import signal
from datetime import timedelta

from hub import clock
from hub.cli import main
from hub.mail import pool, replies
from hub.newsletter import freeze
from hub.newsletter.delivery import claiming, holders, sender

CLOCK_STEP = timedelta(hours=1)
CHUNK = 500


def shorten() -> None:
    """The proportions stay: a beat, then no more trust in oneself, then dead to the others."""
    holders.BEAT, holders.TRUSTED, holders.DEAD = 0.5, 2.5, 5.0
    sender.LOOK_SECONDS, claiming.SOONEST_LOOK = 0.1, timedelta(seconds=0.2)
    claiming.DOUBT_GRACE = timedelta(seconds=1)
    claiming.SHORTEST_STALL, claiming.LONGEST_STALL = (
        timedelta(seconds=0.05),
        timedelta(seconds=0.1),
    )
    pool.FEWER_SECONDS = 0.1
    freeze.CHUNK = CHUNK
    replies._FIRST_PAUSE = replies.LONGEST_PAUSE = timedelta(seconds=0.5)


def set_clock_back(*_: object) -> None:
    clock.moved(-CLOCK_STEP).__enter__()


if __name__ == "__main__":
    shorten()
    signal.signal(signal.SIGUSR1, set_clock_back)
    main(["worker"], prog_name="hub")
