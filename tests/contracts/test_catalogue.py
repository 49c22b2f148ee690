"""What the migrations left in the catalogue, against design §4; and proof that each of these checks can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.roles import NETWORK, RELAY
from tests.contracts.check_grants import written_matrix
from tests.contracts.checks import CHECKS
from tests.support.databases import Connection, Database, connected

# Check, and what a careless migration might do that it must notice.
MISTAKES = [
    ("grants_as_written", "GRANT SELECT ON citizens TO hub_network"),
    ("grants_as_written", "GRANT UPDATE (disclosure) ON offers TO hub_router"),
    ("grants_as_written", "GRANT SELECT (payload) ON disclosures TO hub_router"),
    ("grants_as_written", "GRANT SELECT ON tenants TO PUBLIC"),
    ("grants_as_written", "GRANT SELECT ON outbox TO hub_worker"),
    ("grants_as_written", "GRANT SELECT ON cases TO hub_app WITH GRANT OPTION"),
    ("grants_as_written", "REVOKE DELETE ON sessions FROM hub_network"),
    ("grants_as_written", "GRANT UPDATE ON SEQUENCE case_numbers TO hub_app"),
    ("grants_as_written", "CREATE TABLE documents (id uuid PRIMARY KEY)"),
    ("grants_as_written", "DROP TABLE idempotency_keys"),
    ("tables_guarded", "CREATE TABLE documents (id uuid PRIMARY KEY)"),
    ("tables_guarded", "CREATE TABLE documents (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)"),
    ("tables_guarded", "ALTER TABLE citizens NO FORCE ROW LEVEL SECURITY"),
    ("tables_guarded", "ALTER TABLE accounts DISABLE ROW LEVEL SECURITY"),
    ("tables_guarded", "ALTER TABLE cases ALTER tenant_id DROP NOT NULL"),
    ("tables_guarded", "ALTER TABLE cases OWNER TO postgres"),
    ("policies_exact", "DROP POLICY citizens_hub_app ON citizens"),
    ("policies_exact", "CREATE POLICY also ON citizens TO hub_app USING (true)"),
    ("policies_exact", "CREATE POLICY also ON citizens USING (true)"),
    ("policies_exact", "CREATE POLICY also ON citizens TO hub_network USING (true)"),
    ("policies_exact", "CREATE POLICY also ON cases AS RESTRICTIVE TO hub_app USING (false)"),
    ("policies_exact", "ALTER POLICY cases_hub_app ON cases WITH CHECK (true)"),
    ("policies_exact", "ALTER POLICY desks_hub_app_update ON desks USING (true)"),
    (
        "policies_exact",
        """
        ALTER POLICY cases_hub_app ON cases USING (tenant_id = current_setting('hub.tenant_id')::uuid)
        """,
    ),
    ("no_ways_around", "CREATE VIEW all_cases AS SELECT * FROM cases"),
    ("no_ways_around", "CREATE MATERIALIZED VIEW all_cases AS SELECT * FROM cases"),
    (
        "no_ways_around",
        """
        CREATE FUNCTION count_cases() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        AS 'SELECT count(*) FROM cases'
        """,
    ),
    ("no_ways_around", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO hub_app"),
    ("no_ways_around", "CREATE SCHEMA hidden"),
    ("no_ways_around", "GRANT CREATE ON SCHEMA public TO hub_app"),
    ("indexes_lead_with_tenant", "CREATE INDEX by_name ON citizens (name_search)"),
    (
        "indexes_lead_with_tenant",
        "CREATE INDEX by_name ON citizens (lower(name_search), tenant_id)",
    ),
    ("indexes_lead_with_tenant", "CREATE UNIQUE INDEX desks_name ON desks (name, id)"),
    ("indexes_lead_with_tenant", "DROP INDEX outbox_due"),
    (
        "indexes_lead_with_tenant",
        "ALTER TABLE milestones DROP CONSTRAINT milestones_tenant_id_case_id_kind_key",
    ),
    (
        "foreign_keys_composite",
        "ALTER TABLE consents ADD subscriber_id uuid REFERENCES subscribers (id)",
    ),
    (
        "foreign_keys_composite",
        """
        ALTER TABLE consents ADD subscriber_id uuid, ADD her_tenant uuid,
          ADD FOREIGN KEY (her_tenant, subscriber_id) REFERENCES subscribers (tenant_id, id)
        """,
    ),
    ("roles_are_plain", "ALTER ROLE hub_app BYPASSRLS"),
    ("roles_are_plain", "ALTER ROLE hub_network LOGIN"),
    ("roles_are_plain", "ALTER ROLE hub_web SUPERUSER"),
    ("memberships_as_written", "GRANT hub_relay TO hub_web WITH INHERIT FALSE"),
    ("memberships_as_written", "GRANT hub_app TO hub_web WITH INHERIT TRUE"),
    ("memberships_as_written", "GRANT hub_network TO hub_app"),
    ("memberships_as_written", "GRANT hub_owner TO hub_worker"),
    ("memberships_as_written", "REVOKE hub_router FROM hub_web"),
]


@pytest.fixture
async def superuser(db: Database) -> AsyncIterator[Connection]:
    async with connected(db.superuser_url) as connection:
        yield connection


@pytest.mark.parametrize("name", CHECKS)
async def test_the_catalogue_is_as_designed(superuser: Connection, name: str) -> None:
    assert await CHECKS[name](superuser) == []


@pytest.mark.parametrize(
    ("name", "mistake"),
    MISTAKES,
    ids=[f"{name}-{number}" for number, (name, _) in enumerate(MISTAKES)],
)
async def test_a_mistake_turns_the_check_red(
    superuser: Connection, name: str, mistake: str
) -> None:
    transaction = superuser.transaction()
    await transaction.start()
    try:
        await superuser.execute(mistake)
        assert await CHECKS[name](superuser) != []
    finally:
        await transaction.rollback()


def test_every_check_is_known_to_turn_red() -> None:
    assert {name for name, _ in MISTAKES} == set(CHECKS)


def test_citizens_and_their_cases_are_out_of_the_networks_reach() -> None:
    """Design §4 by name, so that a careless edit of the matrix itself does not pass."""
    matrix = written_matrix()
    desks_own = {"citizens", "consultations", "cases", "milestones"}
    shared = {"referrals", "offers", "received_offers", "disclosures", "offer_events"}
    for table in desks_own:
        assert set(matrix[table]) == {"hub_app"}
    for table in shared:
        assert not {NETWORK, RELAY} & set(matrix[table])


@pytest.mark.parametrize("table", ["audit_log", "consents", "suppressions", "offer_events"])
def test_what_is_proof_can_only_be_added(table: str) -> None:
    for grant in written_matrix()[table].values():
        assert set(grant) <= {"select", "insert"}
