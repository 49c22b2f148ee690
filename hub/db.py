"""Transactions and scopes: the only way to the database (design §4).

A scope exists only inside its transaction, whose first statement took a role and, where there is one, set the
tenant. Row security does the rest. Statements take a scope first: no scope, no query.

    tenant_transaction(tenant_id)   TenantScope    hub_app: one tenant's own work
    network_transaction()           NetworkScope   hub_network: sign-in, audiences, aggregates; no citizen, no case
    routing_transaction(tenant_id)  RoutingScope   hub_router: offers between a sender and its receivers
    relay_transaction()             RelayScope     hub_relay: the outbox and whose turn it is (worker only)
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from hub import clock
from hub.errors import Unavailable
from hub.roles import APP, NETWORK, RELAY, ROUTER

os.environ.setdefault("PICCOLO_CONF", "hub.piccolo_conf")

ACQUIRE_SECONDS = 5.0
COMMAND_SECONDS = 60.0
# A server that starts or is full will answer by and by.
TRY_LATER = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)
# The transaction was undone for a reason that passes: two that wait for each other, a full disk, a standby.
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
# The server ends this connection. Its farewell can come while nothing is asked, and then asyncpg no longer knows where
# it stands until the connection closes a moment later: "cannot switch to state …".
FAREWELLS = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,
)
# A process that stops in the middle of a transaction must not keep its locks: nobody could act on that referral.
IDLE_SECONDS = 60


class ScopeError(RuntimeError):
    """A query outside a scope, or a scope inside another: a mistake of ours, never of the person's."""


class HubEngine(PostgresEngine):
    """Piccolo's engine without its two ways around a scope: connecting at import, and queries on any connection."""

    def __init__(self) -> None:
        self._owner_url: str | None = None
        super().__init__(config={})

    async def check_version(self) -> None:
        """Piccolo would connect here, at import. `check_login` asks the server once it is wanted."""

    async def prep_database(self) -> None:
        """Extensions are the migrations' business."""

    @contextmanager
    def as_owner(self, url: str) -> Iterator[None]:
        """Let Piccolo connect by itself, as the owner: migrations only."""
        self._owner_url = url
        try:
            yield
        finally:
            self._owner_url = None

    async def get_new_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._owner_url is None:
            raise ScopeError("a query outside a scope")
        return await asyncpg.connect(self._owner_url)


ENGINE = HubEngine()
_pool: asyncpg.Pool[asyncpg.Record] | None = None


