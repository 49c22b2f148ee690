"""A citizen's case from the desk to two lenders, one of whom takes it, and back to the desk."""

from __future__ import annotations

from hub import clock
from hub.referrals.labels import CHANNELS, OFFER_STATES, TOPICS
from hub.seed.people import Person
from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser.people import LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME, somebody
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack


def test_a_case_finds_a_lender(new_reader: NewReader, stack: Stack) -> None:
    citizen = somebody()
    operator = new_reader(OPERATOR)
    open_case_after_a_mistake(operator, citizen)
    case = operator.path
    number = desk.number(operator)
    record_consultation(operator)
    refer_to_both(operator, citizen)

    other = new_reader(stack.operator_of(OTHER_LENDER_NAME))
    desk.open_received(other, number)
    other.reads(desk.PURPOSE)
    lender = new_reader(LENDER)
    desk.open_received(lender, number)
    lender.reads(desk.PURPOSE)
    lender.reads(citizen.family_name)
    lender.press(_("Accept the case"))
    lender.reads(_("The case is yours. The desk has been told."))
    assert lender.page.get_by_role("button", name=_("Accept the case")).count() == 0
    lender.look()

    find_it_taken(other, number, citizen.family_name)
    see_the_course(operator, case)


def open_case_after_a_mistake(operator: Reader, citizen: Person) -> None:
    assert operator.path == "/cases"
    operator.follow(_("Open a case"))
    desk.fill_case(operator, citizen, amount="eighteen")
    operator.press(_("Open the case"), status=422)
    value = operator.page.locator("main [name=family_name]").input_value()
    assert value == citizen.family_name
    assert operator.page.locator("main [name=amount]").input_value() == "eighteen"
    # The summary's link leads to the field.
    operator.page.locator("[data-hub-error-summary] a").click()
    assert operator.page.evaluate("document.activeElement.name") == "amount"
    operator.fill(amount="18.000")
    operator.press(_("Open the case"))
    operator.reads(_("The case is open."))
    assert operator.heading == f"{citizen.family_name} {citizen.given_name}"
    assert citizen.codice_fiscale not in operator.page.content()


def record_consultation(operator: Reader) -> None:
    operator.page.locator("summary", has_text=_("Record a consultation")).click()
    operator.fill(minutes="forty")
    operator.press(_("Record the consultation"), status=422)
    operator.fill(
        held_on=clock.today().isoformat(), minutes="40", notes="Ha già il banco e i clienti."
    )
    operator.tick(_(CHANNELS["in_person"]), _(TOPICS["business_idea"]))
    operator.press(_("Record the consultation"))
    assert desk.course(operator)[0] == _("Consultation")


def refer_to_both(operator: Reader, citizen: Person) -> None:
    desk.draft_referral(operator, LENDER_NAME, OTHER_LENDER_NAME)
    previews = operator.page.locator("section:has(.hub-facts)")
    for lender in (LENDER_NAME, OTHER_LENDER_NAME):
        shown = previews.filter(has_text=lender).inner_text()
        assert desk.PURPOSE in shown
        assert desk.PHONE.replace(" ", "") in shown.replace(" ", "")
        assert f"{citizen.given_name} {citizen.family_name}" in shown
        assert citizen.codice_fiscale not in shown
    operator.press(desk.send_words(2))
    assert desk.badge_of(operator, LENDER_NAME) == _(OFFER_STATES["offered"])


def find_it_taken(lender: Reader, number: str, family_name: str) -> None:
    lender.open(lender.path)
    lender.reads(
        _("Another lender was faster and has accepted. What you were shown has been deleted.")
    )
    assert desk.PURPOSE not in lender.page.content()
    assert family_name not in lender.page.content()
    lender.look()
    lender.open("/inbox")
    assert lender.page.get_by_role("row").filter(has_text=number).count() == 0
    lender.open("/inbox?show=other")
    lender.page.get_by_role("row").filter(has_text=number).wait_for()


def see_the_course(operator: Reader, case: str) -> None:
    operator.open(case)
    assert desk.badge_of(operator, LENDER_NAME) == _(OFFER_STATES["accepted"])
    assert desk.badge_of(operator, OTHER_LENDER_NAME) == _(OFFER_STATES["superseded"])
    course = desk.course(operator)
    told = [
        _("Offer to %(lender)s taken back", lender=OTHER_LENDER_NAME),
        _("%(lender)s has accepted the case", lender=LENDER_NAME),
        _("%(lender)s has opened the offer", lender=LENDER_NAME),
        _("%(lender)s has opened the offer", lender=OTHER_LENDER_NAME),
    ]
    assert set(told) <= set(course)
    assert course.index(told[1]) < course.index(told[2]) < course.index(told[3])
    assert course[-1] == _("Case opened")
    operator.look()
