from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from hub.config import Settings
from hub.embedded import state as state_module
from hub.embedded.process import server_user
from hub.embedded.state import (
    AlreadyRunning,
    StateError,
    StateFolder,
    default_folder,
    write_private,
)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_servers_own_their_folders_and_nobody_else_reads_them(folder: Path) -> None:
    state = StateFolder.open(folder / "state")
    owner = ((user := server_user()) and user.uid) or os.geteuid()
    for data in (state.postgres, state.valkey):
        assert data.stat().st_uid == owner
        assert _mode(data) == 0o700
    assert _mode(state.logs) == 0o700
    assert state.root.stat().st_uid == os.geteuid()


def test_folders_above_keep_their_permissions(folder: Path) -> None:
    outer = folder / "outer"
    outer.mkdir()
    outer.chmod(0o751)
    StateFolder.open(outer / "state")
    assert _mode(outer) == 0o751


def test_folders_that_are_made_above_can_be_entered_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        state = StateFolder.open(folder / "made" / "state")
    finally:
        os.umask(before)
    assert _mode(folder / "made") == (0o755 if state.user else 0o700)


def test_a_folder_that_cannot_be_made_is_said(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(StateError, match="cannot be set up"):
        StateFolder.open(folder / "file" / "state")


def test_secrets_are_made_once_and_private(folder: Path) -> None:
    first = StateFolder.open(folder).secrets()
    assert StateFolder.open(folder).secrets() == first
    assert _mode(folder / "secrets.json") == 0o600
    assert len(set(first.values())) == len(first)


def test_the_keys_are_ones_that_the_settings_accept(folder: Path) -> None:
    secrets = StateFolder.open(folder).secrets()
    urls = dict.fromkeys(("HUB_DATABASE_URL", "HUB_WORKER_DATABASE_URL"), "postgresql://x")
    urls["HUB_REDIS_URL"] = "redis://x"
    settings = Settings.from_env(secrets | urls)
    assert len(settings.field_keys[0].secret) == 32


def test_a_secret_that_a_later_version_needs_is_added(folder: Path) -> None:
    state = StateFolder.open(folder)
    older = {name: value for name, value in state.secrets().items() if name != "valkey"}
    write_private(folder / "secrets.json", json.dumps(older))
    newer = state.secrets()
    assert newer["valkey"]
    assert newer.items() >= older.items()


def test_data_without_their_passwords_are_not_touched(folder: Path) -> None:
    state = StateFolder.open(folder)
    (state.postgres / "PG_VERSION").write_text("18")
    with pytest.raises(StateError, match=r"secrets\.json is gone"):
        state.secrets()


def test_a_broken_file_is_named(folder: Path) -> None:
    state = StateFolder.open(folder)
    (folder / "secrets.json").write_text("{")
    with pytest.raises(StateError, match=r"secrets\.json cannot be read"):
        state.secrets()


def test_only_one_holds_the_folder(folder: Path) -> None:
    state = StateFolder.open(folder)
    assert not state.is_locked()
    with state.lock():
        assert state.is_locked()
        with (
            pytest.raises(AlreadyRunning, match="already running"),
            StateFolder.open(folder).lock(),
        ):
            pass
    assert not state.is_locked()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's servers are their own")
def test_root_is_told_of_a_folder_that_the_servers_cannot_reach(folder: Path) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    with pytest.raises(StateError, match="HUB_STATE_FOLDER"):
        StateFolder.open(closed / "state")
    assert _mode(closed) == 0o700


def test_the_folder_is_the_checkouts_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_STATE_FOLDER", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_folder() == state_module.checkout() / ".hub"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    mine = default_folder()
    monkeypatch.setattr(state_module, "checkout", lambda: Path("/elsewhere"))
    assert mine.parent == default_folder().parent == Path("/var/lib/microwork-hub")
    assert mine != default_folder()
    monkeypatch.setenv("HUB_STATE_FOLDER", "/chosen")
    assert default_folder() == Path("/chosen")
