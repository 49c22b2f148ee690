"""What row security is for, tried out: as one organisation against another's rows, table by table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hub.roles import APP
from tests.contracts.check_grants import written_matrix
from tests.contracts.check_isolation import ATTEMPTS, points_across, touched, update_of
from tests.contracts.check_keys import foreign_keys_between_tenants
from tests.contracts.check_row_security import tables_of_tenants
from tests.contracts.samples import TENANT_ROWS, Organisation, make_organisation
from tests.support.databases import Connection, Database, connected

Attempt = Callable[[Organisation, Organisation], Awaitable[list[str]]]


@pytest.fixture
async def superuser(db: Database) -> AsyncIterator[Connection]:
    async with connected(db.superuser_url) as connection:
        yield connection


@pytest.fixture
async def two(superuser: Connection) -> tuple[Organisation, Organisation]:
    return await make_organisation(superuser), await make_organisation(superuser)


async def test_every_table_of_tenants_has_a_sample(superuser: Connection) -> None:
    assert set(TENANT_ROWS) == set(await tables_of_tenants(superuser))


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_no_command_reaches_anothers_rows(
    two: tuple[Organisation, Organisation], attempt: Attempt
) -> None:
    assert await attempt(*two) == []


async def test_the_same_commands_reach_ones_own_rows(
    two: tuple[Organisation, Organisation],
) -> None:
    """Otherwise the attempts above would prove nothing."""
    own, _ = two
    for table in reversed(TENANT_ROWS):
        grant = written_matrix()[table].get(APP, {})
        for command, sql in (
            ("select", f"SELECT FROM {table} WHERE id = $1"),
            ("update", update_of(table)),
            ("delete", f"DELETE FROM {table} WHERE id = $1"),
        ):
            if command != "delete" or table not in KEPT:
                assert await touched(own, sql, own.rows[table]) == (command in grant)


# What a receiver was shown of these outlives them, and so does what was delivered or decided, so the keys refuse.
KEPT = {"citizens", "cases", "referrals", "offers", "campaigns"} | {
    "calls",
    "call_criteria",
    "applications",
    "files",
}


async def test_no_key_points_to_anothers_row(
    superuser: Connection, two: tuple[Organisation, Organisation]
) -> None:
    keys = await foreign_keys_between_tenants(superuser)
    assert len(keys) > 20
    assert await points_across(superuser, keys, *two) == []


# What a careless migration might do, and the attempt that then gets through.
HOLES = [
    (
        "reads_across",
        "ALTER TABLE citizens NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
    ),
    ("reads_across", "CREATE POLICY also ON cases FOR SELECT TO hub_app USING (true)"),
    ("changes_across", "CREATE POLICY also ON cases TO hub_app USING (true)"),
    ("deletes_across", "CREATE POLICY also ON milestones TO hub_app USING (true)"),
    ("moves_across", "CREATE POLICY also ON consultations TO hub_app USING (true)"),
    ("inserts_across", "ALTER POLICY outbox_hub_app ON outbox WITH CHECK (true)"),
]


@pytest.mark.parametrize(("name", "hole"), HOLES)
async def test_a_hole_is_found(own_database: Database, name: str, hole: str) -> None:
    async with connected(own_database.superuser_url) as superuser:
        a, b = await make_organisation(superuser), await make_organisation(superuser)
        attempt = next(attempt for attempt in ATTEMPTS if attempt.__name__ == name)
        assert await attempt(a, b) == []
        await superuser.execute(hole)
        assert await attempt(a, b) != []


async def test_a_simple_key_is_found(own_database: Database) -> None:
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute(
            "ALTER TABLE milestones DROP CONSTRAINT milestones_tenant_id_case_id_fkey"
        )
        a, b = await make_organisation(superuser), await make_organisation(superuser)
        keys = [("milestones", ("tenant_id", "case_id"), "cases")]
        assert len(await points_across(superuser, keys, a, b)) == 1
