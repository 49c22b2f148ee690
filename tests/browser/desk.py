"""What an operator does, step by step: opening a case, drafting a referral, sending it."""

from __future__ import annotations

from hub.referrals.labels import BASES, KINDS, PURPOSES
from hub.seed.people import Person
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext
from tests.browser.people import somebody
from tests.browser.reader import Reader

PURPOSE = "Un carretto per il gelato artigianale sul lungomare, con laboratorio in affitto."
PHONE = "+39 000 1234567"


def fill_case(operator: Reader, citizen: Person, *, amount: str = "18.000") -> None:
    operator.fill(
        codice_fiscale=citizen.codice_fiscale,
        family_name=citizen.family_name,
        given_name=citizen.given_name,
        phone=PHONE,
        amount=amount,
        purpose=PURPOSE,
    )
    operator.tick(_(KINDS["enterprise_loan"]))
    operator.choose(region_code="Campania")


def open_case(operator: Reader, citizen: Person) -> str:
    """Gives the address of the new case's page."""
    operator.open("/cases/new")
    fill_case(operator, citizen)
    operator.press(_("Open the case"))
    return operator.path


def look_up(operator: Reader, words: str, *, status: int = 200) -> None:
    """A name, a codice fiscale or a number, in the search above the list of cases."""
    operator.open("/cases")
    operator.fill(sought=words)
    operator.press(_("Search"), status=status, within=operator.page.locator("main"))


def draft_referral(operator: Reader, *lenders: str) -> None:
    """From the case's page to the preview."""
    operator.follow(_("Send to lenders"))
    operator.tick(*lenders)
    operator.tick(_(PURPOSES["assessment"]), _(BASES["request"]))
    operator.tick(_("The citizen has received this privacy notice"))
    operator.press(_("Go on to the preview"))


def refer(operator: Reader, *lenders: str) -> str:
    """Open a case of somebody new and send it; gives the address of the case's page."""
    case = open_case(operator, somebody())
    draft_referral(operator, *lenders)
    operator.press(send_words(len(lenders)))
    assert operator.path == case
    return case


def send_words(lenders: int) -> str:
    return ngettext("Send to %(num)s lender", "Send to %(num)s lenders", lenders)


def open_received(lender: Reader, number: str) -> None:
    """From the inbox to the opened offer, which shows nothing of the citizen before."""
    lender.open("/inbox")
    lender.follow("", within=lender.page.get_by_role("row").filter(has_text=number))
    assert PURPOSE not in lender.page.content()
    lender.press(_("Open the offer"))


def number(reader: Reader) -> str:
    """The case's, as its page says it."""
    return reader.page.locator(".hub-number").inner_text().split()[-1]


def course(reader: Reader) -> list[str]:
    """The titles on the drawn timeline, the latest first."""
    return reader.page.locator(".hub-timeline .hub-moment-title").all_inner_texts()


def badge_of(reader: Reader, lender: str) -> str:
    """What the case's page says about this lender's offer."""
    return reader.page.locator(".hub-offer", has_text=lender).locator(".hub-badge").inner_text()
