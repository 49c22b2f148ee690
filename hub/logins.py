"""Refusing to start with a login that row security does not bind."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from hub.db import ACQUIRE_SECONDS, FAREWELLS, TRY_LATER
from hub.errors import Unavailable
from hub.roles import WORKING_ROLES

# The server is away, or goes away while it is asked: that says nothing about the login.
_AWAY = (OSError, TimeoutError, *TRY_LATER, *FAREWELLS)


class UnsafeLogin(Exception):
    """The login could bypass row security; the message says how. The process must not serve."""


# Who may run programs or write files on the server is its superuser within a statement.
_SERVER_ROLES = ("pg_execute_server_program", "pg_write_server_files", "pg_read_server_files")

_REACHABLE = """
SELECT r.rolname AS name, r.rolsuper AS is_super, r.rolbypassrls AS bypasses,
       r.rolreplication AS replicates,
       r.rolname = ANY($1) AS of_server,
       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm')
               AND c.relnamespace = 'public'::regnamespace) AS owns,
       EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND m.inherit_option
               AND pg_has_role(session_user, m.member, 'MEMBER')) AS inherited,
       pg_has_role(session_user, r.oid, 'SET') AS can_become
FROM pg_roles r WHERE pg_has_role(session_user, r.oid, 'MEMBER')
ORDER BY r.rolname <> session_user, r.rolname
"""

_FLAWS = {
    "is_super": "is or can become {}, a superuser",
    "bypasses": "is or can become {}, exempt from row security",
    "replicates": "is or can become {}, which may copy the whole server",
    "of_server": "is or can become {}, which reaches the server's files",
    "owns": "is or can become {}, an owner of tables",
    "inherited": "has the rights of {} outside of any transaction",
}


async def check_login(url: str, roles: Sequence[str]) -> None:
    """Refuse a login that is, or can become, someone whom row security does not bind.

    Raises UnsafeLogin: superuser, BYPASSRLS, owner of a table, holder of rights that should be taken for one
    transaction only, unable to take a role it needs, or able to take a working role that it should not have; or
    not let in at all. Raises Unavailable where the server does not answer.
    """
    try:
        connection = await asyncpg.connect(url, timeout=ACQUIRE_SECONDS)
    except _AWAY as error:
        raise Unavailable from error
    except asyncpg.PostgresError as error:
        raise UnsafeLogin(f"the server does not let it in: {type(error).__name__}") from error
    try:
        reachable = await connection.fetch(_REACHABLE, _SERVER_ROLES)
    except (asyncpg.InterfaceError, *_AWAY) as error:
        connection.terminate()
        raise Unavailable from error
    finally:
        await connection.close()
    for row in reachable:
        for flaw, said in _FLAWS.items():
            if row[flaw]:
                raise UnsafeLogin(f"the login {said.format(row['name'])}")
    names = {row["name"] for row in reachable if row["can_become"]}
    if missing := set(roles) - names:
        raise UnsafeLogin(f"the login cannot become {', '.join(sorted(missing))}: run `hub roles`")
    if extra := (set(WORKING_ROLES) - set(roles)) & {row["name"] for row in reachable}:
        raise UnsafeLogin(
            f"the login can become {', '.join(sorted(extra))}, which it does not need"
        )
