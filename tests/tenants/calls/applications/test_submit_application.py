"""Submitting: by the database's clock, once, with a number of its own, and exactly what was prepared."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from hub.clock import ROME
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.attach_file import attach
from hub.tenants.calls.applications.schemas import Application, Content
from hub.tenants.calls.applications.submit_application import (
    AlreadyApplied,
    Changed,
    canonical,
    submit,
)
from hub.tenants.calls.close_call import close_call
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.commission import name_evaluator
from hub.tenants.calls.terms import NotOpenYet, TermOver, in_time
from hub.uploads import PDF, CheckedFile
from tests.factories import Tenant, make_membership
from tests.support import papers
from tests.support.databases import Database
from tests.tenants.calls.making import (
    DAY,
    content,
    make_application,
    make_call,
    make_draft,
    make_ente,
    set_database_clock,
    stop_database_clock,
)

pytestmark = pytest.mark.usefixtures("db")

SECOND = timedelta(seconds=1)
# The two nights of 2027 on which Italy changes its clocks, and what an Ente would write for the day: noon.
SPRING = datetime(2027, 3, 28, 12, 0, tzinfo=ROME)
AUTUMN = datetime(2027, 10, 31, 12, 0, tzinfo=ROME)


async def submitted(
    ente: Tenant, draft: Application, with_content: Content | None = None
) -> Application:
    async with tenant_transaction(ente.id) as scope:
        return await submit(scope, draft, with_content or content())


async def test_what_was_prepared_is_frozen_hashed_and_numbered() -> None:
    ente, _ = await make_ente()
    call_id = await make_call(ente)
    draft, said = await make_draft(ente, call_id), content(name="Comune di Prova")
    done = await submitted(ente, draft, said)
    assert done.state == "submitted"
    assert done.organisation_name == "Comune di Prova"
    assert done.content is not None
    assert msgspec.structs.replace(done.content, files=()) == said
    (file,) = done.content.files
    assert (file.kind, file.sha256) == ("statute", hashlib.sha256(papers.PDF).hexdigest())
    assert done.content_hash == hashlib.sha256(canonical(done.content)).digest()
    assert done.protocol_number == 1
    assert done.submitted_at is not None
    assert done.protocol == f"0000001/{done.submitted_at.astimezone(ROME).year}"


@pytest.mark.parametrize("closes_at", [SPRING, AUTUMN], ids=["spring", "autumn"])
async def test_the_closing_instant_decides_to_the_second(
    own_database: Database, closes_at: datetime
) -> None:
    ente, _ = await make_ente()
    await stop_database_clock(own_database, closes_at - 3 * DAY)
    call_id = await make_call(ente, opens_at=closes_at - 30 * DAY, closes_at=closes_at)
    first, second = await make_draft(ente, call_id), await make_draft(ente, call_id)
    await stop_database_clock(own_database, closes_at - SECOND)
    done = await submitted(ente, first)
    assert done.submitted_at == closes_at - SECOND
    await stop_database_clock(own_database, closes_at)
    with pytest.raises(TermOver):
        await submitted(ente, second)
    async with tenant_transaction(ente.id) as scope:
        kept = await queries.find(scope, second.id)
    assert kept == second


async def test_nothing_comes_in_before_the_opening(own_database: Database) -> None:
    ente, _ = await make_ente()
    opens_at = SPRING
    call_id = await make_call(ente, opens_at=opens_at, closes_at=opens_at + DAY)
    await stop_database_clock(own_database, opens_at - SECOND)
    with pytest.raises(NotOpenYet):
        await make_draft(ente, call_id)
    await stop_database_clock(own_database, opens_at)
    await make_draft(ente, call_id)


async def test_fifty_in_the_last_second_get_what_the_clock_says(own_database: Database) -> None:
    """Half of them are too late: whoever the database began with in time has a number, and none is missing."""
    ente, _ = await make_ente()
    closes_at = AUTUMN
    await set_database_clock(own_database, closes_at - DAY)
    call_id = await make_call(ente, opens_at=closes_at - 30 * DAY, closes_at=closes_at)
    drafts = [await make_draft(ente, call_id) for _ in range(50)]
    # Time goes on while they submit; each waits for the others' numbers.
    await set_database_clock(own_database, closes_at - timedelta(milliseconds=600))

    async def in_turn(number: int, draft: Application) -> Application | TermOver:
        await asyncio.sleep(number * 0.024)
        try:
            return await submitted(ente, draft)
        except TermOver as over:
            return over

    results = await asyncio.gather(*(in_turn(n, draft) for n, draft in enumerate(drafts)))
    done = [each for each in results if isinstance(each, Application)]
    assert 0 < len(done) < 50
    assert all(each.submitted_at and each.submitted_at < closes_at for each in done)
    numbers = sorted(each.protocol_number or 0 for each in done)
    assert numbers == list(range(1, len(done) + 1))
    states = Counter([await state_of(ente, draft.id) for draft in drafts])
    assert states == {"submitted": len(done), "draft": 50 - len(done)}


async def state_of(ente: Tenant, application_id: UUID) -> str:
    async with tenant_transaction(ente.id) as scope:
        found = await queries.find(scope, application_id)
    assert found is not None
    return found.state


async def test_waiting_for_a_number_costs_nothing(own_database: Database) -> None:
    """The transaction began in time; that another held the counter until after the closing is not its fault."""
    ente, _ = await make_ente()
    closes_at = SPRING
    await set_database_clock(own_database, closes_at - DAY)
    call_id = await make_call(ente, opens_at=closes_at - 30 * DAY, closes_at=closes_at)
    draft = await make_draft(ente, call_id)
    await set_database_clock(own_database, closes_at - timedelta(milliseconds=300))
    async with tenant_transaction(ente.id) as scope:
        await queries.next_protocol_number(scope, closes_at.year)
        # In a context of its own, since scopes do not nest.
        waiting = asyncio.create_task(submitted(ente, draft), context=contextvars.Context())
        await asyncio.sleep(0.6)
    done = await waiting
    assert done.submitted_at is not None
    assert done.submitted_at < closes_at


async def test_who_closes_the_call_waits_for_those_who_are_submitting(
    own_database: Database,
) -> None:
    """What came in on time while somebody closed the call has its evaluators like all others."""
    ente, admin = await make_ente()
    closes_at = SPRING
    await set_database_clock(own_database, closes_at - DAY)
    call_id = await make_call(ente, opens_at=closes_at - 30 * DAY, closes_at=closes_at)
    for _ in range(2):
        person = await make_membership(ente, "viewer")
        administrations = await administrations_of(ente.id)
        async with tenant_transaction(ente.id) as scope:
            await name_evaluator(scope, admin.actor, call_id, person.membership_id, administrations)
    draft = await make_draft(ente, call_id)

    async def close() -> None:
        async with tenant_transaction(ente.id) as scope:
            await close_call(scope, admin.actor, call_id, administrations, uuid7())

    await set_database_clock(own_database, closes_at - timedelta(milliseconds=500))
    async with tenant_transaction(ente.id) as scope:
        await submit(scope, draft, content())
        await asyncio.sleep(0.6)
        closing = asyncio.create_task(close(), context=contextvars.Context())
        await asyncio.sleep(0.4)
    await closing
    async with tenant_transaction(ente.id) as scope:
        given = await scope.fetchval(
            "SELECT count(*) FROM evaluations WHERE application_id = $1", draft.id
        )
    assert given == 2


async def test_numbers_have_no_gaps_and_begin_anew_each_year(own_database: Database) -> None:
    ente, _ = await make_ente()
    new_year = datetime(2027, 1, 1, tzinfo=ROME)
    await stop_database_clock(own_database, new_year - SECOND)
    call_id = await make_call(ente, opens_at=new_year - DAY, closes_at=new_year + DAY)
    first = await make_application(ente, call_id)
    taken = content(code=first.content.organisation.fiscal_code if first.content else "")
    with pytest.raises(AlreadyApplied):
        await submitted(ente, await make_draft(ente, call_id), taken)
    second = await make_application(ente, call_id)
    await stop_database_clock(own_database, new_year)
    third = await make_application(ente, call_id)
    found = [(each.protocol_year, each.protocol_number) for each in (first, second, third)]
    assert found == [(2026, 1), (2026, 2), (2027, 1)]


async def test_submitting_twice_counts_once() -> None:
    ente, _ = await make_ente()
    call_id = await make_call(ente)
    draft, said = await make_draft(ente, call_id), content()
    first, second = await asyncio.gather(submitted(ente, draft, said), submitted(ente, draft, said))
    assert first == second
    async with tenant_transaction(ente.id) as scope:
        assert await scope.fetchval("SELECT last FROM protocol_counters") == 1
        receipts = await scope.fetchval("SELECT count(*) FROM application_desks")
    assert receipts == 1


async def test_two_windows_of_one_organisation_submit_one_application() -> None:
    ente, _ = await make_ente()
    call_id = await make_call(ente)
    drafts, said = [await make_draft(ente, call_id) for _ in range(2)], content()
    results = await asyncio.gather(
        *(submitted(ente, draft, said) for draft in drafts), return_exceptions=True
    )
    (refusal,) = [result for result in results if not isinstance(result, Application)]
    assert isinstance(refusal, AlreadyApplied)
    async with tenant_transaction(ente.id) as scope:
        assert await scope.fetchval("SELECT last FROM protocol_counters") == 1


async def test_what_changed_since_the_summary_is_not_submitted_unseen() -> None:
    ente, _ = await make_ente()
    draft = await make_draft(ente, await make_call(ente))
    async with tenant_transaction(ente.id) as scope:
        await queries.save_answers(scope, draft.id, "contacts", {"phone": ["081"]}, draft.version)
    with pytest.raises(Changed):
        await submitted(ente, draft)


@pytest.mark.parametrize(
    "change",
    [
        "content = '{}'",
        "content_hash = '\\x00'",
        "answers = '{\"a\": {}}'",
        "fiscal_code = '00000000000'",
        "protocol_number = 99",
        "submitted_at = submitted_at - interval '1 day'",
        "state = 'draft'",
    ],
)
async def test_the_database_keeps_what_was_submitted(change: str) -> None:
    ente, _ = await make_ente()
    done = await make_application(ente, await make_call(ente))
    with pytest.raises(asyncpg.CheckViolationError):
        async with tenant_transaction(ente.id) as scope:
            await scope.execute(f"UPDATE applications SET {change} WHERE id = $1", done.id)


async def test_nothing_is_saved_after_the_closing(own_database: Database) -> None:
    ente, _ = await make_ente()
    await stop_database_clock(own_database, SPRING - DAY)
    call_id = await make_call(ente, opens_at=SPRING - 9 * DAY, closes_at=SPRING)
    draft = await make_draft(ente, call_id)
    await stop_database_clock(own_database, SPRING)
    with pytest.raises(TermOver):
        await _save(ente, draft)
    with pytest.raises(TermOver):
        await _attach(ente, draft)
    async with tenant_transaction(ente.id) as scope:
        assert await queries.find(scope, draft.id) == draft
        assert len(await queries.files_of(scope, draft.id)) == 1


async def _save(ente: Tenant, draft: Application) -> None:
    async with tenant_transaction(ente.id) as scope, in_time():
        await queries.save_answers(scope, draft.id, "contacts", {"phone": ["081"]}, draft.version)


async def _attach(ente: Tenant, draft: Application) -> None:
    checked = CheckedFile("altro.pdf", PDF)
    async with tenant_transaction(ente.id) as scope:
        await attach(scope, draft.id, "plan", checked, papers.PDF)
