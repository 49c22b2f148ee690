"""From the Ente's invitation to a lender's first answered test referral, and its activation."""

from __future__ import annotations

from hub.tenants.network.stories import sentence
from hub.tenants.onboarding.asking import KINDS as ONBOARDING_KINDS
from hub.tenants.onboarding.schemas import (
    LENDER_CATEGORIES,
    TEST_REFERRAL_ANSWERED,
)
from hub.tenants.services.schemas import BENEFICIARIES, KINDS
from hub.web.i18n import gettext as _
from tests.browser import applying, boarding
from tests.browser.people import ENTE_ADMIN
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

NAME = "Credito Solidale dell'Arno"
HEAD, OFFICER = "Paola Prova", "Luca Prova"


def test_from_the_invitation_to_the_first_answer(new_reader: NewReader, stack: Stack) -> None:
    ente = new_reader(ENTE_ADMIN)
    code = applying.another(NAME).fiscal_code
    email = f"direzione{code}@arno.example.org"
    invite(ente, code, email)
    organisation = boarding.be_admitted(stack, NAME)

    head = new_reader()
    boarding.accept(head, stack, email, NAME, HEAD)
    boarding.set_up_second_factor(head, email)
    boarding.sign_protocol(new_reader(), stack, email)
    state_register(head)
    state_service(head)
    officer_email = f"istruttoria{code}@arno.example.org"
    boarding.invite_operator(head, officer_email, OFFICER)
    boarding.wait_for_points(head, TEST_REFERRAL_ANSWERED)
    officer = new_reader()
    boarding.accept(officer, stack, officer_email, NAME, OFFICER)

    head.open("/organisation/setup")
    head.press(_("Send us a test referral"))
    answer(officer)
    boarding.wait_for_points(head)
    ente.open(organisation)
    ente.press(_("Activate the organisation"))
    read_story(ente, organisation)


def invite(ente: Reader, code: str, email: str) -> None:
    ente.open("/network")
    ente.follow(_("Invite an organisation"))
    ente.look()
    ente.tick(_(ONBOARDING_KINDS["lender"]))
    ente.fill(
        name=NAME,
        fiscal_code=code,
        municipality="Firenze (FI)",
        contact_name=HEAD,
        contact_email=email,
    )
    ente.press(_("Invite the organisation"))
    ente.look()


def state_register(head: Reader) -> None:
    head.open("/organisation")
    head.look()
    head.follow(_("Change the details"))
    head.tick(_(LENDER_CATEGORIES["art_111"]))
    head.fill(lender_register="123")
    head.press(_("Save the details"))


def state_service(head: Reader) -> None:
    head.open("/organisation/services")
    head.look()
    head.follow(_("Offer a service"))
    head.look()
    head.tick(_(KINDS["enterprise_loan"]), "Toscana", _(BENEFICIARIES["women"]))
    head.fill(
        name="Microcredito d’impresa",
        min_amount="5.000",
        max_amount="40.000",
        capacity="5",
        answer_days="10",
    )
    head.press(_("Offer the service"))


def answer(officer: Reader) -> None:
    def has_arrived() -> bool:
        officer.open("/inbox")
        return officer.page.get_by_role("row").count() > 1

    boarding.until(has_arrived)
    officer.look()
    officer.page.locator("main table a").first.click()
    officer.page.wait_for_load_state()
    officer.press(_("Open the offer"))
    officer.press(_("Accept the case"))


def read_story(ente: Reader, organisation: str) -> None:
    ente.open(organisation)
    boarding.in_order(
        boarding.story(ente),
        sentence("organisation.invited", {}),
        sentence("protocol.sent", {}),
        sentence("protocol.signed", {}),
        sentence("settings.changed", {}),
        sentence("service.added", {}),
        sentence("invitation.sent", {"role": "operator"}),
        sentence("test_referral.sent", {}),
        sentence("test_referral.answered", {}),
        sentence("organisation.activated", {}),
    )
