"""An application in a browser that runs no scripts, and a selection's forms by keyboard alone."""

from __future__ import annotations

from hub.tenants.calls.applications.schemas import DECLARATIONS, LEGAL_BASES
from hub.tenants.calls.schemas import HOST_KINDS
from hub.web.i18n import gettext as _
from tests.browser import applying
from tests.browser.applying import CANDIDACY, OPEN_CALL
from tests.browser.keyboard import Keyboard
from tests.browser.people import ENTE_ADMIN, EVALUATORS
from tests.browser.reader import NewReader
from tests.browser.stack import Stack
from tests.support import papers


def test_an_application_without_scripts(new_reader: NewReader, stack: Stack) -> None:
    applicant, who = new_reader(scripts=False), applying.another("Comune di Arezzo")
    applying.begin(applicant, stack, who)
    applicant.fill(**applying.typed_organisation(who, town="Castel"))
    applicant.tick(_(HOST_KINDS[who.kind]), _(LEGAL_BASES["art_6"]))
    applying.save(applicant, status=422)
    applicant.fill(municipality=applying.TOWN)
    applying.save(applicant)
    applicant.press(_("Add a desk"))
    applicant.press(_("Remove desk %(number)s", number=2))
    applicant.fill(**applying.typed_desk())
    applying.save(applicant)
    applicant.fill(**applying.typed_contacts(who))
    applying.save(applicant)
    lie = _("This file is named .pdf, but it is no whole PDF.")
    applying.be_refused(applicant, CANDIDACY, "atto.pdf", b"no PDF", lie)
    applying.upload(applicant, CANDIDACY, "atto.pdf.p7m", papers.signed())
    protocol = applying.declare_and_submit(applicant)
    applicant.follow(_("Withdraw the application"))
    applicant.tick(_("I am sure: the application is to be withdrawn."))
    applicant.press(_("Withdraw the application"))
    assert applying.protocol(applicant) == protocol


def test_an_application_without_a_mouse(new_reader: NewReader, stack: Stack) -> None:
    who = applying.another("Comune di Siena")
    applicant = Keyboard(new_reader())
    applicant.open(f"/calls/{OPEN_CALL}")
    applicant.enter(_("Apply"), "a")
    applicant.type("email", who.email)
    applicant.enter(_("Send the link"), "button")
    applicant.open(applying.link(stack, who))
    typed = applying.typed_organisation(who)
    applicant.type("name", typed.pop("name"))
    applicant.tick(_(HOST_KINDS[who.kind]))
    for name, text in typed.items():
        applicant.type(name, text)
    applicant.tick(_(LEGAL_BASES["art_6"]))
    save(applicant)
    for name, text in applying.typed_desk().items():
        applicant.type(name, text)
    save(applicant)
    for name, text in applying.typed_contacts(who).items():
        applicant.type(name, text)
    save(applicant)
    # What the browser's own window for files would give.
    applying.choose(applicant.reader, CANDIDACY, "atto.pdf", papers.PDF)
    applicant.enter(_("Upload"), "button")
    applicant.enter(_("Continue"), "a")
    for text in DECLARATIONS.values():
        applicant.tick(_(text))
    save(applicant)
    applicant.enter(_("Submit the application"), "button")
    assert applying.protocol(applicant.reader)


def save(applicant: Keyboard) -> None:
    applicant.enter(_("Save and continue"), "button")


def test_an_evaluation_without_a_mouse(new_reader: NewReader, stack: Stack) -> None:
    reader = new_reader(EVALUATORS[1])
    found = stack.ask(
        "SELECT e.id FROM evaluations e JOIN memberships m ON m.id = e.membership_id"
        " JOIN accounts a ON a.id = m.account_id WHERE a.email = $1 AND e.declared_at IS NULL LIMIT 1",
        EVALUATORS[1],
    )
    evaluator = Keyboard(reader)
    evaluator.open(f"/evaluations/{found}")
    evaluator.enter(_("I declare it"), "button")
    for number in range(1, 6):
        evaluator.type(f"points_{number}", "7")
    evaluator.type("note", "Sede adatta.")
    evaluator.enter(_("Go on to submit"), "button")
    evaluator.enter(_("Submit for good"), "button")
    reader.reads(_("Your evaluation is submitted."))


def test_a_call_is_extended_without_a_mouse(new_reader: NewReader, stack: Stack) -> None:
    call = stack.ask("SELECT id FROM calls WHERE slug = $1", OPEN_CALL)
    admin = Keyboard(new_reader(ENTE_ADMIN))
    admin.open(f"/selections/{call}")
    admin.enter(_("Extend …"), "a")
    admin.to_field("closes_at")
    # One year more: it is the date's third part, whichever language the browser speaks.
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        admin.press(key)
    admin.type("reason", "Richiesta di più amministrazioni.")
    admin.enter(_("Extend the call"), "button")
    admin.reader.reads(_("The call is extended."))
