"""The desk as its readers see it: what stands there, and what each is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications.complete_application import ask_completion
from hub.tenants.calls.desk.schemas import Todo
from hub.tenants.calls.desk.service import look_at
from hub.tenants.calls.questions import queries as questions
from hub.tenants.calls.selection import rank
from hub.web.i18n import reading_in
from tests.factories import CAMPANIA, Member, Tenant, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.web import sign_in
from tests.tenants.calls.desk.conftest import DeskOf
from tests.tenants.calls.making import make_application, make_call, make_draft, make_ente
from tests.tenants.calls.selection.making import evaluations_of, give, make_commission

DAY = timedelta(days=1)


async def todos(reader: Member, after: timedelta = timedelta(0)) -> list[Todo]:
    """What that person is asked to do, in English."""
    with clock.moved(after), reading_in("en"):
        async with tenant_transaction(reader.tenant.id) as scope:
            desk = await look_at(scope, reader.actor, None)
    return [todo for view in desk.running for todo in view.todos]


async def ask_question(ente: Tenant, call_id: object) -> None:
    async with tenant_transaction(ente.id) as scope:
        assert await questions.insert(scope, uuid7(), call_id, "Chi può?", None, "it")  # type: ignore[arg-type]  # a call's id


async def test_an_empty_desk_says_so(db: Database, desk_of: DeskOf) -> None:
    _, admin = await make_ente()

    text = await desk_of(admin)

    assert "Al momento nulla attende un tuo intervento." in text
    assert "Nessun bando è in corso" in text
    assert 'href="/selections/new"' in text
    assert "Copertura per provincia" in text


async def test_an_open_call_shows_its_applications_by_region(db: Database, desk_of: DeskOf) -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente, closes_at=datetime.now(UTC) + 5 * DAY + timedelta(minutes=5))
    await make_application(ente, call_id)
    await make_application(ente, call_id)
    await make_draft(ente, call_id)

    text = await desk_of(admin)

    assert "Tempo rimasto: 5 giorni" in text
    assert "2 per 2 posti" in text
    assert "In preparazione <strong>1</strong>" in text
    assert "Presentata <strong>2</strong>" in text
    assert '<td role="cell" data-label="Presentata" class="hub-cell-number">2</td>' in text


async def test_each_is_asked_what_that_role_may_do(db: Database) -> None:
    ente, admin = await make_ente()
    operator, viewer = [await make_membership(ente, role) for role in ("operator", "viewer")]
    call_id = await make_call(ente)
    draft_id = await make_call(ente, state="draft")
    await ask_question(ente, call_id)

    assert [(one.text, one.url) for one in await todos(operator)] == [
        ("Answer 1 question", f"/selections/{call_id}/questions")
    ]
    assert await todos(viewer) == []
    assert {one.url for one in await todos(admin)} == {
        f"/selections/{call_id}/questions",
        f"/selections/{call_id}/evaluators",
        f"/selections/{draft_id}/edit",
    }


async def test_a_call_that_is_over_is_to_be_closed(db: Database, desk_of: DeskOf) -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente, closes_at=datetime.now(UTC) + DAY)

    found = await todos(admin, 2 * DAY)

    assert found[0].urgent
    assert f"/selections/{call_id}/close" in {one.url for one in found}


async def test_a_term_that_passed_without_an_answer_is_to_be_decided(
    db: Database, desk_of: DeskOf
) -> None:
    ente, admin = await make_ente()
    application = await make_application(ente, await make_call(ente))
    async with tenant_transaction(ente.id) as scope:
        await ask_completion(
            scope, admin.actor, application.id, "Manca la planimetria.", clock.today() + 3 * DAY
        )
    here = f"/selections/{application.call_id}/applications/{application.id}"

    assert here not in {one.url for one in await todos(admin)}
    assert here in await desk_of(admin)
    assert here in {one.url for one in await todos(admin, 5 * DAY) if one.urgent}


async def test_evaluators_see_theirs_and_admins_who_is_late(db: Database, desk_of: DeskOf) -> None:
    commission, _ = await make_commission(2, applications=1)
    first = commission.evaluators[0]

    assert [one.url for one in await todos(first)] == ["/evaluations"]
    assert not (await todos(first))[0].urgent
    assert (await todos(first, 21 * DAY))[0].urgent
    late = await todos(commission.admin, 21 * DAY)
    assert [one.url for one in late] == [f"/selections/{commission.call_id}/evaluators"]
    assert "2 evaluations are overdue" in late[0].text
    text = await desk_of(commission.admin)
    assert all(one.account.name in text for one in commission.evaluators)


async def test_the_ranking_is_proposed_by_one_and_approved_by_another(
    db: Database, desk_of: DeskOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    people = {one.membership_id: one for one in commission.evaluators}
    found = await evaluations_of(commission.ente, application.id)
    for evaluation_id, membership_id, _ in found.values():
        await give(commission, evaluation_id, people[membership_id], (20, 10))
    here = f"/selections/{commission.call_id}/ranking"

    assert [(one.url, one.text) for one in await todos(commission.second)] == [
        (here, "All evaluations are in: propose the ranking")
    ]
    async with tenant_transaction(commission.ente.id) as scope:
        await rank.propose(scope, commission.admin.actor, commission.call_id)

    assert [(one.text, one.urgent) for one in await todos(commission.admin)] == [
        ("Your ranking waits for the approval of a second person", False)
    ]
    assert [(one.text, one.urgent) for one in await todos(commission.second)] == [
        ("Approve the proposed ranking, or send it back", True)
    ]
    assert "Graduatoria proposta" in await desk_of(commission.second)
    assert await todos(commission.evaluators[0]) == []


async def test_one_evaluator_is_too_few(db: Database) -> None:
    commission, _ = await make_commission(1, applications=2)

    found = await todos(commission.admin)

    assert [one.text for one in found] == ["2 applications lack an evaluator: name one more"]


async def test_a_title_cannot_be_markup(db: Database, desk_of: DeskOf) -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente, regions=(CAMPANIA,))
    async with tenant_transaction(ente.id) as scope:
        await scope.execute("UPDATE calls SET title = $2 WHERE id = $1", call_id, "<b>Bando</b>")

    text = await desk_of(admin)

    assert "<b>Bando</b>" not in text
    assert "&lt;b&gt;Bando&lt;/b&gt;" in text


@pytest.mark.parametrize("cursor", ["nothing", "", "018f0000-0000-7000-8000-000000000000"])
async def test_a_cursor_that_is_none_is_no_error(
    db: Database, client: httpx.AsyncClient, cursor: str
) -> None:
    _, admin = await make_ente()
    await sign_in(client, admin)

    assert (await client.get(f"/selections?after={cursor}")).status_code == 200


async def test_others_have_no_desk_here(
    db: Database, new_client: Callable[[], httpx.AsyncClient]
) -> None:
    host = await make_membership(await make_tenant("host"), "admin")
    client = new_client()
    await sign_in(client, host)

    assert (await client.get("/selections")).status_code == 403
    assert (await new_client().get("/selections")).status_code == 303


async def test_evaluators_find_their_evaluations_also_when_none_waits(
    db: Database, desk_of: DeskOf
) -> None:
    commission, _ = await make_commission(2)
    link = '<a href="/evaluations">Le mie valutazioni</a>'

    assert link in await desk_of(commission.evaluators[0])
    assert link not in await desk_of(commission.admin)
