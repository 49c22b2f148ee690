"""The source keeps the rules that the database cannot hold, and each rule notices what it is there for."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

import pytest

from tests.contracts.source_rules import EXCEPTIONS, ROOT, RULES, Rule, excepted, modules

PATHS = modules()
TREES = {path: ast.parse((ROOT / path).read_text()) for path in PATHS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    faults = [
        f"{path}:{line}: {wrong}"
        for path, tree in TREES.items()
        if not excepted(rule, path)
        for line, wrong in rule(path, tree)
    ]
    assert faults == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_exception_is_left_over(rule: Rule) -> None:
    for place in EXCEPTIONS.get(rule.__name__, {}):
        under = [path for path in PATHS if path.is_relative_to(place)]
        assert any(fault for path in under for fault in rule(path, TREES[path])), place


BAD = [
    ("only_db_opens_transactions", "service", "async with DB.transaction(): ..."),
    ("only_db_opens_transactions", "service", "connection = await asyncpg.connect(url)"),
    ("only_db_opens_transactions", "service", "async with pool.acquire() as connection: ..."),
    (
        "only_db_opens_transactions",
        "queries",
        "await scope.execute(\"SELECT set_config('role', 'hub_app', true)\")",
    ),
    ("nothing_leaves_its_transaction", "queries", "async with await Case.select().batch(): ..."),
    ("nothing_leaves_its_transaction", "service", "Case.count().run_sync()"),
    (
        "one_thing_at_a_time_in_a_scope",
        "service",
        "async def f(scope: TenantScope): await asyncio.gather(a(scope), b(scope))",
    ),
    (
        "one_thing_at_a_time_in_a_scope",
        "service",
        "async def f():\n  async with tenant_transaction(i) as s: asyncio.create_task(find(s))",
    ),
    ("queries_take_a_scope_first", "queries", "async def find(case_id: UUID): ..."),
    (
        "queries_take_a_scope_first",
        "queries",
        "async def find(case_id: UUID, scope: TenantScope): ...",
    ),
    ("queries_take_a_scope_first", "queries", "async def find(scope): ..."),
    ("queries_take_a_scope_first", "queries", "async def find(scope: TenantScope | None): ..."),
    ("statements_stand_in_queries", "service", "await scope.fetch('SELECT 1')"),
    ("statements_stand_in_queries", "pages", "await scope.execute(SQL, 1)"),
    ("only_queries_know_tables", "service", "from hub.referrals.cases.tables import Case"),
    ("only_queries_know_tables", "pages", "from hub.referrals.cases import tables"),
    ("time_is_the_clocks", "service", "at = datetime.now(UTC)"),
    ("time_is_the_clocks", "service", "day = datetime.date.today()"),
    ("time_is_the_clocks", "queries", "await scope.execute('UPDATE cases SET updated_at = now()')"),
    ("time_is_the_clocks", "queries", "x = 'SELECT 1 WHERE due_on < CURRENT_DATE'"),
    ("comparisons_keep_their_index", "queries", "x = 'SELECT 1 FROM a WHERE lower(email) = $1'"),
    ("comparisons_keep_their_index", "queries", "x = 'SELECT 1 FROM a WHERE tags @> $1'"),
    ("tasks_take_ids_only", "tasks", "@task('a.b')\nasync def f(job: Job, *, email: str): ..."),
    ("tasks_take_ids_only", "tasks", "@task('a.b', long=True)\nasync def f(job: Job, *, a): ..."),
]


@pytest.mark.parametrize(("name", "module", "source"), BAD)
def test_a_rule_notices_what_it_is_there_for(name: str, module: str, source: str) -> None:
    rule = next(rule for rule in RULES if rule.__name__ == name)
    assert list(rule(PurePosixPath(f"hub/x/{module}.py"), ast.parse(source)))


def test_every_rule_is_known_to_notice() -> None:
    assert {name for name, _, _ in BAD} == {rule.__name__ for rule in RULES}
