"""How many statements something runs: those of scopes, which are all there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub import db

RUNS = ("fetch", "fetchrow", "fetchval", "execute", "executemany")


class Statements:
    def __init__(self) -> None:
        self.ran: list[str] = []


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Within the block every statement is written down in `ran`."""
    found = Statements()

    def watching(name: str) -> Any:
        original = getattr(db._Scope, name)

        async def run(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
            found.ran.append(" ".join(sql.split())[:120])
            return await original(self, sql, *args, **kwargs)

        return run

    with monkeypatch.context() as patched:
        for name in RUNS:
            patched.setattr(db._Scope, name, watching(name))
        yield found
