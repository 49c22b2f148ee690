"""PostgreSQL and Valkey of the test run: started by the first process that needs them, ended with it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass

import pytest

from hub.embedded.ephemeral import EphemeralPostgres, EphemeralValkey
from tests.support.databases import make_template, run_apart

_stack = pytest.StashKey[ExitStack]()
_servers = pytest.StashKey["Servers"]()


@dataclass(frozen=True, slots=True)
class Servers:
    """Their addresses: PostgreSQL's as a superuser, Valkey's for its first database."""

    postgres: str
    valkey: str


def servers_of(config: pytest.Config) -> Servers:
    """Under xdist the controlling process starts them and tells the workers; otherwise they start when first asked for."""
    told: dict[str, str] | None = getattr(config, "workerinput", {}).get("servers")
    if told:
        return Servers(**told)
    if _servers not in config.stash:
        config.stash[_servers] = _start(config)
    return config.stash[_servers]


def tell_worker(config: pytest.Config, workerinput: dict[str, object]) -> None:
    workerinput["servers"] = asdict(servers_of(config))


def stop_servers(config: pytest.Config) -> None:
    if _stack in config.stash:
        config.stash[_stack].close()


def _start(config: pytest.Config) -> Servers:
    stack = config.stash[_stack] = ExitStack()
    postgres = stack.enter_context(EphemeralPostgres())
    valkey = stack.enter_context(EphemeralValkey())
    run_apart(make_template(postgres.superuser_url))
    return Servers(postgres.superuser_url, valkey.url)
