"""What Back brings out of the browser's memory, with the scripts as they ran: a step of an application."""

from __future__ import annotations

from tests.browser import applying
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

# The browser that is driven keeps no pages: what it would say of one that it kept.
COMES_BACK = "window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


def test_a_step_comes_back_with_what_is_saved_and_keeps_what_is_not(
    new_reader: NewReader, stack: Stack
) -> None:
    applicant, who = new_reader(), applying.another("Comune di Lucca")
    applying.begin(applicant, stack, who)
    applicant.page.evaluate("window.isKept = true")
    applicant.fill(name=who.name)
    applicant.page.evaluate(COMES_BACK)
    applicant.page.locator("[name=name]").press("Tab")
    applicant.page.locator("#saved .icon-success").wait_for()
    assert applicant.page.evaluate("window.isKept")
    assert name_on(applicant) == who.name
    with applicant.arriving():
        applicant.page.evaluate(COMES_BACK)
    assert not applicant.page.evaluate("window.isKept")
    assert name_on(applicant) == who.name
    applicant.fill(address="Piazza San Michele 1")
    applicant.page.locator("[name=address]").press("Tab")
    applicant.page.locator("#saved .icon-success").wait_for()


def name_on(applicant: Reader) -> str:
    return applicant.page.locator("[name=name]").input_value()
