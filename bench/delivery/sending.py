"""One campaign by one or more workers, timed from its first claim to its last record, and who used the processors for it.

A worker looks for new campaigns a few times a second. In the product the worker that froze one begins at once; here the
bench froze it, so the clock starts with the first claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from bench.delivery.processes import Running, cpu_seconds
from bench.delivery.stage import WORKER, Stage, at_rest
from hub.newsletter.segments import Audience


@dataclass(frozen=True, slots=True)
class Run:
    recipients: int
    seconds: float
    cpu: Mapping[str, float]
    """Seconds of processor time of the `worker`s, of `postgres` and of the `sink`."""

    @property
    def rate(self) -> float:
        return self.recipients / self.seconds

    def micros(self, who: str) -> float:
        """Of processor time for each message."""
        return self.cpu[who] / self.recipients * 1e6


async def send(
    stage: Stage,
    sink: Running,
    port: int,
    size: str,
    audiences: Sequence[Audience],
    *,
    workers: int = 1,
    command: tuple[str, ...] = WORKER,
) -> Run:
    """The workers are at rest when the campaign is released: neither their start nor the freeze is counted."""
    campaign_id = await stage.new_campaign(size, audiences)
    with ExitStack() as stack:
        started = [stack.enter_context(stage.worker(port, command)) for _ in range(workers)]
        for worker in started:
            await at_rest(worker)
        return await timed(stage, campaign_id, started, sink)


async def timed(stage: Stage, campaign_id: UUID, workers: Sequence[Running], sink: Running) -> Run:
    def used() -> dict[str, float]:
        return {
            "worker": sum(cpu_seconds(worker.process) for worker in workers),
            "postgres": cpu_seconds(stage.postmaster),
            "sink": cpu_seconds(sink.process),
        }

    recipients = await stage.release(campaign_id)
    await stage.begun()
    began, before = perf_counter(), used()
    await stage.all_sent(recipients)
    seconds, after = perf_counter() - began, used()
    return Run(recipients, seconds, {who: after[who] - before[who] for who in before})
