from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest
import redis

from hub.embedded import ports
from hub.embedded.ephemeral import EphemeralValkey
from hub.embedded.process import NOBODY, server_user, spawn
from hub.embedded.programs import valkey_server
from hub.embedded.state import default_folder
from hub.embedded.valkey import Bell


def test_it_answers_who_knows_the_password_only() -> None:
    with EphemeralValkey() as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        with (
            redis.Redis(port=server.port) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server runs as that user")
def test_roots_server_runs_as_nobody() -> None:
    with EphemeralValkey() as server, redis.Redis.from_url(server.url) as client:
        assert psutil.Process(client.info()["process_id"]).uids().real == NOBODY


def test_nothing_is_left_after_the_end() -> None:
    with EphemeralValkey() as server, redis.Redis.from_url(server.url) as client:
        pid = client.info()["process_id"]
    assert not psutil.pid_exists(pid)
    assert not server.bell.data.parent.exists()


def test_what_was_kept_is_there_after_a_kill(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    user = server_user()
    if user:
        os.chown(data, user.uid, user.gid)
    program = valkey_server(user, default_folder() / "programs")
    bell = Bell(data, program, user, "a-password", ports.any_free())
    bell.configure()
    for expected in (None, b"rung"):
        process = spawn(bell.command(), user=user, folder=data)
        while not bell.is_ready():
            assert process.poll() is None
        with redis.Redis.from_url(bell.url) as client:
            assert client.get("bell") == expected
            client.set("bell", "rung")
        process.kill()
        process.wait()


def test_it_is_not_ready_for_another_password() -> None:
    with EphemeralValkey() as server:
        bell = server.bell
        assert bell.is_ready()
        assert not Bell(bell.data, bell.program, bell.user, "wrong", bell.port).is_ready()
        assert not bell.on(ports.any_free()).is_ready()


def test_an_orphan_is_ended() -> None:
    with EphemeralValkey() as server:
        server.bell.clear()
        assert not server.bell.is_ready()
