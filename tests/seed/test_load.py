import asyncio
from datetime import date
from itertools import pairwise

import pytest

from hub.crypto import decrypt, email_token, lookup_token
from hub.db import network_transaction, tenant_transaction
from hub.newsletter.people import sync_network_people
from hub.seed.load import SeedRefused, seed, seed_if_empty
from hub.seed.rows import TABLES
from hub.seed.sign_ins import PASSWORD, SECOND_FACTOR, SIGN_INS, WITH_CODE
from hub.tenants.accounts.passwords import matches
from tests.support.databases import Database, connected

TODAY = date(2026, 11, 23)


async def test_the_network_is_written_twice_over(own_database: Database) -> None:
    told: list[tuple[int, int, str]] = []
    async with connected(own_database.superuser_url) as superuser:
        forced = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity"
        before = await superuser.fetchval(forced)

        await seed(own_database.owner_url, 2, lambda *step: told.append(step), today=TODAY)

        counts = {
            table: await superuser.fetchval(f"SELECT count(*) FROM {table}")
            for table in TABLES.values()
        }
        assert await superuser.fetchval(forced) == before
        assert await superuser.fetchval("SELECT nextval('case_numbers')") == 10_000 + 2 * 1060
        analysed = await superuser.fetchval(
            "SELECT reltuples FROM pg_class WHERE relname = 'citizens'"
        )
    assert (counts["desks"], counts["citizens"], counts["cases"]) == (201, 2000, 2120)
    assert analysed == 2000
    assert all(counts.values())
    assert all(done <= later for (done, _, _), (later, _, _) in pairwise(told))
    assert told[-1][:2] == (2000, 2000)
    assert {total for _, total, _ in told} == {2000}

    await _check_sign_ins()
    await _check_isolation()
    await _check_newsletter()
    await _check_a_second_run(own_database)


async def _check_sign_ins() -> None:
    async with network_transaction() as scope:
        hashes = await scope.fetch(
            "SELECT password_hash FROM accounts WHERE email = ANY($1)",
            [email for _, email, _ in SIGN_INS],
        )
    assert len(hashes) == len(SIGN_INS)
    assert len({row["password_hash"] for row in hashes}) == 1
    assert await matches(hashes[0]["password_hash"], PASSWORD)
    async with network_transaction() as scope:
        secrets = await scope.fetch(
            """
            SELECT a.email, f.secret FROM accounts a JOIN second_factors f ON f.account_id = a.id
            WHERE f.confirmed_at IS NOT NULL
            """
        )
        without = await scope.fetchval(
            """
            SELECT count(*) FROM memberships m WHERE role = 'admin'
              AND NOT EXISTS (SELECT FROM second_factors f WHERE f.account_id = m.account_id)
            """
        )
    assert {decrypt(row["secret"]) for row in secrets} == {SECOND_FACTOR}
    assert {row["email"] for row in secrets} & {email for _, email, _ in SIGN_INS} == WITH_CODE
    assert without == 0, "every admin of the demo can sign in"


async def _check_isolation() -> None:
    """A host finds its own citizens, as the application would write them."""
    async with network_transaction() as scope:
        host_id = await scope.fetchval("SELECT id FROM tenants WHERE name = 'Comune di Napoli'")
    async with tenant_transaction(host_id) as tenant:
        citizens = await tenant.fetch("SELECT * FROM citizens")
        known = next(row for row in citizens if row["codice_fiscale"])
    assert len(citizens) == 60
    plain = decrypt(known["codice_fiscale"])
    assert len(plain) == 16
    assert known["codice_fiscale_token"] == lookup_token(host_id, plain)


async def _check_newsletter() -> None:
    """Suppressions fit, and keeping the network's people in step finds nothing to do."""
    async with network_transaction() as scope:
        ente_id = await scope.fetchval("SELECT id FROM tenants WHERE 'coordinator' = ANY(kinds)")
        readers = "SELECT id, version, name FROM subscribers ORDER BY id"
        reasons = "SELECT * FROM subscriptions ORDER BY id"
        before = await scope.fetch(readers), await scope.fetch(reasons)
        await sync_network_people(scope)
        assert (await scope.fetch(readers), await scope.fetch(reasons)) == before
    async with tenant_transaction(ente_id) as tenant:
        gone = await tenant.fetch(
            """
            SELECT s.email, s.email_token FROM subscribers s
            JOIN suppressions x USING (tenant_id, email_token)
            JOIN consents c USING (tenant_id, email_token)
            WHERE s.state = 'unsubscribed' AND x.reason = 'unsubscribed' AND c.event = 'withdrawn'
            """
        )
        left = await tenant.fetchval(
            "SELECT count(*) FROM subscribers WHERE state = 'unsubscribed'"
        )
    assert len(gone) == left > 20
    assert all(row["email_token"] == email_token(row["email"]) for row in gone)


async def _check_a_second_run(database: Database) -> None:
    """It is refused at once, even while somebody works with the tables."""
    async with connected(database.superuser_url) as worker, worker.transaction():
        await worker.execute("LOCK TABLE citizens IN ROW EXCLUSIVE MODE")
        async with asyncio.timeout(5):
            with pytest.raises(SeedRefused, match="--replace"):
                await seed(database.owner_url, today=TODAY)
            assert not await seed_if_empty(database.owner_url)


async def test_an_empty_database_is_seeded_once(own_database: Database) -> None:
    assert await seed_if_empty(own_database.owner_url)
    async with network_transaction() as scope:
        hosts = await scope.fetchval(
            "SELECT count(*) FROM tenants WHERE 'host' = ANY(kinds) AND state = 'active'"
        )
    assert hosts == 95


async def test_a_failure_leaves_nothing_and_row_security_as_it_was(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: str) -> str:
        raise RuntimeError("no hash")

    async with connected(own_database.superuser_url) as superuser:
        forced = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity"
        before = await superuser.fetchval(forced)
        monkeypatch.setattr("hub.seed.load.hash_password", break_down)
        with pytest.raises(RuntimeError, match="no hash"):
            await seed(own_database.owner_url, today=TODAY)
        assert await superuser.fetchval(forced) == before
        assert await superuser.fetchval("SELECT count(*) FROM tenants") == 0


async def test_the_demo_network_can_be_replaced_but_real_people_cannot(
    own_database: Database,
) -> None:
    await seed(own_database.owner_url, 1, today=TODAY)
    await seed(own_database.owner_url, 2, today=TODAY, replace=True)
    async with connected(own_database.superuser_url) as superuser:
        assert await superuser.fetchval("SELECT count(*) FROM desks") == 201
        await superuser.execute(
            "UPDATE accounts SET email = 'rosa@comune.napoli.it' WHERE email = $1", SIGN_INS[0][1]
        )
        with pytest.raises(SeedRefused):
            await seed(own_database.owner_url, 1, today=TODAY, replace=True)
        assert await superuser.fetchval("SELECT count(*) FROM desks") == 201
        assert await superuser.fetchval(
            "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'accounts'"
        )
