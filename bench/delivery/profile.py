"""Which part of the worker its processor time goes to: one campaign under a profiler, beside the measurements."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence

from bench.delivery.postfix import Sink
from bench.delivery.processes import until
from bench.delivery.profiled_worker import MARK
from bench.delivery.sending import timed
from bench.delivery.stage import Stage, at_rest
from bench.harness import Figure
from hub.newsletter.segments import Audience

COMMAND = (sys.executable, "-m", "bench.delivery.profiled_worker")


async def worker_shares(
    stage: Stage, sink: Sink, size: str, audiences: Sequence[Audience]
) -> list[Figure]:
    """In percent of the worker's time; `loop` is uvloop, the sockets and what else is not ours."""
    campaign_id = await stage.new_campaign(size, audiences)
    with stage.worker(sink.port, COMMAND) as worker:
        await at_rest(worker)
        worker.process.send_signal(signal.SIGUSR1)
        await timed(stage, campaign_id, [worker], sink.process)
        worker.process.send_signal(signal.SIGUSR2)
        await until(lambda: MARK in worker.said(), "the profile")
        counts = json.loads(worker.said().rpartition(MARK)[2].splitlines()[0])
    whole = sum(counts.values())
    found = []
    for what, count in sorted(counts.items()):
        percent = 100 * count / whole
        found.append(Figure(f"delivery.worker_{what}", percent, "% of CPU", percent, percent))
    return found
