"""Fixtures for every test. Servers start once, by the tests themselves; what a test makes is its own tenants'.

    settings        as `hub web` would have them; `dataclasses.replace` to change one
    db              the database of this process, with a pool open as the worker's login; makers and scopes need it
    own_database    the same with a fresh clone, for a test that looks across tenants or alters the schema
    valkey          an empty Valkey's address
    smtp_sink       a mail server that keeps what it gets
    new_client      makes visitors of the application; `client` is one; `sign_in(client, member)` gives it a session

Makers of tenants, people, citizens and cases are in `tests/factories.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import redis
from litestar import Litestar

from hub import crypto, mail, tokens
from hub.config import Key, Settings
from hub.db import close_pool, network_transaction, open_pool, relay_transaction
from tests.support import databases, web
from tests.support.databases import Database, connected
from tests.support.network import stay_inside
from tests.support.servers import Servers, servers_of, stop_servers, tell_worker
from tests.support.smtp_sink import SmtpSink

UNDER_WAY = "state IN ('freezing', 'sending')"
SECRET_KEYS = (Key("s1", b"signs links in tests, 32 bytes.."),)
FIELD_KEYS = (Key("f1", b"encrypts fields in tests, 32 by."),)


def pytest_configure() -> None:
    stay_inside()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's hook, in the controlling process, before each worker starts."""
    tell_worker(node.config, node.workerinput)


def pytest_unconfigure(config: pytest.Config) -> None:
    stop_servers(config)


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    crypto.use_keys(FIELD_KEYS)
    tokens.use_keys(SECRET_KEYS)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    return servers_of(pytestconfig)


@pytest.fixture(scope="session")
def _database(servers: Servers) -> Iterator[Database]:
    with databases.cloned(servers.postgres) as database:
        yield database


@pytest.fixture(scope="session")
async def _pool(_database: Database) -> AsyncIterator[Database]:
    await open_pool(_database.worker_url)
    yield _database
    await close_pool()


@pytest.fixture
async def db(_pool: Database) -> Database:
    """Begins with an empty outbox, no campaign under way and no attempt counted: what is due, or too much, is its own."""
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
        left = await scope.fetchval(f"SELECT EXISTS (SELECT FROM campaigns WHERE {UNDER_WAY})")
    async with network_transaction() as network:
        await network.execute("DELETE FROM sign_in_attempts")
    if left:
        async with connected(_pool.superuser_url) as superuser:
            await superuser.execute(f"UPDATE campaigns SET state = 'cancelled' WHERE {UNDER_WAY}")
    return _pool


@pytest.fixture
async def own_database(servers: Servers, _pool: Database) -> AsyncIterator[Database]:
    clone = await databases.clone(servers.postgres)
    await close_pool()
    await open_pool(clone.worker_url)
    yield clone
    await close_pool()
    await open_pool(_pool.worker_url)
    await databases.drop(servers.postgres, clone)


@pytest.fixture(scope="session")
def _valkey_url(servers: Servers, pytestconfig: pytest.Config) -> str:
    """Each xdist worker has a numbered database of its own."""
    worker: str = getattr(pytestconfig, "workerinput", {}).get("workerid", "gw0")
    return servers.valkey.removesuffix("0") + worker.removeprefix("gw")


@pytest.fixture
def valkey(_valkey_url: str) -> str:
    with redis.Redis.from_url(_valkey_url) as connection:
        connection.flushdb()
    return _valkey_url


@pytest.fixture(scope="session")
def settings(_database: Database, _valkey_url: str) -> Settings:
    return Settings(
        database_url=_database.web_url,
        worker_database_url=_database.worker_url,
        owner_database_url=_database.owner_url,
        redis_url=_valkey_url,
        secret_keys=SECRET_KEYS,
        field_keys=FIELD_KEYS,
        # Nothing listens there: a test of mail takes the address of its `smtp_sink`.
        smtp_url="smtp://127.0.0.1:1",
        base_url="http://hub.localhost:8000",
    )


@pytest.fixture
async def smtp_sink() -> AsyncIterator[SmtpSink]:
    sink = SmtpSink()
    await sink.start()
    yield sink
    await mail.close_lane()
    await sink.stop()


@pytest.fixture(scope="session")
def app(settings: Settings) -> Litestar:
    """The application without its lifespan, which would open pools and the bell a second time."""
    # Imported late: only tests of pages need it.
    from hub.app import create_app

    return create_app(settings)


@pytest.fixture
async def new_client(
    db: Database, settings: Settings, app: Litestar
) -> AsyncIterator[Callable[[], httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:

        def new() -> httpx.AsyncClient:
            made = web.new_client(app, settings)
            stack.push_async_callback(made.aclose)
            return made

        yield new


@pytest.fixture
def client(new_client: Callable[[], httpx.AsyncClient]) -> httpx.AsyncClient:
    return new_client()
