"""Outside a scope there is nothing: no row for the login, no tenant's row for a role without a tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from asyncpg import InsufficientPrivilegeError

from hub.db import tenant_transaction
from hub.roles import APP, LOGIN_ROLES
from tests.contracts.check_grants import granted
from tests.contracts.exceptions import TENANT_DIRECTORY
from tests.contracts.samples import (
    TENANT_ROWS,
    Organisation,
    insertion,
    make_organisation,
    new_row,
)
from tests.support.databases import Connection, Database, connected
from tests.support.pool import pool_of, raw_connection


@pytest.fixture
async def organisation(db: Database) -> Organisation:
    async with connected(db.superuser_url) as superuser:
        return await make_organisation(superuser)


@asynccontextmanager
async def fresh(db: Database, _: Organisation) -> AsyncIterator[Connection]:
    async with connected(db.worker_url) as connection:
        yield connection


@asynccontextmanager
async def reused(db: Database, organisation: Organisation) -> AsyncIterator[Connection]:
    """One that has served a tenant: the setting now reads '' instead of NULL."""
    async with pool_of(1, db):
        async with tenant_transaction(organisation.id) as scope:
            assert await scope.fetchval("SELECT count(*) FROM cases") == 1
        async with raw_connection() as connection:
            assert await connection.fetchval("SELECT current_setting('hub.tenant_id')") == ""
            yield connection


Way = Callable[[Database, Organisation], AbstractAsyncContextManager[Connection]]
WAYS = [fresh, reused]


@pytest.mark.parametrize("login", LOGIN_ROLES)
async def test_a_login_itself_may_do_nothing(db: Database, login: str) -> None:
    async with connected(db.superuser_url) as superuser:
        relations = await granted(superuser)
    async with connected(db.url(login)) as connection:
        for relation in relations:
            with pytest.raises(InsufficientPrivilegeError):
                await connection.fetch(f"SELECT FROM {relation}")


@pytest.mark.parametrize("way", WAYS)
async def test_a_used_connection_is_the_bare_login_again(
    db: Database, organisation: Organisation, way: Way
) -> None:
    async with way(db, organisation) as connection:
        assert await connection.fetchval("SELECT current_user = session_user")
        with pytest.raises(InsufficientPrivilegeError):
            await connection.fetch("SELECT FROM cases")


@pytest.mark.parametrize("way", WAYS)
async def test_the_app_role_without_a_tenant_sees_and_writes_nothing(
    db: Database, organisation: Organisation, way: Way
) -> None:
    async with way(db, organisation) as connection:
        await connection.execute(f"SET ROLE {APP}")
        for table in TENANT_ROWS:
            if table not in TENANT_DIRECTORY:
                assert await _count(connection, table) == 0
            with pytest.raises(InsufficientPrivilegeError):
                await connection.execute(*insertion(table, new_row(table, organisation)))


async def _count(connection: Connection, table: str) -> int:
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    except InsufficientPrivilegeError:
        return 0
