"""An application once it is submitted: what its applicant sees of it, and may still do."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.calls.applications.complete_application import ask_completion
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection.rank import approve, propose
from hub.worker import drain_now
from tests.factories import Member, Tenant, make_membership
from tests.support import papers
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.applications.applying import (
    CONTACTS,
    Applicant,
    NewClient,
    applicant,
    close,
    stored,
    value_of,
)
from tests.tenants.calls.making import make_application, make_draft
from tests.tenants.calls.selection.making import give_all, make_commission


def words(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.text)))


@pytest.fixture
async def submitted(applying: Applicant) -> Applicant:
    await applying.fill_in()
    answer = await applying.submit()
    assert answer.headers["location"] == applying.base
    return Applicant(applying.client, await applying.stored())


@pytest.fixture
async def admin(ente: Tenant) -> Member:
    return await make_membership(ente, "admin")


async def test_it_shows_its_number_its_hash_and_what_was_submitted(
    submitted: Applicant, relay: SmtpSink
) -> None:
    page = await submitted.get()
    application = submitted.application
    assert application.protocol
    assert application.content_hash
    for said in (
        application.protocol,
        application.content_hash.hex(),
        "Comune di Napoli",
        "atto.pdf",
    ):
        assert said in page.text
    assert "La ricevuta è in preparazione" in words(page)
    assert (await submitted.get("/receipt")).status_code == 404
    await drain_now()
    assert "Scarica la ricevuta" in words(await submitted.get())
    receipt = await submitted.get("/receipt")
    assert receipt.content.startswith(b"%PDF-")
    assert receipt.headers["content-disposition"].startswith("attachment")


async def test_no_receipt_is_promised_for_what_came_in_without_one(submitted: Applicant) -> None:
    """As the demo's applications, which were written past the steps."""
    with clock.moved(timedelta(days=3)):
        applicant(submitted.client, submitted.application)  # Whose cookie is good then.
        page = words(await submitted.get())
    assert "Numero di protocollo" in page
    assert "La ricevuta è in preparazione" not in page
    assert "Scarica la ricevuta" not in page


async def test_submitting_twice_is_once(submitted: Applicant) -> None:
    again = await submitted.post("/submit", seen="anything")
    assert again.status_code == 303
    assert "era già stata presentata" in words(await submitted.get()).lower()
    assert (await submitted.stored()).protocol == submitted.application.protocol


