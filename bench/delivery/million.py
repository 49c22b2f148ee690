"""One campaign to a million: is the end as fast as the beginning, how much memory, and how long does other mail wait?

It is sent once a run and not in rounds: its own parts are compared with each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median, quantiles
from uuid import UUID

from bench.delivery.fast_sink import WATCHED
from bench.delivery.postfix import Sink
from bench.delivery.processes import Running, until
from bench.delivery.stage import Stage, at_rest, staged
from bench.delivery.two import fast_sink
from bench.harness import Figure
from hub import outbox
from hub.db import network_transaction
from hub.ids import uuid7

RECIPIENTS = 1_000_000
WINDOW = 10_000
PARTS = 5
PROBE_SECONDS, MEMORY_SECONDS = 0.1, 0.5
ACCOUNTS = 10_000


@dataclass(slots=True)
class Watch:
    """What is seen while the campaign goes out, on the system's monotonic clock."""

    course: list[tuple[float, int]] = field(default_factory=list)
    """Instant, and how many were sent by then."""
    memory: list[float] = field(default_factory=list)
    committed: dict[str, float] = field(default_factory=dict)
    """When each password link was asked for, by the reader's name before the @."""


async def million(_rounds: int) -> list[Figure]:
    async with fast_sink() as sink, staged() as stage:
        await stage.add_readers("public", RECIPIENTS)
        accounts = await _make_accounts(stage)
        campaign_id = await stage.new_campaign("20 KB", ("public",))
        with stage.worker(sink.port) as worker:
            await at_rest(worker)
            await stage.release(campaign_id)
            watch = await _watched(stage, worker, accounts)
            waits = await _waits(watch, sink)
    return [*_speeds(watch.course), _memory(watch.memory), *_waiting(waits)]


async def _make_accounts(stage: Stage) -> list[tuple[str, UUID]]:
    accounts = [(f"attesa{number}", uuid7()) for number in range(ACCOUNTS)]
    await stage.superuser.executemany(
        """
        INSERT INTO accounts (id, email, password_hash, name, created_at)
        VALUES ($1, $2, '!', 'Anna Prova', now())
        """,
        [(account_id, name + WATCHED.decode()) for name, account_id in accounts],
    )
    return accounts


async def _watched(stage: Stage, worker: Running, accounts: Sequence[tuple[str, UUID]]) -> Watch:
    watch = Watch()
    probes = asyncio.create_task(_ask_for_links(watch, accounts))
    looked = 0.0
    sent = 0
    try:
        while sent < RECIPIENTS:
            sent = await stage.sent()
            now = time.monotonic()
            watch.course.append((now, sent))
            if now - looked > MEMORY_SECONDS:
                looked = now
                watch.memory.append(worker.memory_mb())
            _check_progress(watch.course)
            await asyncio.sleep(0.02)
    finally:
        probes.cancel()
        with suppress(asyncio.CancelledError):
            await probes
    return watch


def _check_progress(course: list[tuple[float, int]], seconds: float = 60) -> None:
    now, sent = course[-1]
    if now - course[0][0] > seconds and sent == next(
        then for at, then in reversed(course) if now - at > seconds
    ):
        raise RuntimeError(f"nothing was sent for {seconds:g} s, {sent} of {RECIPIENTS} are")


async def _ask_for_links(watch: Watch, accounts: Sequence[tuple[str, UUID]]) -> None:
    """As if somebody forgot a password, ten times a second."""
    for name, account_id in accounts:
        async with network_transaction() as scope:
            await outbox.enqueue(scope, "accounts.send_password_link", account_id=account_id)
            asked = time.monotonic()
        watch.committed[name] = asked
        await asyncio.sleep(PROBE_SECONDS)


async def _waits(watch: Watch, sink: Sink) -> list[float]:
    """Seconds from each commit to the mail server's acceptance, in the order of the commits."""

    def taken() -> dict[str, float]:
        lines = (line.split() for line in sink.process.said().splitlines())
        return {name: float(instant) for name, instant in lines}

    await until(lambda: len(taken()) >= len(watch.committed), "the last password link", every=0.5)
    arrived = taken()
    return [arrived[name] - asked for name, asked in watch.committed.items()]


def _speeds(course: Sequence[tuple[float, int]]) -> list[Figure]:
    """Of each 10,000. The first 10,000 warm the worker up and are left out."""
    instants = [_instant(course, count) for count in range(WINDOW, RECIPIENTS + 1, WINDOW)]
    rates = [WINDOW / (end - begin) for begin, end in pairwise(instants)]
    whole = (RECIPIENTS - WINDOW) / (instants[-1] - instants[0])
    tenth = max(1, len(rates) // 10)
    return [
        Figure("delivery.million", whole, "messages/s", min(rates), max(rates)),
        Figure(
            "newsletter.last_10000",
            rates[-1],
            "messages/s",
            min(rates[-tenth:]),
            max(rates[-tenth:]),
            {
                "the first 10,000": rates[-1] / rates[0],
                "the first tenth": median(rates[-tenth:]) / median(rates[:tenth]),
            },
            {"the first tenth": 0.95},
        ),
    ]


def _instant(course: Sequence[tuple[float, int]], count: int) -> float:
    """When so many were sent, between the two looks around that moment."""
    for (before, fewer), (after, more) in pairwise(course):
        if fewer < count <= more:
            return before + (after - before) * (count - fewer) / (more - fewer)
    raise ValueError(f"{count} were never reached")


def _memory(seen: Sequence[float]) -> Figure:
    return Figure("delivery.memory", median(seen), "MB", min(seen), max(seen))


def _waiting(waits: Sequence[float]) -> list[Figure]:
    """Low and high are the best and the worst fifth of the campaign."""
    size = len(waits) // PARTS
    parts = [waits[size * number : size * (number + 1)] for number in range(PARTS)]

    def at(percent: int, of: Sequence[float]) -> float:
        return quantiles(of, n=100, method="inclusive")[percent - 1] * 1000

    return [
        Figure(
            name,
            at(percent, waits),
            "ms",
            min(at(percent, part) for part in parts),
            max(at(percent, part) for part in parts),
        )
        for name, percent in (
            ("delivery.transactional_wait", 99),
            ("delivery.transactional_wait_p50", 50),
        )
    ]
