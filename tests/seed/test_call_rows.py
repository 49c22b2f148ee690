"""The demo network's calls in a database: the product's own statements agree with what the seed wrote."""

from datetime import date
from hashlib import sha256
from uuid import UUID

from hub.db import TenantScope, network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.seed.call_texts import CALL_2015, CALL_ISLANDS, CALL_NORTH
from hub.seed.load import seed
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.applications.submit_application import content_hash
from hub.tenants.calls.selection import panel, ranked
from hub.tenants.calls.selection.chronicle import all_deeds
from hub.tenants.calls.selection.publish import as_published
from tests.support.databases import Connection, Database, connected

TODAY = date(2026, 11, 23)


async def test_the_product_agrees_with_the_seed(own_database: Database) -> None:
    await seed(own_database.owner_url, today=TODAY)

    async with network_transaction() as scope:
        located = [
            await calls.locate(scope, text.slug) for text in (CALL_2015, CALL_NORTH, CALL_ISLANDS)
        ]
    decided, opened, evaluated = [one for one in located if one is not None]
    ente_id = decided.tenant_id
    async with tenant_transaction(ente_id) as tenant:
        await _check_ranking(tenant, decided.call_id)
        await _check_evaluation(tenant, evaluated.call_id)
        await _check_open_call(tenant, opened.call_id)
    async with connected(own_database.superuser_url) as superuser:
        await _check_rank_statement(superuser, ente_id, decided.call_id)
        await _check_guards(superuser)


async def _check_ranking(scope: TenantScope, call_id: UUID) -> None:
    """It is published with the hash that its file has, and its minutes tell the whole of it."""
    ranking = await ranked.current_ranking(scope, call_id)
    assert ranking is not None
    assert ranking.state == "approved"
    lines = [line async for line in as_published(scope, ranking.id)]
    assert sha256(b"".join(lines)).digest() == ranking.content_hash
    tallies = await ranked.tallies(scope, ranking.id)
    assert {tally.code: (tally.places, tally.admitted) for tally in tallies} == {
        "15": (30, 30),
        "16": (25, 25),
        "18": (20, 20),
        "19": (20, 20),
    }
    moved = [one async for one in ranked.all_entries(scope, ranking.id) if one.replaces]
    assert [(one.outcome, one.now) for one in moved] == [("reserve", "admitted")]
    ids = await scope.fetch("SELECT id FROM applications WHERE call_id = $1", call_id)
    deeds = await all_deeds(scope, call_id, [row["id"] for row in ids], of_the_call=True)
    assert (deeds[0].action, deeds[-1].action) == ("call.published", "application.moved_up")
    assert {deed.by is None for deed in deeds if deed.action == "evaluation.submitted"} == {False}


async def _check_evaluation(scope: TenantScope, call_id: UUID) -> None:
    found = await panel.readiness(scope, call_id)
    assert (found.applications, found.waiting, found.unassigned, found.completions) == (7, 3, 0, 0)
    evaluators = await panel.evaluators(scope, call_id)
    assert sorted(one.waiting for one in evaluators) == [0, 0, 3]


async def _check_open_call(scope: TenantScope, call_id: UUID) -> None:
    rows = await scope.fetch(
        "SELECT id FROM applications WHERE call_id = $1 AND state = 'submitted'", call_id
    )
    assert len(rows) == 7
    for row in rows:
        found = await applications.find(scope, row["id"])
        assert found is not None
        assert found.content is not None
        assert content_hash(found.content) == found.content_hash
        files = await applications.files_of(scope, found.id)
        assert [file.sha256.hex() for file in files] == [f.sha256 for f in found.content.files]
    last = await scope.fetchval(
        "SELECT max(protocol_number) FROM applications WHERE protocol_year = 2026"
    )
    assert await applications.next_protocol_number(scope, 2026) == last + 1


async def _check_rank_statement(superuser: Connection, ente_id: UUID, call_id: UUID) -> None:
    """From the same evaluations it makes the same ranking. Nothing of this is kept."""
    entries = (
        "SELECT application_id, region_code, position, score, outcome, reason FROM ranking_entries"
    )
    transaction = superuser.transaction()
    await transaction.start()
    await superuser.execute("SET LOCAL session_replication_role = replica")
    approved = await superuser.fetch(f"{entries} ORDER BY application_id")
    await superuser.execute(
        """
        UPDATE applications a SET state = 'submitted', excluded_reason = NULL
        FROM ranking_entries n WHERE n.application_id = a.id AND n.score IS NOT NULL
        """
    )
    again = uuid7()
    await superuser.execute(ranked.RANK, again, call_id, 60, 20, ente_id)
    anew = await superuser.fetch(f"{entries} WHERE ranking_id = $1 ORDER BY application_id", again)
    await transaction.rollback()
    assert len(approved) == 105
    assert anew == approved


async def _check_guards(superuser: Connection) -> None:
    """What kept the past out is there again."""
    off = await superuser.fetch("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'")
    assert off == []
    assert (
        await superuser.fetchval(
            "SELECT count(*) FROM pg_trigger WHERE tgname IN ('applications_step', 'application_files_in_time')"
        )
        == 2
    )
