"""A look at the pool from outside the scopes: what no code of the hub may do, and what tests of it must."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hub import db
from tests.support.databases import Connection, Database


@asynccontextmanager
async def pool_of(size: int, database: Database, url: str | None = None) -> AsyncIterator[Any]:
    """A pool of another size, or for another login, in place of the usual one."""
    await db.close_pool()
    await db.open_pool(url or database.worker_url, size)
    try:
        yield db._pool
    finally:
        await db.close_pool()
        await db.open_pool(database.worker_url)


@asynccontextmanager
async def raw_connection() -> AsyncIterator[Connection]:
    """One of the pool's connections as it lies there."""
    assert db._pool is not None
    connection: Any = await db._pool.acquire(timeout=5)
    try:
        yield connection
    finally:
        await db._pool.release(connection)
