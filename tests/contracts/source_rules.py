"""Rules of design §4 and §5 that the database cannot hold for us, read from the source itself.

A rule takes a module's path and its tree, and yields the line and what is wrong there. What departs from one stands
in `EXCEPTIONS`, with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

Fault = tuple[int, str]
Rule = Callable[[PurePosixPath, ast.Module], Iterator[Fault]]

# Where statements stand beside every queries.py: subjects long enough for a file of their own.
STATEMENT_FILES = {
    "hub/mail/pace.py",
    "hub/newsletter/consents.py",
    "hub/newsletter/course.py",
    "hub/newsletter/delivery/holders.py",
    "hub/newsletter/delivery/ledger.py",
    "hub/newsletter/people.py",
    "hub/newsletter/delivery/tallies.py",
    "hub/newsletter/unsent.py",
    "hub/referrals/cases/handover.py",
    "hub/referrals/cases/holding.py",
    "hub/tenants/calls/selection/chronicle.py",
    "hub/tenants/calls/desk/due.py",
    "hub/tenants/calls/selection/evaluations.py",
    "hub/tenants/calls/selection/incoming.py",
    "hub/tenants/calls/selection/panel.py",
    "hub/tenants/calls/selection/ranked.py",
    "hub/tenants/exchange/found.py",
    "hub/tenants/exchange/written.py",
    "hub/tenants/network/organisations.py",
    "hub/tenants/network/pending.py",
    "hub/tenants/network/subjects.py",
    "hub/tenants/onboarding/deciding.py",
    "hub/tenants/onboarding/due.py",
    "hub/tenants/onboarding/organisations.py",
    "hub/tenants/onboarding/readers.py",
    "hub/tenants/onboarding/setups.py",
    "hub/tenants/organisation/desks/closings.py",
    "hub/tenants/organisation/desks/verification.py",
    "hub/tenants/people/codes.py",
    "hub/tenants/people/passages.py",
    "hub/tenants/people/readers.py",
    "hub/tenants/protocols/editions.py",
    "hub/tenants/protocols/parties.py",
    "hub/tenants/protocols/register.py",
    "hub/tenants/protocols/steps.py",
    "hub/tenants/onboarding/sandbox.py",
}
RUNS_SQL = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor"}
OPENS = {"acquire", "create_pool", "start_connection_pool", "transaction"}
SIDE_BY_SIDE = {"gather", "create_task", "TaskGroup", "ensure_future", "as_completed"}
# `clock.now()` and `scope.now` are the only present there is.
PRESENT = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
SERVER_PRESENT = re.compile(
    r"\bnow\(\)|\bcurrent_(timestamp|date|time)\b|\blocaltimestamp\b|\bclock_timestamp\(",
    re.IGNORECASE,
)
NOT_LEAKPROOF = re.compile(r"\blower\(|\bupper\(|\bILIKE\b|@>|@@|<@|&&", re.IGNORECASE)


def holds_statements(path: PurePosixPath) -> bool:
    return path.name == "queries.py" or str(path) in STATEMENT_FILES


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Each call with the last name of what is called and of what it is called on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node, node.func.attr, _name(node.func.value)
            elif isinstance(node.func, ast.Name):
                yield node, node.func.id, ""


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def only_db_opens_transactions(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    for call, name, on in calls(tree):
        if name in OPENS or (on, name) == ("asyncpg", "connect"):
            yield call.lineno, f"{on}.{name}() goes around the scopes"
    for text in texts(tree):
        if "set_config(" in str(text.value) and not _is_docstring(tree, text):
            yield text.lineno, "a role or a tenant is set outside of hub.db"


def nothing_leaves_its_transaction(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    for call, name, _ in calls(tree):
        if name in ("batch", "run_sync"):
            yield call.lineno, f".{name}() takes a connection of its own"


def one_thing_at_a_time_in_a_scope(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    """A connection does one thing at a time, and a task that outlives its scope has none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith) and any(_opens_scope(item) for item in node.items):
            inside: list[ast.stmt] = node.body
        elif isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and _takes_scope(node):
            inside = node.body
        else:
            continue
        for statement in inside:
            for call, name, _ in calls(statement):
                if name in SIDE_BY_SIDE:
                    yield call.lineno, f"{name} inside a scope"


