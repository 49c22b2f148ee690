"""The Ente's work around a call: writing it with and without scripts, its documents, its questions, more time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import FilePayload

from hub import clock
from hub.web.i18n import gettext as _
from tests.browser import selecting
from tests.browser.mail import Mailbox
from tests.browser.people import ENTE_ADMIN, ENTE_OPERATOR
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack
from tests.support import papers

ASKED = "Può candidarsi anche una unione di comuni? Chiede Mario Rossi."
PUBLISHED = "Può candidarsi anche una unione di comuni?"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_draft_is_corrected_and_deleted(new_reader: NewReader, scripts: bool) -> None:
    admin = new_reader(ENTE_ADMIN, scripts=scripts)
    title = f"Da buttare, {'con' if scripts else 'senza'} script"
    admin.open("/selections/new")
    admin.fill(title=title)
    admin.press(_("Save the draft"))
    selection = admin.path
    admin.reads(_("Before it can be published"))
    admin.open(f"{selection}/publish")
    admin.follow(_("Complete the call"))
    admin.fill(places_01="3", criterion_1_name="Esperienza", criterion_1_weight="70")
    admin.press(_("Save the draft"), status=422)
    admin.tick("Piemonte")
    selecting.add_row(admin, _("Add a criterion"), "criterion_2_weight")
    assert admin.page.locator("[name=criterion_2_weight]").input_value() == "30"
    admin.fill(criterion_2_name="Orari")
    if scripts:
        sum_of_weights = admin.page.locator("#call-weights")
        admin.fill(criterion_2_weight="20")
        admin.page.keyboard.press("Tab")
        sum_of_weights.get_by_text("90").wait_for()
    admin.press(_("Save the draft"))
    admin.reads(_("The call is saved as a draft."))
    admin.follow(_("Delete …"))
    admin.press(_("Delete the draft"))
    assert admin.path == "/selections"
    assert admin.page.get_by_role("link", name=title).count() == 0


def test_documents_questions_and_more_time(new_reader: NewReader, stack: Stack) -> None:
    admin, visitor = new_reader(ENTE_ADMIN), new_reader()
    selecting.draft(admin, "Sportelli per l'Umbria", region="Umbria")
    slug = selecting.publish(admin)
    selection = admin.path
    add_document(admin, selection)
    visitor.open(f"/calls/{slug}")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Avviso integrale").click()
    assert download.value.path().read_bytes() == papers.PDF
    ask_and_answer(visitor, new_reader(ENTE_OPERATOR), stack, slug, selection)
    extend(admin, selection)
    visitor.open(f"/calls/{slug}")
    visitor.reads("Per le feste.")
    visitor.look()


def called_pdf(content: bytes) -> FilePayload:
    return {"name": "avviso.pdf", "mimeType": "application/pdf", "buffer": content}


def add_document(admin: Reader, selection: str) -> None:
    admin.open(f"{selection}/documents")
    admin.fill(title="Avviso integrale")
    admin.page.locator("[name=file]").set_input_files(called_pdf(b"no PDF"))
    admin.press(_("Add the document"), status=422)
    admin.page.locator("[name=file]").set_input_files(called_pdf(papers.PDF))
    admin.press(_("Add the document"))
    admin.reads(_("The document is added."))
    admin.look()


def ask_and_answer(
    visitor: Reader, operator: Reader, stack: Stack, slug: str, selection: str
) -> None:
    visitor.fill(question="Breve")
    visitor.press(_("Send the question"), status=422)
    visitor.fill(question=ASKED, email="mario.rossi@example.org")
    visitor.press(_("Send the question"))
    visitor.reads(_("Your question has arrived. The answer will be published on this page."))
    operator.open(f"{selection}/questions")
    operator.follow(_("Answer"), within=operator.page.locator("main"))
    operator.fill(question=PUBLISHED, answer="Sì, **una sola volta**.")
    operator.press(_("Publish the answer"))
    operator.open(f"{selection}/questions?state=published")
    operator.reads(PUBLISHED)
    operator.look()
    subject = _("Your question is answered: %(title)s", title="Sportelli per l'Umbria")
    Mailbox(stack.mailbox).newest_to("mario.rossi@example.org", subject)
    visitor.open(f"/calls/{slug}")
    visitor.reads("una sola volta")
    assert visitor.page.get_by_text("Mario Rossi").count() == 0


def extend(admin: Reader, selection: str) -> None:
    later = clock.today() + timedelta(days=40)
    admin.open(f"{selection}/extend")
    admin.fill(closes_at=f"{clock.today()}T00:00", reason="Per le feste.")
    admin.press(_("Extend the call"), status=422)
    admin.fill(closes_at=f"{later}T12:00")
    admin.press(_("Extend the call"))
    admin.reads(_("The call is extended."))
    admin.look()
