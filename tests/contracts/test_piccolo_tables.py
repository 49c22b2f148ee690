"""Piccolo's table classes against the catalogue: migrations are SQL by hand, and nothing else keeps the two in step."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Column,
    Date,
    DoublePrecision,
    Integer,
    Numeric,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from hub.piccolo_app import APP_CONFIG
from tests.support.databases import Connection, Database, connected

TABLES = sorted(APP_CONFIG.table_classes, key=lambda table: str(table._meta.tablename))

# Piccolo's own; it has a class of its own for it.
WITHOUT_CLASS = {"migration"}

TYPES: dict[type[Column], str] = {
    UUID: "uuid",
    Text: "text",
    Timestamptz: "timestamp with time zone",
    Date: "date",
    SmallInt: "smallint",
    Integer: "integer",
    BigInt: "bigint",
    JSONB: "jsonb",
    Bytea: "bytea",
    Boolean: "boolean",
    DoublePrecision: "double precision",
    Numeric: "numeric",
}

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       coalesce(i.indisprimary, false)
FROM pg_attribute a
LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""


@pytest.fixture
async def superuser(db: Database) -> AsyncIterator[Connection]:
    async with connected(db.superuser_url) as connection:
        yield connection


def declared(column: Column) -> tuple[str, bool, bool]:
    """Type, whether it may be null, whether it is the primary key."""
    if isinstance(column, Array):
        kind = f"{TYPES[type(column.base_column)]}[]"
    else:
        kind = TYPES[type(column)]
    return kind, column._meta.null, column._meta.primary_key


async def test_every_table_has_a_class_and_every_class_a_table(superuser: Connection) -> None:
    rows = await superuser.fetch(
        "SELECT relname FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    names = [str(table._meta.tablename) for table in TABLES]
    assert sorted(names) == sorted({row[0] for row in rows} - WITHOUT_CLASS)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table._meta.tablename))
async def test_columns_are_as_declared(superuser: Connection, table: type[Table]) -> None:
    rows = await superuser.fetch(_COLUMNS, table._meta.tablename)
    written = {column._meta.db_column_name: declared(column) for column in table._meta.columns}
    assert written == {row[0]: (row[1], row[2], row[3]) for row in rows}


def test_class_names_are_unique_in_the_one_app() -> None:
    names = [table.__name__ for table in TABLES]
    assert len(names) == len(set(names))
