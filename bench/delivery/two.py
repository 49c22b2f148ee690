"""`delivery.two_workers`: what a second worker adds where the mail server allows it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.delivery.postfix import Sink
from bench.delivery.processes import listens, running, until
from bench.delivery.sending import send
from bench.delivery.stage import staged
from bench.harness import Figure, figure, take_turns
from hub.embedded import ports

RECIPIENTS = 40_000


async def two_workers(rounds: int) -> list[Figure]:
    async with fast_sink() as sink, staged() as stage:
        await stage.add_readers("public", RECIPIENTS)

        async def by(workers: int) -> float:
            run = await send(stage, sink.process, sink.port, "20 KB", ("public",), workers=workers)
            return run.rate

        results = await take_turns({"one": lambda: by(1), "two": lambda: by(2)}, rounds)
    gains = [two / one for two, one in zip(results["two"], results["one"], strict=True)]
    return [
        figure("delivery.one_worker_fast_sink", "messages/s", results["one"]),
        figure(
            "delivery.two_workers",
            "messages/s",
            results["two"],
            against={"one worker": gains},
            aims={"one worker": 1.2},
        ),
    ]


@asynccontextmanager
async def fast_sink() -> AsyncIterator[Sink]:
    port = ports.any_free()
    with running([sys.executable, "-m", "bench.delivery.fast_sink", str(port)]) as process:
        await until(lambda: listens(port), "the sink's start")
        yield Sink(port, process)
