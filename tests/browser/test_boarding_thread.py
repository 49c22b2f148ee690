"""From an admitted application to an active desk in the Centro-Nord, whose new operator opens a case."""

from __future__ import annotations

from hub import clock
from hub.seed.people import Person
from hub.tenants.network.stories import sentence
from hub.tenants.onboarding.schemas import (
    OPERATORS_INVITED,
    SERVICES_STATED,
    TEST_REFERRAL_ANSWERED,
    TRAINING_COMPLETED,
)
from hub.web.i18n import gettext as _
from tests.browser import applying, boarding, desk, selecting
from tests.browser.applying import Administration
from tests.browser.people import ENTE_ADMIN, ENTE_SECOND_ADMIN, EVALUATORS, somebody
from tests.browser.reader import NewReader, Reader
from tests.browser.selecting import DEED, ROOMS
from tests.browser.stack import Stack

TITLE = "Uno sportello in più per la Toscana"
HEAD, OPERATOR = "Giulia Prova", "Marco Prova"


def test_from_the_admission_to_the_first_case(new_reader: NewReader, stack: Stack) -> None:
    ente = new_reader(ENTE_ADMIN)
    who = applying.another("Comune di Sesto Fiorentino")
    select(new_reader, stack, ente, who)
    organisation = boarding.be_admitted(stack, who.name)

    head = new_reader()
    boarding.accept(head, stack, who.email, who.name, HEAD)
    boarding.set_up_second_factor(head, who.email)
    assert head.path == "/organisation/setup"
    head.look()
    boarding.sign_protocol(new_reader(), stack, who.email)
    boarding.describe_desk(head)
    boarding.wait_for_points(head, OPERATORS_INVITED, TRAINING_COMPLETED, TEST_REFERRAL_ANSWERED)

    address = f"operatore{who.fiscal_code}@firenze.example.org"
    boarding.invite_operator(head, address, OPERATOR)
    operator = new_reader()
    boarding.accept(operator, stack, address, who.name, OPERATOR)
    boarding.record_training(head, OPERATOR, clock.today().isoformat())
    boarding.wait_for_points(head, TEST_REFERRAL_ANSWERED)
    ente.open(organisation)
    assert ente.page.get_by_role("button", name=_("Activate the organisation")).count() == 0
    try_out(operator)
    boarding.wait_for_points(head)

    ente.open(organisation)
    ente.look()
    ente.press(_("Activate the organisation"))
    ente.open("/network")
    ente.look()
    citizens_find(new_reader(), who)
    open_first_case(operator, somebody())
    read_stories(ente, head, organisation)


def select(new_reader: NewReader, stack: Stack, ente: Reader, who: Administration) -> None:
    selecting.draft(ente, TITLE)
    slug = selecting.publish(ente)
    selection = ente.path
    applying.apply(new_reader(), stack, who, slug, DEED, ROOMS)
    selecting.name_evaluators(ente, stack, selection, *EVALUATORS)
    selecting.let_term_end(stack, slug)
    selecting.close(ente, selection)
    for email in EVALUATORS:
        selecting.evaluate(new_reader(email), who.name, 18, 9)
    ente.open(f"{selection}/ranking")
    ente.press(_("Propose the ranking"))
    second = new_reader(ENTE_SECOND_ADMIN)
    second.open(f"{selection}/ranking")
    second.press(_("Approve and publish"))


def try_out(operator: Reader) -> None:
    """The whole way of a referral, with an invented citizen and the sandbox's lender."""
    operator.open("/organisation/setup")
    operator.press(_("Open a test case"))
    case = operator.path
    operator.look()
    desk.draft_referral(operator, "Ambiente di prova – soggetto erogatore")
    operator.press(desk.send_words(1))
    assert operator.path == case


def citizens_find(citizen: Reader, who: Administration) -> None:
    citizen.open("/desks?q=50122")
    citizen.reads(who.name)
    citizen.look()


def open_first_case(operator: Reader, citizen: Person) -> None:
    operator.open("/cases/new")
    desk.fill_case(operator, citizen)
    operator.choose(region_code="Toscana")
    operator.press(_("Open the case"))
    assert citizen.family_name in operator.page.locator("main").inner_text()


def read_stories(ente: Reader, head: Reader, organisation: str) -> None:
    """The same for the Ente, and, with what people did besides, for the organisation."""
    wanted = [
        sentence("organisation.admitted", {}),
        sentence("protocol.sent", {}),
        sentence("protocol.signed", {}),
        sentence("point.done", {"point": SERVICES_STATED}),
        sentence("test_referral.answered", {}),
        sentence("organisation.activated", {}),
    ]
    ente.open(organisation)
    boarding.in_order(boarding.story(ente), *wanted)
    head.open("/organisation/log")
    head.look()
    told = boarding.story(head)
    boarding.in_order(told, *wanted, sentence("case.opened", {}))
    boarding.in_order(
        told,
        sentence("invitation.accepted", {"role": "admin"}),
        sentence("invitation.sent", {"role": "operator"}),
        sentence("invitation.accepted", {"role": "operator"}),
        sentence("training.recorded", {}),
    )
