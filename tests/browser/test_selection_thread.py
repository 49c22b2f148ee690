"""A selection from the Ente's first draft to the published ranking, and one place that becomes free."""

from __future__ import annotations

import hashlib
import io
import re

import httpx
from pypdf import PdfReader

from hub.tenants.calls.applications.schemas import APPLICATION_STATES, DECLARATIONS
from hub.tenants.calls.selection.schemas import OUTCOMES
from hub.web.i18n import gettext as _
from tests.browser import applying, selecting
from tests.browser.applying import Administration
from tests.browser.mail import Mailbox
from tests.browser.people import ENTE_ADMIN, ENTE_SECOND_ADMIN, EVALUATORS
from tests.browser.reader import NewReader, Reader
from tests.browser.selecting import DEED, ROOMS
from tests.browser.stack import Stack
from tests.support import papers

TITLE = "Sportelli per la Toscana"


def test_from_the_public_page_to_the_ranking(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(ENTE_ADMIN)
    slug = announce(admin)
    selection = admin.path
    first, second = applying.another("Comune di Scandicci"), applying.another("Comune di Prato")
    applicant = new_reader()
    apply_after_a_mistake(applicant, stack, first, slug)
    receive_receipt(applicant, stack, first)
    other = new_reader()
    applying.apply(other, stack, second, slug, DEED)

    selecting.name_evaluators(admin, stack, selection, *EVALUATORS)
    selecting.let_term_end(stack, slug)
    come_too_late(new_reader(), slug)
    selecting.close(admin, selection)
    for email, points in zip(EVALUATORS, ((18, 9), (16, 8)), strict=True):
        evaluator = new_reader(email)
        selecting.evaluate(evaluator, first.name, *points)
        selecting.evaluate(evaluator, second.name, 14, 7)

    decide(admin, new_reader(ENTE_SECOND_ADMIN), selection)
    visitor = new_reader()
    read_ranking(visitor, slug, first, second)
    see_outcome(applicant, stack, first, "admitted")
    see_outcome(other, stack, second, "reserve")
    hand_place_on(applicant, other, stack, second)
    visitor.open(f"/calls/{slug}/ranking")
    assert _(OUTCOMES["withdrawn"]) in row_of(visitor, first)
    assert _(OUTCOMES["admitted"]) in row_of(visitor, second)
    visitor.look()
    read_minutes(admin, selection, first, second)


def announce(admin: Reader) -> str:
    selecting.draft(admin, TITLE)
    admin.reads(_("This is how everybody will see the call. It is not published yet."))
    return selecting.publish(admin)


def apply_after_a_mistake(applicant: Reader, stack: Stack, who: Administration, slug: str) -> None:
    applicant.open("/calls")
    applicant.follow(TITLE)
    applying.begin(applicant, stack, who, slug)
    applicant.fill(name=who.name, fiscal_code="12345678901", municipality="Sc")
    applying.save(applicant, status=422)
    assert applicant.page.locator("main [name=fiscal_code]").input_value() == "12345678901"
    applying.fill_in(applicant, who)
    lie = _("This file is named .pdf, but it is no whole PDF.")
    applying.be_refused(applicant, DEED, "atto.pdf", b"not a PDF at all", lie)
    applying.upload(applicant, DEED, "atto.pdf.p7m", papers.signed())
    applying.upload(applicant, ROOMS, "planimetria.pdf")
    resume(applicant, stack, who, applying.base(applicant))
    applicant.follow(_("Declarations"))
    applicant.tick(*(_(text) for text in DECLARATIONS.values()))
    applying.save(applicant)
    applicant.press(_("Submit the application"))
    assert re.fullmatch(r"\d{7}/\d{4}", applying.protocol(applicant))


def resume(applicant: Reader, stack: Stack, who: Administration, base: str) -> None:
    """On another day the mail's link leads back to what was saved."""
    applicant.context.clear_cookies()
    applicant.open(f"{base}/attachments", status=404)
    applicant.open(applying.link(stack, who))
    applicant.open(f"{base}/attachments")
    assert "atto.pdf.p7m" in applying.slot(applicant, DEED).inner_text()


def receive_receipt(applicant: Reader, stack: Stack, who: Administration) -> None:
    protocol = applying.protocol(applicant)
    letter = Mailbox(stack.mailbox).newest_to(
        who.email, re.escape(_("Receipt of your application %(protocol)s", protocol=protocol))
    )
    paper, content = letter.attachments
    applicant.open(applicant.path)
    shown = applicant.page.locator(".application-proof .application-hash").inner_text()
    assert hashlib.sha256(content).hexdigest() == shown
    assert protocol in text_of(paper)
    with applicant.page.expect_download() as download:
        applicant.page.get_by_role("link", name=_("Download the receipt")).click()
    assert download.value.path().read_bytes() == paper


def come_too_late(latecomer: Reader, slug: str) -> None:
    latecomer.open(f"/calls/{slug}")
    assert latecomer.page.get_by_role("link", name=_("Apply"), exact=True).count() == 0
    latecomer.open(f"/calls/{slug}/apply")
    assert latecomer.page.locator("main .alert-warning").count() == 1


def decide(admin: Reader, second: Reader, selection: str) -> None:
    admin.open(f"{selection}/ranking")
    admin.press(_("Propose the ranking"))
    admin.reads(_("You proposed this ranking: a second person has to decide about it."))
    admin.look()
    second.open(f"{selection}/ranking")
    second.press(_("Approve and publish"))
    second.reads(_("The ranking is approved and published. The applicants are being told."))
    second.look()


def read_ranking(visitor: Reader, slug: str, first: Administration, second: Administration) -> None:
    visitor.open(f"/calls/{slug}")
    visitor.follow(_("See the ranking"))
    assert _(OUTCOMES["admitted"]) in row_of(visitor, first)
    assert _(OUTCOMES["reserve"]) in row_of(visitor, second)
    table = httpx.get(visitor.page.url + ".csv", trust_env=False).raise_for_status().content
    visitor.reads(hashlib.sha256(table).hexdigest())
    lines = table.decode("utf-8-sig").splitlines()
    assert [first.name in line for line in lines] == [False, True, False]


def row_of(visitor: Reader, who: Administration) -> str:
    return visitor.page.get_by_role("row").filter(has_text=who.name).inner_text()


def see_outcome(applicant: Reader, stack: Stack, who: Administration, outcome: str) -> None:
    protocol = applying.protocol(applicant)
    letter = Mailbox(stack.mailbox).newest_to(
        who.email, re.escape(_("Outcome of your application %(protocol)s", protocol=protocol))
    )
    assert who.name in letter.text
    applicant.open(applying.base(applicant))
    assert _(APPLICATION_STATES[outcome]) in applicant.page.locator("#state-title").inner_text()
    applicant.look()


def hand_place_on(leaving: Reader, other: Reader, stack: Stack, second: Administration) -> None:
    leaving.follow(_("Withdraw the application"))
    leaving.press(_("Withdraw the application"), status=422)
    leaving.tick(_("I am sure: the application is to be withdrawn."))
    leaving.press(_("Withdraw the application"))
    leaving.reads(_("The application is withdrawn."))
    leaving.look()
    protocol = applying.protocol(other)
    Mailbox(stack.mailbox).newest_to(
        second.email, re.escape(_("Your application %(protocol)s is admitted", protocol=protocol))
    )
    other.open(applying.base(other))
    state = other.page.locator("#state-title").inner_text()
    assert _(APPLICATION_STATES["admitted"]) in state


def read_minutes(admin: Reader, selection: str, *who: Administration) -> None:
    admin.open(f"{selection}/ranking")
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name=_("Minutes (PDF)")).click()
    told = text_of(download.value.path().read_bytes())
    assert all(one.name in told for one in who)


def text_of(paper: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)
