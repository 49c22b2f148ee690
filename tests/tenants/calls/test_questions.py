"""Questions that anybody asks, and the answers that everybody reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import network_transaction, tenant_transaction
from hub.errors import TooManyAttempts
from hub.ids import uuid7
from hub.tenants.calls.questions import queries, service
from hub.tenants.calls.questions.schemas import AskQuestion, Question
from hub.tenants.calls.terms import TermOver
from hub.worker import drain_now
from tests.factories import Member, make_membership
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.calls.making import make_call, make_ente, stop_database_clock
from tests.tenants.calls.test_call_editor import whole

DAY = timedelta(days=1)
WORDS = "Può candidarsi anche una unione di comuni?"


@pytest.fixture(autouse=True)
async def _nobody_asked_before(db: Database) -> None:
    """Every client of these tests has the same network address."""
    async with connected(db.superuser_url) as superuser:
        await superuser.execute("DELETE FROM sign_in_attempts")


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def ask(
    client: httpx.AsyncClient,
    admin: Member,
    call_id: UUID,
    question: str = WORDS,
    *,
    email: str = "",
    key: str | None = None,
    **fields: str,
) -> httpx.Response:
    slug = (await whole(admin, call_id)).slug
    sent = {"question": question, "email": email, "form_key": key or str(uuid7()), **fields}
    return await client.post(f"/calls/{slug}/questions", data=sent)


async def questions_of(admin: Member, call_id: UUID, state: str = "open") -> list[Question]:
    async with tenant_transaction(admin.tenant.id) as scope:
        return await queries.questions_of(scope, call_id, state=state, after=None, limit=99)


async def test_from_the_question_to_the_published_answer(
    new_client: Callable[[], httpx.AsyncClient], admin: Member, db: Database, relay: SmtpSink
) -> None:
    call_id = await make_call(admin.tenant)
    visitor, operator = new_client(), new_client()
    await sign_in(operator, await make_membership(admin.tenant, "operator"))
    asked = await ask(
        visitor, admin, call_id, f"{WORDS} Firmato Mario Rossi", email="Mario@Example.org"
    )
    slug = (await whole(admin, call_id)).slug
    assert (asked.status_code, asked.headers["location"]) == (303, f"/calls/{slug}")
    assert WORDS not in (await visitor.get(f"/calls/{slug}")).text, "not before it is answered"
    (question,) = await questions_of(admin, call_id)
    here = f"/selections/{call_id}/questions"
    assert f"{here}/{question.id}" in (await operator.get(here)).text
    assert "Mario Rossi" in (await operator.get(f"{here}/{question.id}")).text
    answer = await operator.post(
        f"{here}/{question.id}",
        data={
            "question": WORDS,
            "answer": "Sì, **una sola volta**. <script>x</script>",
            "form_key": str(uuid7()),
        },
    )
    assert answer.status_code == 303
    page = (await visitor.get(f"/calls/{slug}")).text
    assert WORDS in page
    assert "<strong>una sola volta</strong>" in page
    assert "<script>x" not in page
    assert "Mario" not in page
    await drain_now()
    (message,) = relay.messages
    assert message.recipients == ("mario@example.org",)
    assert f"/calls/{slug}#questions" in message.text()
    (answered,) = await questions_of(admin, call_id, "published")
    assert answered.email is None, "it was kept for this message only"
    await drain_now()
    assert len(relay.messages) == 1
    async with connected(db.superuser_url) as superuser:
        actions = await superuser.fetch(
            "SELECT action FROM audit_log WHERE tenant_id = $1 ORDER BY id", admin.tenant.id
        )
        told = await superuser.fetchval(
            "SELECT string_agg(codes::text, '') FROM audit_log WHERE tenant_id = $1",
            admin.tenant.id,
        )
    assert [row["action"] for row in actions] == ["question.asked", "question.answered"]
    assert "mario" not in told.lower()


async def test_who_leaves_no_address_gets_no_mail(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    call_id = await make_call(admin.tenant)
    await ask(client, admin, call_id)
    (question,) = await questions_of(admin, call_id)
    await answered(admin, question)
    await drain_now()
    assert relay.messages == []


async def answered(who: Member, question: Question, key: UUID | None = None) -> None:
    async with tenant_transaction(who.tenant.id) as scope:
        await service.answer_question(
            scope,
            who.actor,
            question.id,
            question=question.question,
            answer="Sì.",
            key=key or uuid7(),
        )


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"question": ""}, "ask-question"),
        ({"question": "Breve"}, "ask-question"),
        ({"question": "x" * 2001}, "ask-question"),
        ({"email": "nessuno"}, "ask-email"),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient, admin: Member, sent: dict[str, str], field: str
) -> None:
    call_id = await make_call(admin.tenant)
    answer = await ask(client, admin, call_id, **sent)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert await questions_of(admin, call_id) == []


async def test_a_program_that_fills_in_everything_says_nothing(
    client: httpx.AsyncClient, admin: Member
) -> None:
    call_id = await make_call(admin.tenant)
    answer = await ask(client, admin, call_id, website="https://spam.example")
    assert answer.status_code == 303, "it is not told"
    assert await questions_of(admin, call_id) == []


async def test_a_double_click_asks_once(client: httpx.AsyncClient, admin: Member) -> None:
    call_id, key = await make_call(admin.tenant), str(uuid7())
    for _ in range(2):
        assert (await ask(client, admin, call_id, key=key)).status_code == 303
    other = await ask(client, admin, call_id, "Una domanda diversa?", key=key)
    assert other.status_code == 409
    assert "Una domanda diversa?" in other.text
    assert len(await questions_of(admin, call_id)) == 1


async def test_a_machine_is_stopped(client: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    answers = [await ask(client, admin, call_id) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert len(await questions_of(admin, call_id)) == 10
    with clock.moved(service.ATTEMPTS_WINDOW):
        async with network_transaction() as scope:
            await service.count_attempt(scope, "127.0.0.1")
    with pytest.raises(TooManyAttempts):
        async with network_transaction() as scope:
            await service.count_attempt(scope, "127.0.0.1")


async def test_questions_are_taken_until_the_call_closes(
    client: httpx.AsyncClient, admin: Member
) -> None:
    now = clock.now()
    soon = await make_call(admin.tenant, opens_at=now + DAY, closes_at=now + 2 * DAY)
    assert (await ask(client, admin, soon)).status_code == 303
    for late in (
        await make_call(admin.tenant, opens_at=now - 2 * DAY, closes_at=now - DAY),
        await make_call(admin.tenant, state="evaluating"),
    ):
        answer = await ask(client, admin, late)
        assert answer.status_code == 409
        assert await questions_of(admin, late) == []


async def test_the_databases_clock_ends_the_questions(own_database: Database) -> None:
    _ente, admin = await make_ente()
    call_id = await make_call(admin.tenant)
    closes_at = (await whole(admin, call_id)).closes_at
    assert closes_at

    async def asked() -> None:
        async with tenant_transaction(admin.tenant.id) as scope:
            await service.ask(scope, call_id, AskQuestion(WORDS), "it", uuid7())

    await stop_database_clock(own_database, closes_at)
    with pytest.raises(TermOver):
        await asked()
    await stop_database_clock(own_database, closes_at - timedelta(seconds=1))
    await asked()
    assert len(await questions_of(admin, call_id)) == 1


async def test_setting_aside_forgets_who_asked(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    await ask(desk, admin, call_id, email="mario@example.org")
    (question,) = await questions_of(admin, call_id)
    here = f"/selections/{call_id}/questions"
    for _ in range(2):
        assert (await desk.post(f"{here}/{question.id}/set-aside")).status_code == 303
    (aside,) = await questions_of(admin, call_id, "set_aside")
    assert aside.email is None
    assert WORDS not in (await desk.get(f"/calls/{(await whole(admin, call_id)).slug}")).text
    assert WORDS in (await desk.get(f"{here}?state=set_aside")).text
    late = {"question": WORDS, "answer": "Sì.", "form_key": str(uuid7())}
    assert (await desk.post(f"{here}/{question.id}", data=late)).status_code == 409


async def test_two_answer_at_once(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    other = await make_membership(admin.tenant, "operator")
    call_id = await make_call(admin.tenant)
    await ask(client, admin, call_id, email="mario@example.org")
    (question,) = await questions_of(admin, call_id)
    ends = await asyncio.gather(
        answered(admin, question), answered(other, question), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["AlreadyAnswered", "NoneType"]
    await drain_now()
    assert len(relay.messages) == 1


async def test_an_answer_sent_twice_is_one(client: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    await ask(client, admin, call_id)
    (question,) = await questions_of(admin, call_id)
    key = uuid7()
    for _ in range(2):
        await answered(admin, question, key)
    assert len(await questions_of(admin, call_id, "published")) == 1


async def test_many_questions_come_page_by_page(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    async with tenant_transaction(admin.tenant.id) as scope:
        for number in range(45):
            await queries.insert(scope, uuid7(), call_id, f"Domanda {number:02d}?", None, "it")
    seen: list[str] = []
    url: str | None = f"/selections/{call_id}/questions"
    pages = 0
    while url:
        text = (await desk.get(url)).text
        seen += [f"{number:02d}" for number in range(45) if f"Domanda {number:02d}?" in text]
        pages += 1
        begin = text.find('rel="next" href="')
        url = text[begin + 17 :].partition('"')[0].replace("&amp;", "&") if begin >= 0 else None
    assert (seen, pages) == ([f"{number:02d}" for number in range(45)], 3)


@pytest.mark.parametrize("role", ["editor", "viewer"])
async def test_readers_do_not_answer(client: httpx.AsyncClient, admin: Member, role: str) -> None:
    call_id = await make_call(admin.tenant)
    await ask(client, admin, call_id)
    (question,) = await questions_of(admin, call_id)
    await sign_in(client, await make_membership(admin.tenant, role))
    here = f"/selections/{call_id}/questions"
    assert (await client.get(here)).status_code == 200
    assert (await client.get(f"{here}/{question.id}")).status_code == 403
    assert (await client.post(f"{here}/{question.id}/set-aside")).status_code == 403
    assert len(await questions_of(admin, call_id)) == 1


async def test_a_question_is_found_in_its_own_call_only(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    one, other = await make_call(admin.tenant), await make_call(admin.tenant)
    await ask(desk, admin, one)
    (question,) = await questions_of(admin, one)
    assert (await desk.get(f"/selections/{other}/questions/{question.id}")).status_code == 404
    assert (await desk.get(f"/selections/{one}/questions?state=none")).status_code == 404
