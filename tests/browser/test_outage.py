"""PostgreSQL goes away: a calm page, and everything by itself once it is back."""

from __future__ import annotations

import time

from hub.web.i18n import gettext as _
from tests.browser.people import OPERATOR
from tests.browser.reader import NewReader
from tests.browser.stack import Stack


def test_the_database_goes_and_comes_back(new_reader: NewReader, stack: Stack) -> None:
    operator = new_reader(OPERATOR)
    with stack.database_away():
        operator.open("/cases", status=503)
        assert operator.heading == _("Back in a moment")
        operator.open("/", status=503)
    deadline = time.monotonic() + 10
    while operator.page.request.get("/cases").status != 200:
        assert time.monotonic() < deadline, "the hub does not recover"
        time.sleep(0.2)
    operator.open("/cases")
