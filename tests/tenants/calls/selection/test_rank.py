"""Proposing, approving and sending back a ranking; what approval does, and that it does it once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg
import httpx
import pytest

from hub.db import relay_transaction, tenant_transaction
from hub.errors import HubError
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection import each_ranked, rank, ranked, tasks
from hub.tenants.calls.selection.commission import NotEvaluating
from hub.worker import drain_now
from tests.factories import NAPLES, Member
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.selection.making import Commission, give_all, make_commission


async def evaluated(places: int = 1) -> tuple[Commission, list[Application]]:
    """Four applications of one region: 100, 80, 70, and 50 points, which are too few."""
    commission, made = await make_commission(3, applications=4, places=places)
    points = [(20, 10), (16, 8), (14, 7), (10, 5)]
    await give_all(commission, {one.id: [p, p] for one, p in zip(made, points, strict=True)})
    return commission, made


async def propose(commission: Commission, who: Member | None = None) -> UUID:
    async with tenant_transaction(commission.ente.id) as scope:
        return await rank.propose(scope, (who or commission.admin).actor, commission.call_id)


async def approve(commission: Commission, ranking_id: UUID, who: Member | None = None) -> None:
    async with tenant_transaction(commission.ente.id) as scope:
        await rank.approve(scope, (who or commission.second).actor, commission.call_id, ranking_id)


async def states(commission: Commission, made: list[Application]) -> list[str]:
    async with tenant_transaction(commission.ente.id) as scope:
        return [
            await scope.fetchval("SELECT state FROM applications WHERE id = $1", one.id)
            for one in made
        ]


async def call_state(commission: Commission) -> str:
    async with tenant_transaction(commission.ente.id) as scope:
        found: str = await scope.fetchval(
            "SELECT state FROM calls WHERE id = $1", commission.call_id
        )
    return found


async def test_approval_gives_every_application_its_outcome(db: Database) -> None:
    commission, made = await evaluated()
    ranking_id = await propose(commission)
    assert await call_state(commission) == "proposed"
    assert set(await states(commission, made)) == {"submitted"}
    await approve(commission, ranking_id)
    assert await call_state(commission) == "decided"
    assert await states(commission, made) == ["admitted", "reserve", "reserve", "excluded"]
    async with tenant_transaction(commission.ente.id) as scope:
        entry = await ranked.entry_of(scope, made[3].id)
    assert entry is not None
    assert entry.reason == "below_minimum"


async def test_approval_forgets_who_asked_and_got_no_answer(db: Database) -> None:
    commission, _made = await evaluated()
    ente, call_id = commission.ente, commission.call_id
    async with tenant_transaction(ente.id) as scope:
        await scope.executemany(
            """
            INSERT INTO call_questions
              (id, tenant_id, call_id, asked_at, email, question, state, answer, answered_at)
            VALUES ($1, $2, $3, $4, $5, 'Chi?', $6, $7, $8)
            """,
            [
                (uuid7(), ente.id, call_id, scope.now, f"{name}@example.org", *answered)
                for name, answered in {
                    "open": ("open", None, None),
                    "given-up": ("published", "Tutti.", scope.now - timedelta(days=8)),
                    "under-way": ("published", "Tutti.", scope.now),
                }.items()
            ],
        )

    await approve(commission, await propose(commission))

    async with tenant_transaction(ente.id) as scope:
        rows = await scope.fetch(
            "SELECT email FROM call_questions WHERE call_id = $1 AND email IS NOT NULL", call_id
        )
    assert [row["email"] for row in rows] == ["under-way@example.org"]


async def test_nothing_is_proposed_while_evaluations_are_missing(db: Database) -> None:
    commission, _made = await make_commission(2, applications=1)
    with pytest.raises(rank.NotReady):
        await propose(commission)
    assert await call_state(commission) == "evaluating"


async def test_whoever_proposed_does_not_approve(db: Database) -> None:
    commission, _made = await evaluated()
    ranking_id = await propose(commission)
    with pytest.raises(rank.SamePerson):
        await approve(commission, ranking_id, commission.admin)
    with pytest.raises(asyncpg.CheckViolationError, match="rankings_check"):
        async with tenant_transaction(commission.ente.id) as scope:
            await ranked.decide(scope, ranking_id, "approved", commission.admin.membership_id)


async def test_a_ranking_sent_back_lets_the_evaluation_go_on(db: Database) -> None:
    commission, made = await evaluated()
    first = await propose(commission)
    async with tenant_transaction(commission.ente.id) as scope:
        await rank.reject(
            scope, commission.second.actor, commission.call_id, first, "Manca un documento."
        )
    assert await call_state(commission) == "evaluating"
    with pytest.raises(rank.DecidedMeanwhile):
        await approve(commission, first)
    second = await propose(commission, commission.second)
    await approve(commission, second, commission.admin)
    async with tenant_transaction(commission.ente.id) as scope:
        rows = await scope.fetch(
            "SELECT number, state FROM rankings WHERE call_id = $1 ORDER BY number",
            commission.call_id,
        )
    assert [tuple(row) for row in rows] == [(1, "rejected"), (2, "approved")]
    assert await states(commission, made) == ["admitted", "reserve", "reserve", "excluded"]


async def test_of_two_who_approve_at_once_one_does_and_one_is_told(db: Database) -> None:
    commission, made = await evaluated()
    ranking_id = await propose(commission)
    answers = await asyncio.gather(
        *(approve(commission, ranking_id) for _ in range(2)), return_exceptions=True
    )
    assert [type(one) for one in answers if one] == [rank.DecidedMeanwhile]
    assert await states(commission, made) == ["admitted", "reserve", "reserve", "excluded"]


async def test_of_two_who_propose_at_once_one_does_and_one_is_told(db: Database) -> None:
    commission, _made = await evaluated()
    answers = await asyncio.gather(
        propose(commission), propose(commission, commission.second), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, HubError)]
    assert [type(one) for one in refused] == [NotEvaluating]


async def test_what_was_approved_is_frozen(db: Database) -> None:
    commission, _made = await evaluated()
    ranking_id = await propose(commission)
    await approve(commission, ranking_id)
    with pytest.raises(asyncpg.CheckViolationError):
        async with tenant_transaction(commission.ente.id) as scope:
            await scope.execute("UPDATE rankings SET decision_note = 'x' WHERE id = $1", ranking_id)
    for statement in ("UPDATE ranking_entries SET position = 1", "DELETE FROM ranking_entries"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tenant_transaction(commission.ente.id) as scope:
                await scope.execute(statement)


async def test_the_published_hash_is_that_of_the_published_file(
    db: Database, client: httpx.AsyncClient
) -> None:
    commission, made = await evaluated()
    ranking_id = await propose(commission)
    async with tenant_transaction(commission.ente.id) as scope:
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
    for path in (f"/calls/{slug}/ranking", f"/calls/{slug}/ranking.csv"):
        assert (await client.get(path)).status_code == 404, "only proposed"
    await approve(commission, ranking_id)
    file = await client.get(f"/calls/{slug}/ranking.csv")
    digest = sha256(file.content).hexdigest()
    assert digest in (await client.get(f"/calls/{slug}/ranking")).text
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, made[0].id, "")
    again = await client.get(f"/calls/{slug}/ranking.csv")
    assert sha256(again.content).hexdigest() == digest, "the file stays as it was approved"
    page = (await client.get(f"/calls/{slug}/ranking")).text
    assert page.count(str(made[0].protocol)) == 2, "its own line, and that of who moved up"


async def test_every_applicant_is_told_once(
    db: Database, relay: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are more than one transaction orders, and where a task runs twice."""
    monkeypatch.setattr(each_ranked, "CHUNK", 2)
    commission, made = await evaluated()
    ranking_id = await propose(commission)
    await approve(commission, ranking_id)
    job = Job(uuid7(), commission.ente.id, "selection.tell_outcomes", {}, 1)
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    for _attempt in range(2):
        await tasks.tell_outcomes(job, ranking_id=ranking_id, behind=UUID(int=0))
    await drain_now()
    told = [one.recipients[0] for one in relay.messages if "graduatoria" in one.text()]
    assert sorted(told) == sorted(one.email for one in made)
    assert "posizione 1" in " ".join(
        one.text() for one in relay.messages if one.recipients[0] == made[0].email
    )


