"""Folders that the servers' unprivileged user can reach: pytest's own lie below one that is closed to others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.embedded.leftovers import end_leftovers


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="microwork-hub-test-"))
    made.chmod(0o711)
    yield made
    end_leftovers(made, seconds=1)
    shutil.rmtree(made)
