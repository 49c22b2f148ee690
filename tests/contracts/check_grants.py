"""Table × command × role, as committed in `role_matrix.toml`, against what the catalogue grants."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

from tests.support.databases import Connection

# Command → columns, where `*` is the whole table.
Grant = dict[str, frozenset[str]]

MATRIX = Path(__file__).with_name("role_matrix.toml")
WHOLE = frozenset({"*"})
_PART = re.compile(r"(\w+)(?:\s*\(([^)]*)\))?\s*(?:,|$)")

_GRANTS = """
SELECT c.relname, pg_get_userbyid(a.grantee) AS grantee, a.grantee = 0 AS everyone,
       lower(a.privilege_type) AS command, '*' AS col, a.is_grantable
FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault(
  CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))) a
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND a.grantee <> c.relowner
UNION ALL
SELECT c.relname, pg_get_userbyid(a.grantee), a.grantee = 0, lower(a.privilege_type), t.attname,
       a.is_grantable
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
"""

_RELATIONS = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""


def written_matrix() -> dict[str, dict[str, Grant]]:
    """Relation → role → grant."""
    return {
        relation: {role: parse_grant(text) for role, text in roles.items()}
        for relation, roles in tomllib.loads(MATRIX.read_text()).items()
    }


def parse_grant(text: str) -> Grant:
    """Of what stands between GRANT and ON: `select, update (state, version)`."""
    if _PART.sub("", text).strip():
        raise ValueError(f"not a grant: {text}")
    return {
        command: frozenset(map(str.strip, columns.split(","))) if columns else WHOLE
        for command, columns in _PART.findall(text)
    }


async def granted(connection: Connection) -> dict[str, dict[str, Grant]]:
    """The same from the catalogue, with every relation, granted or not."""
    found: dict[str, dict[str, dict[str, set[str]]]] = {
        row[0]: defaultdict(lambda: defaultdict(set)) for row in await connection.fetch(_RELATIONS)
    }
    for row in await connection.fetch(_GRANTS):
        role = "PUBLIC" if row["everyone"] else row["grantee"]
        command = row["command"] + (" with grant option" if row["is_grantable"] else "")
        found[row["relname"]][role][command].add(row["col"])
    return {
        relation: {
            role: {command: frozenset(columns) for command, columns in grant.items()}
            for role, grant in roles.items()
        }
        for relation, roles in found.items()
    }


async def grants_as_written(connection: Connection) -> list[str]:
    written, actual = written_matrix(), await granted(connection)
    missing = [f"{name} is not in role_matrix.toml" for name in actual if name not in written]
    gone = [f"{name} is in role_matrix.toml only" for name in written if name not in actual]
    return sorted(missing + gone) + [
        difference
        for name in sorted(written.keys() & actual.keys())
        for difference in _differences(name, written[name], actual[name])
    ]


def _differences(name: str, written: dict[str, Grant], actual: dict[str, Grant]) -> list[str]:
    said = []
    for role in sorted(written.keys() | actual.keys()):
        should, may = written.get(role, {}), actual.get(role, {})
        for command in sorted(should.keys() | may.keys()):
            before, after = should.get(command, frozenset()), may.get(command, frozenset())
            if before != after:
                said.append(
                    f"{role} on {name}: {command} ({', '.join(sorted(after))})"
                    f" instead of ({', '.join(sorted(before))})"
                )
    return said
