"""A second click has no second effect. Without scripts both clicks reach the server, which then has to see it."""

from __future__ import annotations

import pytest

from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser.people import LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME, somebody
from tests.browser.reader import NewReader, Reader


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_effect(new_reader: NewReader, *, scripts: bool) -> None:
    operator, lender = new_reader(OPERATOR, scripts=scripts), new_reader(LENDER, scripts=scripts)
    citizen = somebody()
    operator.open("/cases/new")
    desk.fill_case(operator, citizen)
    press_twice(operator, _("Open the case"))
    case, number = operator.path, desk.number(operator)
    desk.look_up(operator, citizen.codice_fiscale)
    assert operator.page.locator("tbody tr").count() == 1

    operator.open(case)
    desk.draft_referral(operator, LENDER_NAME, OTHER_LENDER_NAME)
    press_twice(operator, desk.send_words(2))
    assert operator.path == case
    assert operator.page.locator(".hub-referral").count() == 1
    assert operator.page.locator(".hub-offer").count() == 2

    lender.open("/inbox")
    assert lender.page.get_by_role("row").filter(has_text=number).count() == 1
    desk.open_received(lender, number)
    press_twice(lender, _("Accept the case"))
    assert desk.course(lender).count(_("Accepted")) == 1


def press_twice(reader: Reader, button: str) -> None:
    with reader.arriving():
        reader.page.locator("main").get_by_role("button", name=button, exact=True).dblclick()
