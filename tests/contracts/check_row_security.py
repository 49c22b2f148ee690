"""Row security as design §4 wants it, derived from the catalogue: each function returns what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import asyncpg

from hub.roles import APP, NETWORK, OWNER, RELAY, ROUTER
from tests.contracts.check_grants import granted
from tests.contracts.exceptions import (
    DIRECTORY,
    NETWORK_ONLY,
    PARTIAL,
    RELAY_ONLY,
    TENANT_DIRECTORY,
    TENANT_SELF,
    UNTOUCHED,
    WITHOUT_TENANT_TOO,
)
from tests.support.databases import Connection

# As PostgreSQL writes `hub.rls.OWN_ROW` back.
OWN = (
    "(tenant_id = ( SELECT (NULLIF(current_setting('hub.tenant_id'::text, true), ''::text))::uuid"
    ' AS "nullif"))'
)
OWN_SELF = OWN.replace("tenant_id", "id", 1)
EVERY = "true"
COMMANDS = {"select", "insert", "update", "delete"}

_TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner, t.attname IS NOT NULL AS of_tenant,
       coalesce(t.attnotnull, false) AS always_of_tenant,
       coalesce(format_type(t.atttypid, NULL), '') AS tenant_type
FROM pg_class c
LEFT JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname
"""

_POLICIES = """
SELECT tablename, policyname, permissive = 'PERMISSIVE' AS permissive, roles::text[] AS roles,
       lower(cmd) AS command, qual, with_check
FROM pg_policies WHERE schemaname = 'public'
"""


async def tables_of_tenants(connection: Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch(_TABLES) if row["of_tenant"]]


async def tables_guarded(connection: Connection) -> list[str]:
    """Every table belongs to the owner and to one kind; those of tenants are under forced row security."""
    return [
        f"{row['name']}: {wrong}"
        for row in await connection.fetch(_TABLES)
        for wrong in _faults_of_table(row)
    ]


def _faults_of_table(row: asyncpg.Record) -> Iterator[str]:
    name = row["name"]
    if row["owner"] != OWNER:
        yield f"is owned by {row['owner']}"
    if row["of_tenant"]:
        if row["tenant_type"] != "uuid":
            yield f"tenant_id is {row['tenant_type']}"
        if row["always_of_tenant"] == (name in WITHOUT_TENANT_TOO):
            yield "tenant_id is null or not null against what is written"
    elif name not in DIRECTORY | NETWORK_ONLY | RELAY_ONLY | UNTOUCHED:
        yield "has no tenant_id and is of no written kind"
    if (row["of_tenant"] or name in NETWORK_ONLY | RELAY_ONLY) and not (
        row["enabled"] and row["forced"]
    ):
        yield "row security is not enabled and forced"
    if name in TENANT_SELF and not row["enabled"]:
        yield "row security is not enabled"


async def policies_exact(connection: Connection) -> list[str]:
    """For each granted command exactly one rule, of exactly the expected form; none for anyone else."""
    grants = await granted(connection)
    found: dict[tuple[str, str], list[asyncpg.Record]] = defaultdict(list)
    wrong = []
    for row in await connection.fetch(_POLICIES):
        if not row["permissive"] or len(row["roles"]) != 1:
            wrong.append(f"{row['policyname']}: is restrictive, or for several roles")
        for role in row["roles"]:
            found[row["tablename"], role].append(row)
            if role not in grants[row["tablename"]]:
                wrong.append(f"{row['policyname']}: {role} has no grant on {row['tablename']}")
    guarded = {*await tables_of_tenants(connection), *NETWORK_ONLY, *RELAY_ONLY, *TENANT_SELF}
    for table in sorted(guarded):
        for role, grant in sorted(grants[table].items()):
            for command in sorted(grant):
                rules = [p for p in found[table, role] if p["command"] in (command, "all")]
                wrong += _faults_of_rules(table, role, command, rules)
    return wrong


def _faults_of_rules(
    table: str, role: str, command: str, rules: list[asyncpg.Record]
) -> Iterator[str]:
    """Policies add up, so each of a command's must have the expected form, and there must be one."""
    place = f"{table}, {command} as {role}"
    if not rules:
        yield f"{place}: no policy"
    for rule in rules:
        expected = _expected(table, role, command, rule["command"])
        if command != "insert" and rule["qual"] not in expected:
            yield f"{place}: USING is {rule['qual']}"
        if command in ("insert", "update") and rule["with_check"] not in expected:
            yield f"{place}: WITH CHECK is {rule['with_check']}"


def _expected(table: str, role: str, command: str, rule_for: str) -> set[str]:
    if partial := PARTIAL.get((table, role, command)):
        return {partial}
    if role == APP:
        public = table in TENANT_DIRECTORY | TENANT_SELF and command == rule_for == "select"
        own = OWN_SELF if table in TENANT_SELF else OWN
        return {EVERY} if public else {own}
    return {EVERY} if role in (NETWORK, ROUTER, RELAY) else set()


async def no_ways_around(connection: Connection) -> list[str]:
    """A view runs with its owner's rights unless it says otherwise; so does a SECURITY DEFINER function."""
    rows = await connection.fetch(
        """
        SELECT 'view ' || relname || ' does not run as its reader' AS fault FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
          AND NOT coalesce(reloptions @> '{security_invoker=true}', false)
        UNION ALL
        SELECT 'materialized view ' || relname || ' has no row security' FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'm'
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure || ' is SECURITY DEFINER' FROM pg_proc p
        WHERE p.prosecdef AND p.pronamespace NOT IN
          ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        UNION ALL
        SELECT 'default privileges of ' || pg_get_userbyid(defaclrole) FROM pg_default_acl
        UNION ALL
        SELECT 'schema ' || nspname || ' is not public' FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
        UNION ALL
        SELECT grantee::regrole::text || ' may ' || privilege_type || ' in schema public'
        FROM pg_namespace, aclexplode(nspacl)
        WHERE nspname = 'public' AND privilege_type <> 'USAGE' AND grantee <> nspowner
        """
    )
    return [row["fault"] for row in rows]
