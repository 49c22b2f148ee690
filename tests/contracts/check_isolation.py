"""One organisation tries to reach another's rows by every command; each function returns where it got through.

A grant that is missing and a row that is not seen are both fine here: which of the two it is stands in the matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import ForeignKeyViolationError, InsufficientPrivilegeError, PostgresError

from hub.db import tenant_transaction
from hub.roles import APP
from tests.contracts.check_grants import WHOLE, written_matrix
from tests.contracts.exceptions import TENANT_DIRECTORY
from tests.contracts.samples import TENANT_ROWS, Organisation, insertion, new_row
from tests.support.databases import Connection


async def touched(of: Organisation, sql: str, *args: object) -> int:
    """Rows that a statement reaches in the organisation's own transaction, 0 where it may not be run."""
    try:
        async with tenant_transaction(of.id) as scope:
            return await scope.execute(sql, *args)
    except InsufficientPrivilegeError:
        return 0


def update_of(table: str) -> str:
    """One that changes nothing, of a column that the grant names, if it names some."""
    columns = written_matrix()[table].get(APP, {}).get("update", WHOLE)
    column = "tenant_id" if columns == WHOLE else min(columns)
    return f"UPDATE {table} SET {column} = {column} WHERE id = $1"


async def reads_across(a: Organisation, b: Organisation) -> list[str]:
    return [
        f"reads {table}"
        for table in TENANT_ROWS
        if table not in TENANT_DIRECTORY
        and (
            await touched(a, f"SELECT FROM {table} WHERE id = $1", b.rows[table])
            or await touched(a, f"SELECT FROM {table} WHERE tenant_id IS DISTINCT FROM $1", a.id)
        )
    ]


async def changes_across(a: Organisation, b: Organisation) -> list[str]:
    return [
        f"updates {table}"
        for table in TENANT_ROWS
        if await touched(a, update_of(table), b.rows[table])
    ]


async def deletes_across(a: Organisation, b: Organisation) -> list[str]:
    return [
        f"deletes from {table}"
        for table in reversed(TENANT_ROWS)
        if await touched(a, f"DELETE FROM {table} WHERE id = $1", b.rows[table])
    ]


async def moves_across(a: Organisation, b: Organisation) -> list[str]:
    """Giving an own row away."""
    return [
        f"moves a row of {table}"
        for table in TENANT_ROWS
        if await _accepted(
            a, f"UPDATE {table} SET tenant_id = $1 WHERE id = $2", b.id, a.rows[table]
        )
    ]


async def inserts_across(a: Organisation, b: Organisation) -> list[str]:
    """A row that is the other's from the first, and one that is nobody's."""
    wrong = []
    for table in TENANT_ROWS:
        for owner in (b.id, None):
            values = new_row(table, b) | {"id": a.rows[table], "tenant_id": owner}
            if await _accepted(a, *insertion(table, values)):
                wrong.append(f"inserts into {table} for {owner and 'another'}")
    return wrong


async def _accepted(of: Organisation, sql: str, *args: object) -> bool:
    """Whether row security let a write pass: a broken key would be noticed later, so it counts as passing."""
    try:
        async with tenant_transaction(of.id) as scope:
            return await scope.execute(sql, *args) > 0
    except InsufficientPrivilegeError:
        return False
    except PostgresError:
        return True


async def points_across(
    superuser: Connection,
    keys: Sequence[tuple[str, tuple[str, ...], str]],
    a: Organisation,
    b: Organisation,
) -> list[str]:
    """An own row that refers to the other's. As a superuser: it must be the key that refuses, whoever asks."""
    wrong = []
    for table, (tenant_column, column, *_), target in keys:
        changed, value = (column, b.rows[target]) if column != "id" else (tenant_column, b.id)
        sql = f"UPDATE {table} SET {changed} = $1 WHERE id = $2"
        try:
            await superuser.execute(sql, value, a.rows[table])
        except ForeignKeyViolationError:
            continue
        wrong.append(f"{table}.{changed} points to another's {target}")
    return wrong


ATTEMPTS = (reads_across, changes_across, deletes_across, moves_across, inserts_across)
