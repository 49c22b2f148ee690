"""What else happens at a desk: looking people up, meeting them again, milestones, and a lender that says no."""

from __future__ import annotations

from hub import clock
from hub.referrals.labels import MILESTONES, OFFER_STATES
from hub.referrals.routing.reasons import ADVICE, REASONS
from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser.people import LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME, somebody
from tests.browser.reader import NewReader, Reader


def test_a_citizen_comes_back(new_reader: NewReader) -> None:
    citizen, operator = somebody(), new_reader(OPERATOR)
    case = desk.open_case(operator, citizen)
    desk.look_up(operator, "RSSMRA80A01H501X", status=422)
    desk.look_up(operator, "Zzzz")
    operator.reads(_("Nobody found"))
    desk.look_up(operator, citizen.family_name[:3])
    assert operator.page.locator(f"tbody a[href='{case}']").count() == 1
    desk.look_up(operator, citizen.codice_fiscale)
    operator.follow(citizen.family_name)
    assert operator.path == case
    desk.look_up(operator, desk.number(operator))
    assert operator.path == case
    operator.press(_("Show"))
    operator.reads(citizen.codice_fiscale)

    operator.open("/cases/new")
    desk.fill_case(operator, citizen, amount="5.000")
    operator.press(_("Open the case"), status=422)
    operator.reads(_("This codice fiscale is already known"))
    operator.press(_("Open the case for this citizen"))
    assert operator.path != case
    assert operator.page.locator(f"a[href='{case}']").count() == 1


def test_milestones_and_the_end_of_a_case(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR)
    desk.open_case(operator, somebody())
    record_milestone(operator, "approved")
    record_milestone(operator, "closed")
    operator.reads(_("The case is closed."))
    operator.look()
    operator.press(_("Open the case again"))
    operator.reads(_("The case is open again."))


def record_milestone(operator: Reader, kind: str) -> None:
    operator.page.locator("summary", has_text=_("Record a milestone or close the case")).click()
    operator.tick(_(MILESTONES[kind]))
    operator.fill(reached_on=clock.today().isoformat())
    operator.press(_("Record the milestone"))


def test_a_lender_declines(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR)
    case = desk.refer(operator, LENDER_NAME)
    number = desk.number(operator)
    lender = new_reader(LENDER)
    desk.open_received(lender, number)
    lender.page.locator("summary", has_text=_("Decline")).click()
    lender.press(_("Decline the offer"), status=422)
    lender.tick(_(REASONS["project"].label))
    lender.fill(note="Serve un preventivo per il laboratorio.")
    lender.press(_("Decline the offer"))
    assert desk.PURPOSE not in lender.page.content()
    lender.look()

    operator.open(case)
    assert desk.badge_of(operator, LENDER_NAME) == _(OFFER_STATES["declined"])
    operator.reads(_(ADVICE[REASONS["project"].effect]))
    operator.reads("Serve un preventivo per il laboratorio.")
    operator.look()
    desk.draft_referral(operator, OTHER_LENDER_NAME)
    operator.press(_("Discard the draft"))
    operator.reads(_("The draft is discarded. Nothing was passed on."))
