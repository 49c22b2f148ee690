from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import asyncpg
import psutil
import pytest
import redis

from hub.embedded import ports
from hub.embedded.plan import make_plan, server_services
from hub.embedded.state import StateFolder
from hub.embedded.supervisor import Service, ServiceFailed, Supervisor

Make = Callable[..., Service]
SLEEP = "import time; print('started', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
{SLEEP}
"""
KILLED_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from hub.embedded.supervisor import Service, Supervisor

async def main():
    supervisor = Supervisor(print)
    for name in ("one", "two"):
        command = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
        await supervisor.start(Service(name=name, command=command, log=Path(sys.argv[1], name + ".log")))
    print(*supervisor.process_ids.values(), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(code: str = SLEEP, name: str = "service", **more: object) -> Service:
        command = (sys.executable, "-S", "-c", code)
        return Service(name=name, command=command, log=tmp_path / f"{name}.log", **more)  # type: ignore[arg-type]  # each test's own

    return make


@asynccontextmanager
async def supervising(said: list[str] | None = None) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor((said if said is not None else []).append)
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)


def started(service: Service) -> Callable[[], bool]:
    return lambda: service.log.exists() and "started" in service.log.read_text()


def twice_started(service: Service) -> Callable[[], bool]:
    return lambda: service.log.read_text().count("started") == 2


async def test_a_killed_service_comes_back(make: Make) -> None:
    said: list[str] = []
    async with supervising(said) as supervisor:
        await supervisor.start(make())
        first = supervisor.process_ids["service"]
        os.kill(first, SIGKILL)
        await until(lambda: supervisor.process_ids.get("service") not in {None, first})
        await until(lambda: len(said) == 2)
        assert said == ["service ended by SIGKILL; starting it again", "service is back"]


async def test_start_waits_until_the_service_is_ready(make: Make, tmp_path: Path) -> None:
    code = f"import time; time.sleep(0.3); open({str(tmp_path / 'ready')!r}, 'w'); time.sleep(60)"
    async with supervising() as supervisor:
        await supervisor.start(make(code, ready=(tmp_path / "ready").exists))
        assert (tmp_path / "ready").exists()


async def test_what_ends_too_often_is_given_up_with_its_last_words(make: Make) -> None:
    said: list[str] = []
    async with supervising(said) as supervisor:
        with pytest.raises(
            ServiceFailed, match=r"(?s)service ended 5 times within a minute.*code 1.*no luck"
        ):
            await supervisor.start(make("raise SystemExit('no luck')", ready=lambda: False))
    assert len(said) == 4


async def test_a_failure_later_on_is_told_too(make: Make) -> None:
    async with supervising() as supervisor:
        await supervisor.start(make("pass"))
        with pytest.raises(ServiceFailed, match="with code 0"):
            await asyncio.wait_for(supervisor.failure(), 20)


async def test_what_never_becomes_ready_is_given_up(make: Make) -> None:
    async with supervising() as supervisor:
        with pytest.raises(ServiceFailed, match="service does not answer"):
            await supervisor.start(make(ready=lambda: False, ready_seconds=0.2))


async def test_a_command_that_does_not_exist_is_named(make: Make, tmp_path: Path) -> None:
    service = Service(name="absent", command=(str(tmp_path / "nothing"),), log=tmp_path / "log")
    async with supervising() as supervisor:
        with pytest.raises(ServiceFailed, match="absent cannot be started"):
            await supervisor.start(service)


async def test_what_was_left_behind_is_cleared_before_every_start(make: Make) -> None:
    cleared: list[int] = []
    async with supervising() as supervisor:
        await supervisor.start(make(clear=lambda: cleared.append(1)))
        os.kill(supervisor.process_ids["service"], SIGKILL)
        await until(lambda: len(cleared) == 2)


async def test_higher_layers_stop_first(make: Make, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, time, sys; print('started', flush=True)\n"
        f"def end(*_): open({str(order)!r}, 'a').write(sys.argv[1] + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('started', flush=True); time.sleep(60)"
    )
    async with supervising() as supervisor:
        for name, layer in (("base", 0), ("top", 1)):
            service = make(code.replace("sys.argv[1]", repr(name)), name, layer=layer)
            await supervisor.start(service)
            await until(twice_started(service))
    assert order.read_text() == "top base "


async def test_stopping_asks_with_the_services_own_signal(make: Make) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: (print('asked'), sys.exit()));"
        + SLEEP
    )
    service = make(code, stop_signal=SIGINT)
    async with supervising() as supervisor:
        await supervisor.start(service)
        await until(started(service))
    assert "asked" in service.log.read_text()


async def test_one_that_does_not_listen_is_killed_in_time(make: Make) -> None:
    service = make(STUBBORN, stop_seconds=0.3)
    async with supervising() as supervisor:
        await supervisor.start(service)
        await until(started(service))
        pid = supervisor.process_ids["service"]
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert not psutil.pid_exists(pid)


async def test_killing_waits_for_nobody(make: Make) -> None:
    service = make(STUBBORN, stop_seconds=30)
    supervisor = Supervisor(lambda _: None)
    await supervisor.start(service)
    await until(started(service))
    began = time.monotonic()
    supervisor.kill()
    await supervisor.stop()
    assert time.monotonic() - began < 2


async def test_the_children_of_a_killed_service_end_with_it(make: Make) -> None:
    service = make(PARENT)
    async with supervising() as supervisor:
        await supervisor.start(service)
        await until(started(service))
        grandchild = psutil.Process(int(service.log.read_text().split()[0]))
        os.kill(supervisor.process_ids["service"], SIGKILL)
        await until(lambda: not grandchild.is_running() or grandchild.status() == "zombie")


async def test_a_log_is_kept_over_a_restart_and_does_not_grow_for_ever(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make()
    service.log.write_text("an earlier run\n")
    async with supervising() as supervisor:
        await supervisor.start(service)
        await until(started(service))
        assert "an earlier run" in service.log.read_text()
        monkeypatch.setattr("hub.embedded.supervisor.MAX_LOG_BYTES", 10)
        os.kill(supervisor.process_ids["service"], SIGKILL)
        await until(lambda: service.log.with_suffix(".log.1").exists())
        await until(started(service))
        assert "an earlier run" not in service.log.read_text()


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells children of their parent's death"
)
@pytest.mark.parametrize("how", [SIGKILL, SIGTERM])
def test_a_killed_supervisor_takes_its_services_along(tmp_path: Path, how: int) -> None:
    command = [sys.executable, "-c", KILLED_SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        children = [psutil.Process(int(pid)) for pid in supervisor.stdout.readline().split()]
        assert len(children) == 2
        supervisor.send_signal(how)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


async def test_killed_servers_come_back_with_their_data(folder: Path) -> None:
    state = StateFolder.open(folder)
    plan = make_plan(state, {"HUB_SMTP_URL": "smtp://elsewhere"}, ports.any_free(), lambda _: None)
    assert plan.cluster is not None
    assert plan.bell is not None
    plan.cluster.create()
    plan.bell.configure()
    said: list[str] = []
    async with supervising(said) as supervisor:
        for service in server_services(plan, state).values():
            await supervisor.start(service)
        connection = await asyncpg.connect(plan.cluster.url())
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        with redis.Redis.from_url(plan.bell.url) as client:
            client.set("kept", 1)
            for pid in supervisor.process_ids.values():
                os.kill(pid, SIGKILL)
            await until(lambda: "postgres is back" in said and "valkey is back" in said)
            assert client.get("kept") == b"1"
        connection.terminate()
        connection = await asyncpg.connect(plan.cluster.url())
        assert await connection.fetchval("SELECT one FROM kept") == 1
        await connection.close()
