"""The first host reaches everything by way of proxies, which can be cut: anywhere, as any user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.newsletter.schemas import OnDoubt
from tests.faults.cut_host import HOSTS, Cable, cut_in_the_middle
from tests.faults.reckoning import Report
from tests.faults.stage import SHORT_WORKER, SLOW, Stage, staged
from tests.support.cutting_proxy import CuttingProxy


@dataclass(slots=True)
class ProxyCable(Cable):
    proxies: list[CuttingProxy]
    reset: bool
    """The connections of before end with the cut, as behind a router that forgets them."""
    kind: str = "cable of proxies"

    def _cut(self) -> None:
        for proxy in self.proxies:
            proxy.cut()

    def _mend(self) -> None:
        for proxy in self.proxies:
            proxy.mend(reset=self.reset)


async def by_proxies(on_doubt: OnDoubt, *, reset: bool = False) -> Report:
    async with staged(HOSTS, SLOW) as stage, cabled(stage, reset=reset) as cable:
        return await cut_in_the_middle(stage, cable, on_doubt)


@asynccontextmanager
async def cabled(stage: Stage, *, reset: bool) -> AsyncIterator[Cable]:
    servers = stage.servers
    targets = (stage.sink.url(0), servers.worker_url, servers.valkey.url)
    proxies = [CuttingProxy(target) for target in targets]
    for proxy in proxies:
        await proxy.open()
    sink, postgres, valkey = (proxy.url for proxy in proxies)
    stage.add_worker(SHORT_WORKER, sink=sink, postgres=postgres, valkey=valkey).start()
    for _ in range(1, HOSTS):
        stage.add_worker(SHORT_WORKER).start()
    try:
        yield ProxyCable(proxies, reset)
    finally:
        for worker in stage.workers:
            worker.end()
        for proxy in proxies:
            await proxy.close()