async def test_a_double_click_is_one_submission(applying: Applicant) -> None:
    await applying.fill_in()
    seen = value_of((await applying.get("/summary")).text, "seen")
    answers = await asyncio.gather(*(applying.post("/submit", seen=seen) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    async with tenant_transaction(applying.application.tenant_id) as scope:
        desks = await scope.fetchval(
            "SELECT count(*) FROM application_desks WHERE application_id = $1",
            applying.application.id,
        )
        last = await scope.fetchval("SELECT max(last) FROM protocol_counters")
    assert (desks, last) == (1, (await applying.stored()).protocol_number)


async def test_nothing_is_submitted_that_another_window_has_changed(applying: Applicant) -> None:
    await applying.fill_in()
    seen = value_of((await applying.get("/summary")).text, "seen")
    await applying.save("contacts", CONTACTS | {"person_role": "Sindaca"})
    refused = await applying.post("/submit", seen=seen)
    assert refused.status_code == 409
    assert "altra finestra" in words(refused)
    assert "Sindaca" in refused.text
    seen = value_of(refused.text, "seen")
    await applying.upload(name="altro.pdf")
    assert (await applying.post("/submit", seen=seen)).status_code == 409
    assert (await applying.submit()).status_code == 303


async def test_an_administration_applies_once(
    submitted: Applicant, new_client: NewClient, ente: Tenant, call_id: UUID
) -> None:
    other = applicant(new_client(), await make_draft(ente, call_id))
    await other.fill_in()
    refused = await other.submit()
    assert refused.status_code == 409
    assert "è già stata presentata" in words(refused)
    assert (await other.stored()).state == "draft"


async def test_after_closing_nothing_is_accepted_and_everything_can_be_read(
    applying: Applicant, ente: Tenant, call_id: UUID
) -> None:
    await applying.fill_in()
    seen = value_of((await applying.get("/summary")).text, "seen")
    await close(ente, call_id)
    before = await applying.stored()
    late = await applying.post("/submit", seen=seen)
    assert late.status_code == 409
    assert "Il termine è scaduto" in words(late)
    typed = await applying.post("/contacts", CONTACTS | {"person_role": "Sindaca"}, seen="")
    assert typed.status_code == 409
    assert value_of(typed.text, "person_role") == "Sindaca", "it can still be copied"
    quietly = await applying.client.post(
        f"{applying.base}/contacts",
        data={**CONTACTS, "person_role": "x", "go": "stay", "form_key": str(uuid4())},
        headers={"hx-request": "true"},
    )
    assert "Non salvato: il bando è chiuso" in words(quietly)
    assert await applying.stored() == before
    assert (await applying.get()).headers["location"] == f"{applying.base}/summary"
    for step in ("organisation", "desks", "contacts", "attachments", "declarations", "summary"):
        page = await applying.get(f"/{step}")
        assert page.status_code == 200
        assert "non è stata presentata" in words(page)
        assert 'action="' + applying.base not in page.text, "nothing can be sent"
    assert "Comune di Napoli" in (await applying.get("/summary")).text


async def test_what_is_typed_after_submitting_is_not_taken(submitted: Applicant) -> None:
    answer = await submitted.post("/contacts", {"person_role": "x"}, seen="")
    assert answer.headers["location"] == submitted.base
    assert "non è stato acquisito" in words(await submitted.get())
    for step in ("contacts", "attachments", "summary"):
        assert (await submitted.get(f"/{step}")).headers["location"] == submitted.base
    assert (await submitted.stored()).answers == submitted.application.answers


async def test_a_request_is_answered_with_text_and_files(
    submitted: Applicant, admin: Member, relay: SmtpSink
) -> None:
    completion_id = await ask(submitted, admin)
    page = await submitted.get()
    assert "Manca la <b>firma</b>" in unescape(page.text)
    assert "<b>" not in page.text
    files = f"{submitted.base}/completions/{completion_id}/files"
    refused = await submitted.client.post(files, files={"file": ("a.pdf", b"no")})
    assert refused.status_code == 422
    assert "non è un PDF" in words(refused)
    taken = await submitted.client.post(files, files={"file": ("firmato.p7m", papers.signed())})
    assert taken.headers["location"] == f"{submitted.base}#request"
    empty = await submitted.post(f"/completions/{completion_id}", {"answer": " "})
    assert empty.status_code == 422
    sent = await submitted.post(f"/completions/{completion_id}", {"answer": "Ecco la firma."})
    assert sent.headers["location"] == submitted.base
    page = await submitted.get()
    assert "Ecco la firma." in page.text
    assert "firmato.p7m" in page.text
    assert "Integrazione inviata" in words(page)
    again = await submitted.post(f"/completions/{completion_id}", {"answer": "Ancora."})
    assert again.status_code == 409
    late = await submitted.client.post(files, files={"file": ("b.pdf", papers.PDF)})
    assert late.status_code == 409
    assert "b.pdf" not in (await submitted.get()).text


async def ask(submitted: Applicant, admin: Member) -> UUID:
    async with tenant_transaction(admin.tenant.id) as scope:
        return await ask_completion(
            scope,
            admin.actor,
            submitted.application.id,
            "Manca la <b>firma</b>.",
            clock.today() + timedelta(days=10),
        )


async def test_an_answer_after_its_term_is_refused(submitted: Applicant, admin: Member) -> None:
    completion_id = await ask(submitted, admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        await scope.execute(
            "UPDATE application_completions SET asked_at = $2, due_at = $3 WHERE id = $1",
            completion_id,
            scope.now - timedelta(days=2),
            scope.now - timedelta(seconds=1),
        )
    late = await submitted.post(f"/completions/{completion_id}", {"answer": "Tardi."})
    assert late.status_code == 409
    assert "Il termine è scaduto senza risposta" in words(late)
    assert 'name="answer"' not in (await submitted.get()).text


async def test_what_was_withdrawn_needs_no_completing(
    submitted: Applicant, admin: Member, relay: SmtpSink
) -> None:
    completion_id = await ask(submitted, admin)
    await submitted.post("/withdraw", {"sure": "yes"})
    page = await submitted.get()
    assert 'name="answer"' not in page.text
    assert "Il termine è scaduto" not in words(page)
    answer = await submitted.post(f"/completions/{completion_id}", {"answer": "Ecco."})
    file = await submitted.client.post(
        f"{submitted.base}/completions/{completion_id}/files",
        files={"file": ("a.pdf", papers.PDF)},
    )
    assert (answer.status_code, file.status_code) == (409, 409)


async def test_anothers_request_is_not_to_be_answered(
    submitted: Applicant, admin: Member, new_client: NewClient, ente: Tenant, call_id: UUID
) -> None:
    completion_id = await ask(submitted, admin)
    other = applicant(new_client(), await make_application(ente, call_id))
    for wanted in (completion_id, uuid4(), "1"):
        answer = await other.post(f"/completions/{wanted}", {"answer": "x"})
        assert answer.status_code == 404
        file = await other.client.post(
            f"{other.base}/completions/{wanted}/files", files={"file": ("a.pdf", papers.PDF)}
        )
        assert file.status_code == 404


async def test_withdrawing_asks_first_and_is_done_once(
    submitted: Applicant, relay: SmtpSink
) -> None:
    asked = await submitted.get("/withdraw")
    assert "Ritirare la candidatura?" in words(asked)
    unsure = await submitted.post("/withdraw", {"reason": "Cambio di sede"})
    assert unsure.status_code == 422
    assert (await submitted.stored()).state == "submitted"
    for _ in range(2):
        answer = await submitted.post("/withdraw", {"reason": "Cambio di sede", "sure": "yes"})
        assert answer.headers["location"] == submitted.base
    withdrawn = await submitted.stored()
    assert (withdrawn.state, withdrawn.protocol) == ("withdrawn", submitted.application.protocol)
    page = await submitted.get()
    assert "non viene più considerata" in words(page)
    assert f"{submitted.base}/withdraw" not in page.text
    await drain_now()
    about = [m for m in relay.messages if "ritirata" in m.message["subject"]]
    assert len(about) == 1


async def test_a_draft_is_not_withdrawn(applying: Applicant) -> None:
    assert (await applying.get("/withdraw")).status_code == 303
    answer = await applying.post("/withdraw", {"sure": "yes"})
    assert answer.status_code == 409
    assert (await applying.stored()).state == "draft"


async def test_the_outcome_is_told_in_words(new_client: NewClient, db: object) -> None:
    commission, made = await make_commission(2, applications=4, places=1)
    best, reserve, low, gone = made
    points = {best.id: (20, 10), reserve.id: (15, 8), low.id: (2, 1), gone.id: (19, 9)}
    await give_all(commission, {one: (given, given) for one, given in points.items()})
    before = await applicant(new_client(), best).get()
    assert "Posto in graduatoria" not in words(before), "nothing before it is published"
    async with tenant_transaction(commission.ente.id) as scope:
        ranking_id = await propose(scope, commission.admin.actor, commission.call_id)
    async with tenant_transaction(commission.ente.id) as scope:
        await approve(scope, commission.second.actor, commission.call_id, ranking_id)
    told = {one.id: words(await applicant(new_client(), one).get()) for one in made}
    assert "è ammessa" in told[best.id]
    assert "Ammessa" in told[best.id]
    assert "Posto nella riserva 2" in told[reserve.id]
    assert "Posto nella riserva 1" in told[gone.id]
    assert "Punteggio inferiore al minimo" in told[low.id]
    assert "Come opporsi" in told[low.id]
    assert "Come opporsi" not in told[reserve.id]
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, best.id, "")
    assert (await stored(gone)).state == "admitted"
    moved = words(await applicant(new_client(), gone).get())
    assert "Subentro dalla riserva" in moved
    assert str(best.protocol) in moved
