"""`delivery.one_worker`: a campaign by one worker, with the whole ledger, and the same messages by everybody else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.delivery.peers import make_environment, rate_of
from bench.delivery.postfix import Sink, smtp_sink, smtp_source
from bench.delivery.processes import ToolMissing
from bench.delivery.profile import worker_shares
from bench.delivery.sending import Run, send
from bench.delivery.stage import Stage, at_rest, staged
from bench.harness import Figure, Measure, figure, take_turns
from hub.newsletter.segments import Audience
from tests.newsletter.making import until
from tests.support.smtp_sink import SmtpSink

# How many messages each sends in its turn: some seconds' worth, so that beginning and end weigh little, but for the
# slow ones.
SOME: tuple[Audience, ...] = ("public",)
ALL: tuple[Audience, ...] = ("public", "operators")
ONE: tuple[Audience, ...] = ("tutors",)
READERS: dict[Audience, int] = {"public": 10_000, "operators": 50_000, "tutors": 1}
PEERS = {"django-post-office": "django_post_office", "aiosmtplib": "aiosmtplib_sender"}
PEER_MESSAGES = {"django-post-office": 400, "aiosmtplib": 600}
PEER_AIMS = {"django-post-office": 20.0, "aiosmtplib": 10.0}
MICROSECONDS = 80


@dataclass(slots=True)
class Scene:
    stage: Stage
    sink: Sink
    python: Path | None
    """The peers'; None where their packages cannot be had."""
    folder: Path
    runs: list[Run] = field(default_factory=list)
    """Of the worker, the one that warms up too."""


async def one_worker(rounds: int) -> list[Figure]:
    """The peers send the smaller message only: they are slow enough as it is."""
    async with _scene() as scene:
        results = await take_turns(await _contenders(scene, "20 KB", ALL, peers=True), rounds)
        shares = await worker_shares(scene.stage, scene.sink, "20 KB", ALL)
    limits = {"smtp-source": 1.0, **PEER_AIMS}
    return [_rate("delivery.one_worker", results, limits), *_processors(scene.runs[1:]), *shares]


async def one_worker_75k(rounds: int) -> list[Figure]:
    async with _scene() as scene:
        results = await take_turns(await _contenders(scene, "75 KB", SOME, peers=False), rounds)
    return [_rate("delivery.one_worker_75k", results, {"smtp-source": 1.0})]


@asynccontextmanager
async def _scene() -> AsyncIterator[Scene]:
    python = _peers_python()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        async with smtp_sink() as sink, staged() as stage:
            for audience, count in READERS.items():
                await stage.add_readers(audience, count)
            await stage.superuser.execute("CREATE DATABASE peer")
            yield Scene(stage, sink, python, Path(folder))


def _peers_python() -> Path | None:
    try:
        return make_environment()
    except ToolMissing as missing:
        print(f"The peers are left out. {missing}")
        return None


async def _contenders(
    scene: Scene, size: str, audiences: tuple[Audience, ...], *, peers: bool
) -> Mapping[str, Measure]:
    message, task = await _sample(scene, size)
    recipients = sum(READERS[audience] for audience in audiences)

    async def hub() -> float:
        run = await send(scene.stage, scene.sink.process, scene.sink.port, size, audiences)
        scene.runs.append(run)
        return run.rate

    async def source() -> float:
        return await smtp_source(scene.sink.port, message, recipients)

    def peer(name: str, python: Path) -> Measure:
        asked = {**task, "recipients": PEER_MESSAGES[name]}
        return lambda: rate_of(PEERS[name], python, asked)

    slow = {name: peer(name, scene.python) for name in PEERS} if peers and scene.python else {}
    return {"hub": hub, "smtp-source": source, **slow}


async def _sample(scene: Scene, size: str) -> tuple[Path, dict[str, Any]]:
    """A message as a worker sent it, in a file for `smtp-source`; and what the peers fill in for each reader."""
    stage, sink = scene.stage, SmtpSink()
    await sink.start()
    campaign_id = await stage.new_campaign(size, ONE)
    with stage.worker(sink.port) as worker:
        await at_rest(worker)
        await stage.release(campaign_id)
        await until(lambda: bool(sink.messages))
        await stage.all_sent(1)
    await sink.stop()
    content = sink.messages[0].message.as_bytes()
    wire_size = len(content) + content.count(b"\n")
    if abs(wire_size / 1000 / float(size.partition(" ")[0]) - 1) > 0.1:
        raise RuntimeError(f"a message of {size} has grown to {wire_size} bytes: mend STORIES")
    message = scene.folder / "message"
    message.write_bytes(content)
    bodies = json.loads(
        await stage.superuser.fetchval("SELECT bodies FROM campaigns WHERE id = $1", campaign_id)
    )
    return message, {
        **bodies["it"],
        "subject": str(sink.messages[0].message["subject"]),
        "sender": str(sink.messages[0].message["from"]),
        "port": scene.sink.port,
        "database": stage.postgres.url("postgres", "peer"),
    }


def _rate(name: str, results: dict[str, list[float]], aims: dict[str, float]) -> Figure:
    ours = results["hub"]
    against = {
        other: [own / theirs for own, theirs in zip(ours, results[other], strict=True)]
        for other in aims
        if other in results
    }
    return figure(
        name,
        "messages/s",
        ours,
        against=against,
        aims={other: aims[other] for other in against},
    )


def _processors(runs: Sequence[Run]) -> list[Figure]:
    """Where the processors' time goes, for each message; the first is the worker's own."""
    worker = [run.micros("worker") for run in runs]
    limit = f"{MICROSECONDS} µs"
    return [
        figure(
            "delivery.cpu",
            "µs",
            worker,
            against={limit: [MICROSECONDS / each for each in worker]},
            aims={limit: 1.0},
        ),
        figure("delivery.cpu_postgres", "µs", [run.micros("postgres") for run in runs]),
        figure("delivery.cpu_sink", "µs", [run.micros("sink") for run in runs]),
    ]