def _opens_scope(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and _name(call.func).endswith("_transaction")


def _takes_scope(node: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    given = [*node.args.args, *node.args.kwonlyargs]
    return any(
        argument.annotation and "Scope" in ast.unparse(argument.annotation) for argument in given
    )


def imports(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, set()


def queries_take_a_scope_first(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    if not holds_statements(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef):
            first = next(iter(node.args.args), None)
            kinds = ast.unparse(first.annotation) if first and first.annotation else ""
            if not kinds or not all(kind.strip().endswith("Scope") for kind in kinds.split("|")):
                yield node.lineno, f"{node.name} takes no scope first"


def statements_stand_in_queries(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    if holds_statements(path):
        return
    for call, name, on in calls(tree):
        if name in RUNS_SQL and on not in ("", "client", "session"):
            yield call.lineno, f"{on}.{name}() outside of queries.py"


def only_queries_know_tables(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    if holds_statements(path) or path.name == "piccolo_app.py":
        return
    for module, names in imports(tree):
        if module.endswith(".tables") or (module.startswith("hub") and "tables" in names):
            yield 1, f"imports {module}"


def time_is_the_clocks(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    for call, name, on in calls(tree):
        if (on, name) in PRESENT:
            yield call.lineno, f"{on}.{name}() instead of hub.clock"
    for text in texts(tree):
        if SERVER_PRESENT.search(str(text.value)) and _is_sql(str(text.value)):
            yield text.lineno, "the server's clock instead of scope.now"


def comparisons_keep_their_index(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    """Operators that are not leakproof lose their index under row security."""
    for text in texts(tree):
        if holds_statements(path) and _is_sql(str(text.value)):
            for found in NOT_LEAKPROOF.findall(str(text.value)):
                yield text.lineno, f"{found} in a statement"


def tasks_take_ids_only(path: PurePosixPath, tree: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and _is_task(node):
            given = [*node.args.args[1:], *node.args.kwonlyargs]
            for argument in given:
                kind = ast.unparse(argument.annotation) if argument.annotation else ""
                if kind != "UUID":
                    yield node.lineno, f"{node.name} takes {argument.arg}: {kind}"


def _is_task(node: ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(made, ast.Call) and _name(made.func) == "task" for made in node.decorator_list
    )


def _is_sql(text: str) -> bool:
    return bool(re.search(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|SET)\b", text))


def _is_docstring(tree: ast.Module, text: ast.Constant) -> bool:
    return any(isinstance(node, ast.Expr) and node.value is text for node in ast.walk(tree))


RULES: tuple[Rule, ...] = (
    only_db_opens_transactions,
    nothing_leaves_its_transaction,
    one_thing_at_a_time_in_a_scope,
    queries_take_a_scope_first,
    statements_stand_in_queries,
    only_queries_know_tables,
    time_is_the_clocks,
    comparisons_keep_their_index,
    tasks_take_ids_only,
)

# Rule → files or folders that may, and why.
EXCEPTIONS: dict[str, dict[str, str]] = {
    "only_db_opens_transactions": {
        "hub/db.py": "the one place",
        "hub/logins.py": "asks the server before there is a pool",
        "hub/schema.py": "the owner's connection, for migrations",
        "hub/seed/load.py": "the owner's connection, for COPY",
        "hub/tenants/territory/load.py": "the owner's connection, for reference data",
        "hub/embedded": "a superuser's connection, to make roles and databases",
    },
    "statements_stand_in_queries": {
        "hub/db.py": "the scopes themselves",
        "hub/logins.py": "asks the catalogue before there is a scope",
        "hub/outbox.py": "the kernel's own table",
        "hub/audit.py": "the kernel's own table",
        "hub/files.py": "the kernel's own table",
        "hub/facts.py": "the kernel's own table",
        "hub/idempotency.py": "the kernel's own table",
        "hub/schema.py": "migrations",
        "hub/seed/load.py": "COPY as the owner",
        "hub/tenants/territory/load.py": "COPY as the owner",
        "hub/embedded": "roles and databases",
    },
    "time_is_the_clocks": {
        "hub/clock.py": "the clock",
        "hub/embedded/mailbox_store.py": "a mail server's stamp, in a process of its own",
    },
    "comparisons_keep_their_index": {
        "hub/newsletter/people.py": "as the network, whose policies filter nothing",
    },
}


def modules() -> list[PurePosixPath]:
    return [
        PurePosixPath(path.relative_to(ROOT).as_posix())
        for path in sorted((ROOT / "hub").rglob("*.py"))
        if "node_modules" not in path.parts
    ]


def excepted(rule: Rule, path: PurePosixPath) -> bool:
    return any(path.is_relative_to(place) for place in EXCEPTIONS.get(rule.__name__, {}))