async def test_who_withdraws_before_the_approval_leaves_the_place_to_the_first_reserve(
    db: Database,
) -> None:
    commission, made = await evaluated()
    ranking_id = await propose(commission)
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, made[0].id, "Non più interessati.")
    await approve(commission, ranking_id)
    assert await states(commission, made) == ["withdrawn", "admitted", "reserve", "excluded"]


async def test_the_published_table_keeps_its_hash_when_a_place_is_renamed(
    db: Database, client: httpx.AsyncClient
) -> None:
    commission, _made = await evaluated()
    ranking_id = await propose(commission)
    await approve(commission, ranking_id)
    async with tenant_transaction(commission.ente.id) as scope:
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
        published = await scope.fetchval(
            "SELECT content_hash FROM rankings WHERE id = $1", ranking_id
        )
    renamed = "UPDATE municipalities SET name = $2 WHERE istat_code = $1 AND name = $3"
    async with connected(db.superuser_url) as superuser:
        assert await superuser.execute(renamed, NAPLES, "Neapolis", "Napoli") == "UPDATE 1"
        try:
            table = (await client.get(f"/calls/{slug}/ranking.csv")).content
        finally:
            await superuser.execute(renamed, NAPLES, "Napoli", "Neapolis")
    assert b"Napoli" in table
    assert sha256(table).digest() == published


async def test_a_call_without_applications_comes_to_an_end(
    db: Database, client: httpx.AsyncClient
) -> None:
    commission, _made = await make_commission(2)
    await approve(commission, await propose(commission))
    async with tenant_transaction(commission.ente.id) as scope:
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
    assert (await client.get(f"/calls/{slug}/ranking")).status_code == 200
