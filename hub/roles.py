"""The database's roles and logins: who may become what (design §4, `docs/architecture.md`).

The four working roles cannot sign in; a login takes one for a single transaction and outside it may do nothing.
`NOINHERIT`-style grants make that true: a login has none of a role's rights until `set_config('role', …, true)`.
"""

OWNER = "hub_owner"
APP = "hub_app"
NETWORK = "hub_network"
ROUTER = "hub_router"
RELAY = "hub_relay"

WEB_LOGIN = "hub_web"
WORKER_LOGIN = "hub_worker"

WORKING_ROLES = (APP, NETWORK, ROUTER, RELAY)
LOGIN_ROLES = {
    WEB_LOGIN: (APP, NETWORK, ROUTER),
    WORKER_LOGIN: (APP, NETWORK, ROUTER, RELAY),
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _create(role: str, options: str) -> str:
    return f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF;
END $$;
ALTER ROLE {role} {options};"""


def role_statements(owner_password: str, web_password: str, worker_password: str) -> str:
    """SQL for a superuser, idempotent: the owner, the working roles, and the two logins."""
    closed = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    parts = [_create(OWNER, f"LOGIN {closed} PASSWORD {_quoted(owner_password)}")]
    parts += [_create(role, f"NOLOGIN {closed}") for role in WORKING_ROLES]
    for login, password in ((WEB_LOGIN, web_password), (WORKER_LOGIN, worker_password)):
        parts.append(_create(login, f"LOGIN {closed} PASSWORD {_quoted(password)}"))
        parts += [
            f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;" for role in LOGIN_ROLES[login]
        ]
    return "\n".join(parts)
