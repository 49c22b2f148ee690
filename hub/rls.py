"""The one place that writes row-security DDL; migrations call it, `tests/contracts/` checks what it left in the catalogue.

A `grant` is what stands between GRANT and ON: `"select, insert"` or, by column, `"select (id, state), update (state)"`.
"""

from hub.roles import APP, NETWORK, RELAY, ROUTER, WORKING_ROLES

# nullif: a setting that was used once reads '' for the rest of the session, never NULL again.
# The sub-select makes it an InitPlan: evaluated once a statement, not once a row (research: 268 ms → 110 ms).
CURRENT_TENANT = "(SELECT nullif(current_setting('hub.tenant_id', true), '')::uuid)"
OWN_ROW = f"tenant_id = {CURRENT_TENANT}"


def tenant_table(
    table: str, *, app: str = "", network: str = "", router: str = "", relay: str = ""
) -> str:
    """A table whose rows belong to tenants: the app role is kept to its tenant, the others to their grants."""
    return _forced(table) + "".join(
        _grant(table, grant, role) + policy(table, role, OWN_ROW if role == APP else "true")
        for role, grant in ((APP, app), (NETWORK, network), (ROUTER, router), (RELAY, relay))
        if grant
    )


def network_table(table: str, *, network: str) -> str:
    """A table without a tenant that only the network role may touch (accounts, sessions)."""
    return _forced(table) + _grant(table, network, NETWORK) + policy(table, NETWORK, "true")


def relay_table(table: str, *, relay: str) -> str:
    """A table without a tenant that only the relay role may touch: the workers' own."""
    return _forced(table) + _grant(table, relay, RELAY) + policy(table, RELAY, "true")


def directory_table(table: str, *, network: str = "") -> str:
    """Directory data without an owner: every role reads it; the network role may write it."""
    grants = "".join(_grant(table, "select", role) for role in WORKING_ROLES)
    return grants + (_grant(table, network, NETWORK) if network else "")


def tenant_directory_table(table: str, *, app: str, network: str = "") -> str:
    """Directory data that a tenant owns: every role reads every row, the app role writes its tenant's."""
    parts = [_forced(table)]
    for role in WORKING_ROLES:
        parts.append(_grant(table, "select", role))
        parts.append(policy(table, role, "true", command="select"))
    for command in app.split(", "):
        parts.append(_grant(table, command, APP))
        parts.append(policy(table, APP, OWN_ROW, command=command))
    if network:
        parts.append(_grant(table, network, NETWORK))
        parts.append(policy(table, NETWORK, "true", suffix="_write"))
    return "".join(parts)


def self_directory_table(table: str, *, app: str) -> str:
    """`tenants` itself, whose id is the tenant: every role reads every row, the app role writes its own.

    The network role's grants stand since the table was made. Not forced: the owner asks it whether a database is empty.
    """
    own = f"id = {CURRENT_TENANT}"
    command = app.partition(" ")[0]
    parts = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"]
    parts += [policy(table, role, "true", command="select") for role in WORKING_ROLES]
    parts += [_grant(table, app, APP), policy(table, APP, own, command=command)]
    return "".join(parts) + policy(table, NETWORK, "true", suffix="_write")


def _forced(table: str) -> str:
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n"


def _grant(table: str, grant: str, role: str) -> str:
    return f"GRANT {grant} ON {table} TO {role};\n"


def policy(table: str, role: str, rule: str, *, command: str = "all", suffix: str = "") -> str:
    name = f"{table}_{role}" + (suffix or ("" if command == "all" else f"_{command}"))
    using = "" if command == "insert" else f" USING ({rule})"
    check = "" if command in ("select", "delete") else f" WITH CHECK ({rule})"
    return f"CREATE POLICY {name} ON {table} FOR {command} TO {role}{using}{check};\n"
