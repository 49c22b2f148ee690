"""What an applicant is written: the receipt with the very octets whose hash it states, and the rest of the course."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest
from pypdf import PdfReader

from hub import files, mail
from hub.clock import ROME, today
from hub.config import Settings
from hub.db import tenant_transaction
from hub.outbox import enqueue
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.complete_application import (
    AskedAlready,
    NotAsked,
    answer_completion,
    ask_completion,
)
from hub.tenants.calls.terms import TermOver
from hub.worker import drain_now
from tests.factories import Tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.making import (
    DAY,
    make_application,
    make_call,
    make_ente,
    stop_database_clock,
)

pytestmark = pytest.mark.usefixtures("own_database")


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


def attachments(message: EmailMessage) -> dict[str, bytes]:
    return {part.get_filename() or "": part.get_content() for part in message.iter_attachments()}


async def receipt_of(ente: Tenant, application_id: UUID) -> bytes:
    async with tenant_transaction(ente.id) as scope:
        found = await scope.fetchval(
            "SELECT receipt_id FROM applications WHERE id = $1", application_id
        )
        return await files.content(scope, found)


async def test_the_receipt_comes_by_mail_and_can_be_checked(relay: SmtpSink) -> None:
    ente, _ = await make_ente()
    done = await make_application(ente, await make_call(ente), name="Comune di Prova")
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == (done.email,)
    assert done.protocol is not None
    assert done.protocol in letter.message["subject"]
    brought = attachments(letter.message)
    assert done.content_hash is not None
    assert hashlib.sha256(brought["application.json"]).digest() == done.content_hash
    paper = "\n".join(
        page.extract_text() for page in PdfReader(io.BytesIO(brought["receipt.pdf"])).pages
    )
    squeezed = "".join(paper.split()).replace("\u200b", "")
    for said in (done.protocol, "Comune di Prova", done.content_hash.hex(), "ViaToledo1", "Napoli"):
        assert "".join(said.split()) in squeezed
    assert await receipt_of(ente, done.id) == brought["receipt.pdf"]


async def test_the_task_runs_twice_and_makes_one_receipt(relay: SmtpSink) -> None:
    ente, _ = await make_ente()
    done = await make_application(ente, await make_call(ente))
    await drain_now()
    first = await receipt_of(ente, done.id)
    async with tenant_transaction(ente.id) as scope:
        stored = await scope.fetchval("SELECT count(*) FROM files")
    async with tenant_transaction(ente.id) as scope:
        await enqueue(scope, "applications.mail_receipt", application_id=done.id)
    await drain_now()
    assert await receipt_of(ente, done.id) == first
    assert len(relay.messages) == 2
    async with tenant_transaction(ente.id) as scope:
        assert await scope.fetchval("SELECT count(*) FROM files") == stored


async def test_a_request_to_complete_is_mailed_and_answered_once(relay: SmtpSink) -> None:
    ente, admin = await make_ente()
    done = await make_application(ente, await make_call(ente))
    await drain_now()
    async with tenant_transaction(ente.id) as scope:
        completion_id = await ask_completion(
            scope, admin.actor, done.id, "Manca la firma.", today() + 10 * DAY
        )
    with pytest.raises(AskedAlready):
        await _ask(ente, admin.actor, done.id)
    await drain_now()
    assert "Manca la firma." in relay.messages[-1].text()
    async with tenant_transaction(ente.id) as scope:
        await answer_completion(scope, done.id, completion_id, "Eccola.")
        (completion,) = await queries.completions_of(scope, done.id)
    assert completion.answer == "Eccola."
    with pytest.raises(NotAsked):
        await _answer(ente, done.id, completion_id)


async def test_a_term_ends_with_its_day(own_database: Database) -> None:
    ente, admin = await make_ente()
    done = await make_application(ente, await make_call(ente))
    due_on = today() + 10 * DAY
    async with tenant_transaction(ente.id) as scope:
        completion_id = await ask_completion(scope, admin.actor, done.id, "Manca la firma.", due_on)
    end = datetime.combine(due_on + DAY, time(), ROME)
    await stop_database_clock(own_database, end)
    with pytest.raises(TermOver):
        await _answer(ente, done.id, completion_id)
    await stop_database_clock(own_database, end - timedelta(seconds=1))
    await _answer(ente, done.id, completion_id)


async def _ask(ente: Tenant, actor: Actor, application_id: UUID) -> None:
    async with tenant_transaction(ente.id) as scope:
        await ask_completion(scope, actor, application_id, "E la data.", today() + DAY)


async def _answer(ente: Tenant, application_id: UUID, completion_id: UUID) -> None:
    async with tenant_transaction(ente.id) as scope:
        await answer_completion(scope, application_id, completion_id, "Ancora.")
