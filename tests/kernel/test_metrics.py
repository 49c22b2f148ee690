"""What Prometheus gets to see."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from hub import cli, metrics
from hub.config import Settings, SettingsError, variable
from hub.db import network_transaction, relay_transaction
from hub.embedded.plan import HUB_COMMAND
from hub.outbox import enqueue
from tests.support.databases import Database

HERE = "127.0.0.1"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def page() -> Iterator[str]:
    with metrics.serve(f"{HERE}:{free_port()}") as port:
        yield f"http://{HERE}:{port}/metrics"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def read(page: str) -> dict[str, float]:
    text = httpx.get(page, trust_env=False).raise_for_status().text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_what_the_sender_tells_is_served(page: str) -> None:
    before = read(page)
    metrics.messages({("sent", ""): 40, ("failed", "unknown"): 2})
    metrics.message("in_doubt", "connection_lost")
    metrics.turn_limited("tenant")
    for _ in range(3):
        metrics.connection_opened()
    metrics.connection_closed()
    metrics.connection_refused("unreachable")
    metrics.rows_in_hand(17)
    metrics.recorded(0.02)
    metrics.transactional_sent(1.5)
    metrics.transactional_sent(-1)
    metrics.beat()
    now = read(page)

    def more(name: str) -> float:
        return now[name] - before.get(name, 0)

    assert more('hub_mail_messages_total{cause="",outcome="sent"}') == 40
    assert more('hub_mail_messages_total{cause="unknown",outcome="failed"}') == 2
    assert more('hub_mail_messages_total{cause="connection_lost",outcome="in_doubt"}') == 1
    assert more('hub_mail_limited_turns_total{by="tenant"}') == 1
    assert more("hub_mail_connections") == 2
    assert more('hub_mail_refused_connections_total{cause="unreachable"}') == 1
    assert now["hub_mail_rows_in_hand"] == 17
    assert more("hub_mail_recording_seconds_count") == 1
    assert more("hub_mail_transactional_wait_seconds_count") == 2
    assert more("hub_mail_transactional_wait_seconds_sum") == 1.5, "a clock set back is no wait"
    assert now["hub_mail_beat_timestamp_seconds"] > before["hub_mail_beat_timestamp_seconds"]
    assert now["process_resident_memory_bytes"] > 0


def test_every_name_is_documented() -> None:
    served = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics.REGISTRY.collect()
        if family.name.startswith("hub_")
    }
    assert served == set(re.findall(r"^\| `(hub_\w+)", DOCUMENTED.read_text(), re.MULTILINE))


async def test_the_outbox_is_counted(db: Database, page: str) -> None:
    async with network_transaction() as scope:
        await enqueue(scope, "nothing.to_do")
        dead = await enqueue(scope, "nothing.to_do")
    async with relay_transaction() as scope:
        await scope.execute("UPDATE outbox SET dead_at = $1 WHERE id = $2", scope.now, dead)
    stop = asyncio.Event()
    watching = asyncio.create_task(metrics.watch_outbox(stop))
    await asyncio.sleep(0)
    stop.set()
    await watching
    found = await asyncio.to_thread(read, page)
    assert found['hub_outbox_rows{state="due"}'] == 1
    assert found['hub_outbox_rows{state="dead"}'] == 1


def test_a_second_worker_takes_the_next_port() -> None:
    address = f"{HERE}:{free_port()}"
    with metrics.serve(address) as first, metrics.serve(address) as second:
        assert first
        assert second
        assert first < second < first + metrics.PORTS
        assert read(f"http://{HERE}:{second}/metrics")


def test_a_worker_without_a_free_port_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "PORTS", 1)
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        with metrics.serve(f"{HERE}:{port}") as got:
            assert got is None


def test_without_an_address_nothing_is_served() -> None:
    with metrics.serve("") as port:
        assert port is None


@pytest.mark.parametrize(
    "address", ["9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ":9464"]
)
def test_an_address_that_cannot_be_read(address: str) -> None:
    with pytest.raises(SettingsError, match="HUB_METRICS_ADDRESS"), metrics.serve(address):
        pass


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of another machine (RFC 5737: nobody's), which tests may not look up."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    return "203.0.113.1:9464"


def test_an_address_of_another_machine(elsewhere: str) -> None:
    with (
        pytest.raises(SettingsError, match="no address of this machine"),
        metrics.serve(elsewhere),
    ):
        pass


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_host_that_is_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(SettingsError, match="not known here"):
        metrics.check("numbers.example.org:9464")


def test_a_port_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(metrics, "start_http_server", forbidden)
    with (
        pytest.raises(SettingsError, match="cannot be served on: Permission denied"),
        metrics.serve(f"{HERE}:{free_port()}"),
    ):
        pass


def test_it_is_checked_where_nothing_is_served(
    settings: Settings, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: replace(settings, metrics_address=elsewhere))
    answer = CliRunner().invoke(cli.main, ["worker", "--once"])
    assert answer.exit_code == 1
    assert answer.output == "Error: HUB_METRICS_ADDRESS is no address of this machine.\n"


async def test_a_worker_serves_its_numbers(db: Database, settings: Settings, valkey: str) -> None:
    port = free_port()
    keys = "k1:" + base64.b64encode(bytes(32)).decode()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        variable("database_url"): settings.database_url,
        variable("worker_database_url"): settings.worker_database_url,
        variable("redis_url"): valkey,
        variable("secret_keys"): keys,
        variable("field_keys"): keys,
        variable("metrics_address"): f"{HERE}:{port}",
    }
    worker = await asyncio.create_subprocess_exec(*HUB_COMMAND, "worker", env=environment)
    try:
        found: dict[str, float] = {}
        async with asyncio.timeout(30):
            while 'hub_outbox_rows{state="due"}' not in found:
                await asyncio.sleep(0.05)
                with suppress(httpx.TransportError):
                    found = await asyncio.to_thread(read, f"http://{HERE}:{port}/metrics")
    finally:
        worker.terminate()
        await worker.wait()
    assert not {name for name in found if "@" in name}
