"""Every host has a network of its own, linked with that of the servers by a pair of interfaces; one is taken down.

Packets vanish, nobody is told, and each side's kernel goes on trying by its own rules. The servers' network is one
that this process alone was started in, so nothing of the machine's is touched:

    python -m tests.faults.link_cable ask | resend      in a new network namespace; writes the report as JSON
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import msgspec

from hub.embedded import ports, postgres
from hub.embedded.process import end, spawn
from hub.newsletter.schemas import OnDoubt
from tests.faults.cut_host import HOSTS, Cable, cut_in_the_middle
from tests.faults.namespaces import run_apart
from tests.faults.reckoning import Report
from tests.faults.stage import SECONDS, SHORT_WORKER, SLOW, Stage, staged
from tests.faults.worker import Worker

# Of both ends of a host's link; /30 is the two of them.
SERVERS, HOST = "10.83.{}.1", "10.83.{}.2"
ANYWHERE = "0.0.0.0"  # in a network that holds only the test's own hosts


async def by_links(on_doubt: OnDoubt) -> Report:
    said = await run_apart("net", "tests.faults.link_cable", on_doubt, seconds=4 * SECONDS)
    return msgspec.json.decode(said, type=Report)


@dataclass(slots=True)
class LinkCable(Cable):
    link: str
    kind: str = "cable between network namespaces"

    def _cut(self) -> None:
        ip("link", "set", self.link, "down")

    def _mend(self) -> None:
        ip("link", "set", self.link, "up")


async def cut_among_links(on_doubt: OnDoubt) -> Report:
    ip("link", "set", "lo", "up")
    listen_anywhere()
    with ExitStack() as links:
        async with staged(HOSTS, SLOW) as stage:
            await let_hosts_in(stage)
            for number in range(HOSTS):
                namespace = links.enter_context(linked(number))
                add_host(stage, number, namespace).start()
            return await cut_in_the_middle(stage, LinkCable(link_of(0)), on_doubt)


def listen_anywhere() -> None:
    """For the servers that are started from now on."""
    ports.HOST = ANYWHERE
    postgres.SETTINGS["listen_addresses"] = ANYWHERE


async def let_hosts_in(stage: Stage) -> None:
    """By their passwords, as those on the machine itself."""
    with (stage.servers.postgres.cluster.data / "pg_hba.conf").open("a") as access:
        access.write("host all all samenet scram-sha-256\n")
    await stage.tell("SELECT pg_reload_conf()")


@contextmanager
def linked(number: int) -> Iterator[Path]:
    """A network for one host, linked with this one. It lives as long as a process holds it."""
    holder = spawn(["unshare", "--net", "--", "sleep", "infinity"], when_orphaned=Signals.SIGKILL)
    try:
        network = Path(f"/proc/{holder.pid}/ns/net")
        while network.readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.005)
        link = link_of(number)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
        ip("address", "add", f"{SERVERS.format(number)}/30", "dev", link)
        ip("link", "set", link, "up")
        ip("address", "add", f"{HOST.format(number)}/30", "dev", "eth0", inside=network)
        for interface in ("lo", "eth0"):
            ip("link", "set", interface, "up", inside=network)
        yield network
    finally:
        end(holder, Signals.SIGKILL, 5)


def add_host(stage: Stage, number: int, network: Path) -> Worker:
    def as_seen(url: str) -> str:
        return reached_at(SERVERS.format(number), url)

    return stage.add_worker(
        (*entering(network), *SHORT_WORKER),
        sink=as_seen(stage.sink.url(number)),
        postgres=as_seen(stage.servers.worker_url),
        valkey=as_seen(stage.servers.valkey.url),
    )


def reached_at(host: str, url: str) -> str:
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who}{at}{host}:{parts.port}"))


def link_of(number: int) -> str:
    """The servers' end."""
    return f"host{number}"


def entering(network: Path) -> tuple[str, ...]:
    return ("nsenter", f"--net={network}", "--")


def ip(*command: str, inside: Path | None = None) -> None:
    prefix = entering(inside) if inside else ()
    subprocess.run([*prefix, "ip", *command], check=True)


if __name__ == "__main__":
    report = asyncio.run(cut_among_links(cast("OnDoubt", sys.argv[1])))
    print(msgspec.json.encode(report).decode())  # noqa: T201  # for whoever started it
