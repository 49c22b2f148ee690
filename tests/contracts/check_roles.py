"""Roles and logins: what each is, and what each can become. Each function returns what is wrong."""

from __future__ import annotations

from hub.roles import LOGIN_ROLES, OWNER, WORKING_ROLES
from tests.support.databases import Connection

OURS = (OWNER, *WORKING_ROLES, *LOGIN_ROLES)


async def roles_are_plain(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1)", list(OURS))
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    wrong = [f"{row['rolname']} has {power}" for row in rows for power in powers if row[power]]
    wrong += [
        f"{row['rolname']} {'can' if row['rolcanlogin'] else 'cannot'} sign in"
        for row in rows
        if row["rolcanlogin"] == (row["rolname"] in WORKING_ROLES)
    ]
    return wrong + [f"{name} is missing" for name in set(OURS) - {row["rolname"] for row in rows}]


async def memberships_as_written(connection: Connection) -> list[str]:
    """A login can take its roles for a transaction and has none of their rights outside of one."""
    rows = await connection.fetch(
        """
        SELECT m.member::regrole::text AS member, m.roleid::regrole::text AS role,
               m.inherit_option, m.set_option, m.admin_option
        FROM pg_auth_members m
        WHERE m.member::regrole::text = ANY($1) OR m.roleid::regrole::text = ANY($1)
        """,
        list(OURS),
    )
    should = {(login, role) for login, roles in LOGIN_ROLES.items() for role in roles}
    found = {(row["member"], row["role"]) for row in rows}
    wrong = [f"{member} is a member of {role}" for member, role in found - should]
    wrong += [f"{member} is not a member of {role}" for member, role in should - found]
    return wrong + [
        f"{row['member']} holds {row['role']} with inherit or admin, or without set"
        for row in rows
        if row["inherit_option"] or row["admin_option"] or not row["set_option"]
    ]
