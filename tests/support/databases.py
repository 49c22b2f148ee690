"""One migrated template for the whole run; every xdist worker, and every test that asks, gets a copy of it."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from hub.embedded import postgres
from hub.roles import OWNER, WEB_LOGIN, WORKER_LOGIN
from hub.schema import migrate

TEMPLATE = "hub_template"
PASSWORDS = {OWNER: "owner", WEB_LOGIN: "web", WORKER_LOGIN: "worker"}

# Quoted: only asyncpg's stubs take a type argument.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
T = TypeVar("T")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the test server, and its address for each who may sign in."""

    name: str
    superuser_url: str

    def url(self, login: str) -> str:
        """For the owner and the two logins, or a role that a test made with its name as the password."""
        parts = urlsplit(self.superuser_url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{login}:{PASSWORDS.get(login, login)}@{host}"))

    @property
    def web_url(self) -> str:
        return self.url(WEB_LOGIN)

    @property
    def worker_url(self) -> str:
        return self.url(WORKER_LOGIN)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own; pytest-asyncio's loop, which is at rest, does not notice."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


async def make_template(server_url: str) -> None:
    """Roles, logins and the newest schema. `server_url` is a superuser's, of any database."""
    async with connected(server_url) as superuser:
        await postgres.prepare(superuser, PASSWORDS, TEMPLATE)
    with redirect_stdout(io.StringIO()):  # Piccolo reports each migration
        await migrate(named(server_url, TEMPLATE).owner_url)


async def clone(server_url: str) -> Database:
    name = f"hub_{os.getpid()}_{next(_numbers)}"
    async with connected(server_url) as superuser:
        await superuser.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER}")
    return named(server_url, name)


async def drop(server_url: str, database: Database) -> None:
    async with connected(server_url) as superuser:
        await superuser.execute(f"DROP DATABASE {database.name} WITH (FORCE)")


@contextmanager
def cloned(server_url: str) -> Iterator[Database]:
    database = run_apart(clone(server_url))
    try:
        yield database
    finally:
        run_apart(drop(server_url, database))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection beside the pool, closed at the end."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def named(server_url: str, name: str) -> Database:
    return Database(name, urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")))