@dataclass(slots=True)
class _Scope:
    """`now` is the transaction's one instant; SQL is given it and never asks the server's clock."""

    now: datetime
    _connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record] = field(repr=False)
    _rings: list[tuple[str, UUID]] = field(default_factory=list, repr=False)

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Returns how many rows the statement touched."""
        status = await self._connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, sql: str, args: Iterable[Sequence[object]]) -> None:
        await self._connection.executemany(sql, args)

    def cursor(self, sql: str, *args: object, prefetch: int = 500) -> AsyncIterator[asyncpg.Record]:
        """Rows one by one, for results that should not be held in memory, or read, at once."""
        return self._connection.cursor(sql, *args, prefetch=prefetch).__aiter__()

    def ring_after_commit(self, task: str, row_id: UUID) -> None:
        """Wake a worker for this outbox row once the transaction is committed."""
        self._rings.append((task, row_id))


@dataclass(slots=True, kw_only=True)
class TenantScope(_Scope):
    tenant_id: UUID


@dataclass(slots=True, kw_only=True)
class NetworkScope(_Scope):
    pass


@dataclass(slots=True, kw_only=True)
class RoutingScope(_Scope):
    tenant_id: UUID


@dataclass(slots=True, kw_only=True)
class RelayScope(_Scope):
    pass


Scope = TenantScope | NetworkScope | RoutingScope | RelayScope


@asynccontextmanager
async def tenant_transaction(tenant_id: UUID) -> AsyncGenerator[TenantScope]:
    async with _transaction(APP, tenant_id) as connection:
        scope = TenantScope(clock.now(), connection, tenant_id=tenant_id)
        yield scope
    await _ring(scope)


@asynccontextmanager
async def network_transaction() -> AsyncGenerator[NetworkScope]:
    async with _transaction(NETWORK) as connection:
        scope = NetworkScope(clock.now(), connection)
        yield scope
    await _ring(scope)


@asynccontextmanager
async def routing_transaction(tenant_id: UUID) -> AsyncGenerator[RoutingScope]:
    async with _transaction(ROUTER, tenant_id) as connection:
        scope = RoutingScope(clock.now(), connection, tenant_id=tenant_id)
        yield scope
    await _ring(scope)


@asynccontextmanager
async def relay_transaction() -> AsyncGenerator[RelayScope]:
    async with _transaction(RELAY) as connection:
        yield RelayScope(clock.now(), connection)


@asynccontextmanager
async def _transaction(
    role: str, tenant_id: UUID | None = None
) -> AsyncGenerator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]:
    """One round trip opens it. The connection goes back whatever happens: a failing COMMIT, a cancellation, a crash.

    Piccolo's own transaction would keep the connection when COMMIT fails, and treats a nested one as a no-op.
    """
    if ENGINE.current_transaction.get() is not None:
        raise ScopeError("scopes do not nest")
    pool = _pool
    if pool is None:
        raise ScopeError("no pool is open")
    # The simple protocol takes no arguments: the role is one of ours and the tenant is a UUID, both safe to write.
    tenant = str(UUID(bytes=tenant_id.bytes)) if tenant_id else ""
    begin = (
        f"BEGIN; SELECT set_config('role', '{role}', true), "
        f"set_config('hub.tenant_id', '{tenant}', true)"
    )
    try:
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable from error
    transaction = PostgresTransaction(ENGINE)
    transaction.connection = connection
    token = ENGINE.current_transaction.set(transaction)
    try:
        await connection.execute(begin)
        yield connection
        if await connection.execute("COMMIT") == "ROLLBACK":
            raise ScopeError("a database error was caught inside the scope, so nothing was saved")
    except BaseException as error:
        lost = _lost(connection, error)
        # Shielded: a second cancellation must not stop the connection on its way back.
        await asyncio.shield(_take_back(pool, connection))
        # A command that got no answer in time, as from a server behind a cut cable.
        if lost or isinstance(error, (*PASSING, TimeoutError)):
            raise Unavailable from error
        raise
    else:
        await pool.release(connection)
    finally:
        ENGINE.current_transaction.reset(token)


async def _take_back(
    pool: asyncpg.Pool[asyncpg.Record],
    connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record],
) -> None:
    """Leave no transaction open; where even that fails, the connection is not worth keeping.

    Asked without looking: after a cancellation asyncpg does not know whether the BEGIN arrived.
    """
    try:
        if not _gone(connection):
            await connection.execute("ROLLBACK", timeout=ACQUIRE_SECONDS)
    except Exception:  # noqa: BLE001  # whatever it was, the first error is the one to tell
        if not _gone(connection):
            connection.terminate()
    finally:
        await pool.release(connection)


def _gone(connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # The pool takes a connection back the moment it is lost.
        return True


def _lost(
    connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record], error: BaseException
) -> bool:
    if isinstance(error, FAREWELLS):
        return True
    return _gone(connection) and isinstance(
        error, (asyncpg.InterfaceError, asyncpg.PostgresError, OSError)
    )


async def _ring(scope: _Scope) -> None:
    """The bell is a courtesy: the rows are committed and the sweeper finds them, so its failure is not ours."""
    if scope._rings:
        from hub import (
            outbox,  # outbox enqueues through scopes, so it cannot be imported at the top
        )

        await outbox.ring(scope._rings)


async def open_pool(
    url: str, size: int = 10, *, idle_seconds: float = IDLE_SECONDS, lock_seconds: float = 0
) -> None:
    """Connect lazily: a database that is down makes requests fail with 503, not the process.

    `idle_seconds`: so long a transaction may stand still before the database undoes it, as when its host was cut off.
    `lock_seconds`: so long a statement waits for another's row; 0 waits for ever. Beyond it raises Unavailable.
    """
    global _pool

    async def keep_settings(_: object) -> None:
        """Every setting is local to its transaction, so the reset query would be a wasted round trip."""

    async def prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind,
                schema="pg_catalog",
                encoder=lambda value: msgspec.json.encode(value).decode(),
                decoder=msgspec.json.decode,
            )

    _pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        reset=keep_settings,
        init=prepare,
        command_timeout=COMMAND_SECONDS,
        server_settings={
            "idle_in_transaction_session_timeout": f"{idle_seconds * 1000:.0f}",
            "lock_timeout": f"{lock_seconds * 1000:.0f}",
        },
    )


async def close_pool() -> None:
    global _pool
    if _pool is not None:
        pool, _pool = _pool, None
        try:
            await asyncio.wait_for(pool.close(), 5)
        except TimeoutError:
            pool.terminate()
