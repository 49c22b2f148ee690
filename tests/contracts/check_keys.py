"""Indexes, unique keys and foreign keys of tenant tables (design §4): each function returns what is wrong."""

from __future__ import annotations

from tests.contracts.check_row_security import tables_of_tenants
from tests.contracts.exceptions import OTHER_INDEXES, SENDER_COLUMNS
from tests.support.databases import Connection

_INDEXES = """
SELECT c.relname AS table, i.relname AS name, x.indisprimary AS is_primary, x.indisunique AS is_unique,
       array(SELECT coalesce(a.attname, '') FROM unnest(x.indkey) WITH ORDINALITY AS k (n, place)
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n AND k.n > 0
             ORDER BY place)::text[] AS columns
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relname = ANY($1) AND c.relnamespace = 'public'::regnamespace ORDER BY i.relname
"""

_FOREIGN_KEYS = """
SELECT k.conname AS name, c.relname AS table, f.relname AS target,
       array(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS n (number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number
             ORDER BY place)::text[] AS columns,
       array(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY AS n (number, place)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number
             ORDER BY place)::text[] AS target_columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
WHERE k.contype = 'f' AND c.relname = ANY($1) AND f.relname = ANY($1)
  AND c.relnamespace = 'public'::regnamespace
ORDER BY k.conname
"""


async def indexes_lead_with_tenant(connection: Connection) -> list[str]:
    """A unique key that does not would also tell one tenant of another's rows."""
    tables = await tables_of_tenants(connection)
    rows = await connection.fetch(_INDEXES, tables)
    wrong = [
        f"{row['name']} on {row['table']} begins with {row['columns'][0] or 'an expression'}"
        for row in rows
        if row["columns"][0] != "tenant_id"
        and not (row["is_primary"] and row["columns"] == ["id"])
        and (row["is_unique"] or row["name"] not in OTHER_INDEXES)
    ]
    led = {row["table"] for row in rows if row["columns"][0] == "tenant_id"}
    wrong += [
        f"{name} has no index that begins with tenant_id" for name in set(tables) - led - NO_LED
    ]
    existing = {row["name"] for row in rows}
    return wrong + [
        f"{name} is written but does not exist" for name in OTHER_INDEXES if name not in existing
    ]


# Nobody reads the outbox by tenant.
NO_LED = {"outbox"}


async def foreign_keys_composite(connection: Connection) -> list[str]:
    """Key checks bypass row security, so a key between tenant tables carries the tenant."""
    rows = await connection.fetch(_FOREIGN_KEYS, await tables_of_tenants(connection))
    return [
        f"{row['name']}: {row['table']} ({', '.join(row['columns'])}) → {row['target']}"
        for row in rows
        if len(row["columns"]) < 2
        or row["columns"][0] not in ("tenant_id", SENDER_COLUMNS.get(row["table"]))
        or row["target_columns"][0] != "tenant_id"
    ]


async def foreign_keys_between_tenants(
    connection: Connection,
) -> list[tuple[str, tuple[str, ...], str]]:
    """Table, columns after the tenant's, and target of each, for trying to point across tenants."""
    rows = await connection.fetch(_FOREIGN_KEYS, await tables_of_tenants(connection))
    return [(row["table"], tuple(row["columns"]), row["target"]) for row in rows]
