from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from hub.embedded import ports, postgres
from hub.embedded.ephemeral import PREFIX, EphemeralPostgres
from hub.embedded.postgres import Cluster, PostgresError
from hub.embedded.process import NOBODY, identity, server_user
from hub.embedded.programs import postgres_programs
from hub.embedded.state import default_folder

KILLED_PARENT = """
import os, sys, time
from hub.embedded.ephemeral import EphemeralPostgres
server = EphemeralPostgres()
server.start()
print(server.cluster.data, server._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[EphemeralPostgres]:
    with EphemeralPostgres() as started:
        started.prepare()
        yield started


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user := server_user():
        os.chown(data, user.uid, user.gid)
    programs = postgres_programs(server_user(), default_folder() / "programs")
    return Cluster(data, programs, server_user(), "a-password", ports.any_free(), hasty=True)


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_the_hubs_logins_come_into_an_empty_database(server: EphemeralPostgres) -> None:
    for login in ("hub_owner", "hub_web", "hub_worker"):
        assert await _value(server.url(login), "SELECT current_user::text") == login
    assert await _value(server.url("hub_web"), "SHOW server_encoding") == "UTF8"
    assert await _value(server.url("hub_web"), "SELECT lower('CAFFÈ')") == "caffè"


async def test_preparing_again_changes_nothing_but_the_passwords(server: EphemeralPostgres) -> None:
    connection = await asyncpg.connect(server.superuser_url)
    try:
        await postgres.prepare(connection, server.passwords | {"hub_web": "another"})
        assert await _value(server.cluster.url("hub_web", "another", "hub"), "SELECT 1") == 1
    finally:
        await postgres.prepare(connection, server.passwords)
        await connection.close()


async def test_a_wrong_password_is_refused(server: EphemeralPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.cluster.url("postgres", "wrong"))


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server runs as that user")
def test_roots_server_runs_as_nobody(server: EphemeralPostgres) -> None:
    pid = int((server.cluster.data / "postmaster.pid").read_text().split()[0])
    assert psutil.Process(pid).uids().real == NOBODY


def test_nothing_is_left_after_the_end() -> None:
    with EphemeralPostgres() as server:
        data = server.cluster.data
        pid = int((data / "postmaster.pid").read_text().split()[0])
    assert not psutil.pid_exists(pid)
    assert not data.parent.exists()
    assert ports.is_free(server.port)


def test_a_killed_test_run_leaves_no_server_and_the_next_removes_its_data() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED_PARENT], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        data, pid = parent.stdout.readline().split()
        parent.kill()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(pid))
    assert Path(data).parent.name.startswith(PREFIX)
    with EphemeralPostgres():
        assert not Path(data).exists()


def test_a_stale_process_id_that_is_someone_elses_now_does_not_stop_the_start(
    cluster: Cluster,
) -> None:
    cluster.create()
    # A living process of the servers' own user: PostgreSQL alone would refuse to start.
    with subprocess.Popen(["sleep", "60"], **identity(cluster.user)) as stranger:
        (cluster.data / "postmaster.pid").write_text(
            f"{stranger.pid}\n{cluster.data}\n1\n{cluster.port}\n\n127.0.0.1\n\nready\n"
        )
        cluster.clear()
        process = postgres.start(cluster)
        assert process.poll() is None
        assert stranger.poll() is None
        stranger.kill()
        cluster.clear()
        process.wait(5)


def test_an_orphaned_server_is_ended_before_a_new_one_starts(cluster: Cluster) -> None:
    cluster.create()
    orphan = subprocess.Popen(
        cluster.command(), cwd=cluster.data, stderr=subprocess.DEVNULL, **identity(cluster.user)
    )
    deadline = time.monotonic() + 10
    while not cluster.is_ready() and time.monotonic() < deadline:
        time.sleep(0.02)
    cluster.clear()
    assert orphan.wait(1) is not None
    process = postgres.start(cluster)
    assert asyncio.run(_value(cluster.url(), "SELECT 1")) == 1
    cluster.clear()
    process.wait(5)


def test_files_of_an_interrupted_initdb_are_replaced(cluster: Cluster) -> None:
    (cluster.data / "base").mkdir()
    (cluster.data / "postgresql.conf").touch()
    cluster.create()
    assert (cluster.data / "PG_VERSION").read_text() == "18\n"
    assert sorted(path.name for path in cluster.data.parent.iterdir()) == ["data"]


def test_data_of_another_version_are_refused(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 15"):
        cluster.create()
    assert (cluster.data / "PG_VERSION").exists()


def test_why_it_does_not_start_is_said_in_the_servers_words(cluster: Cluster) -> None:
    cluster.create()
    with (cluster.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = on\n")
    with pytest.raises(PostgresError, match="no_such_setting"):
        postgres.start(cluster)
