"""The thread in a browser that runs no scripts."""

from __future__ import annotations

from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser.people import LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME
from tests.browser.reader import NewReader


def test_a_case_finds_a_lender_without_scripts(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR, scripts=False)
    case = desk.refer(operator, LENDER_NAME, OTHER_LENDER_NAME)
    number = desk.number(operator)
    lender = new_reader(LENDER, scripts=False)
    desk.open_received(lender, number)
    lender.reads(desk.PURPOSE)
    lender.press(_("Accept the case"))
    operator.open(case)
    assert desk.badge_of(operator, LENDER_NAME) == _("Accepted")


def test_menus_are_laid_open(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR, scripts=False, width=390)
    strip = operator.page.get_by_role("navigation", name=_("Menu, language and account"))
    operator.follow(_("Desks"), within=strip)
    assert operator.path == "/desks"
    operator.press("English", within=strip)
    assert operator.page.locator("html").get_attribute("lang") == "en"
    operator.press("Sign out", within=operator.page.locator("noscript"))
    assert operator.path == "/sign-in"
