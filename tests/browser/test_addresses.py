"""Addresses that lead nowhere, or to what is not the reader's: a page that says so, the same for both."""

from __future__ import annotations

import pytest

from hub.web.i18n import gettext as _
from tests.browser.people import EDITOR, LENDER, LENDER_NAME, OPERATOR
from tests.browser.reader import NewReader
from tests.browser.stack import Stack

UNKNOWN = "01900000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "address", ["/nowhere", f"/desks/{UNKNOWN}", "/desks/not-an-id", "/unsubscribe/x"]
)
def test_a_stranger_goes_astray(new_reader: NewReader, address: str) -> None:
    stranger = new_reader()
    stranger.open(address, status=404)
    stranger.follow(_("Go to the home page"))
    assert stranger.path == "/"


def test_a_stranger_is_asked_to_sign_in_and_comes_back(new_reader: NewReader) -> None:
    stranger = new_reader()
    stranger.open("/cases/new")
    assert stranger.path == "/sign-in"
    stranger.give_password(OPERATOR)
    assert stranger.path == "/cases/new"


def test_other_peoples_rows_are_not_there(new_reader: NewReader, stack: Stack) -> None:
    operator, lender, editor = new_reader(OPERATOR), new_reader(LENDER), new_reader(EDITOR)
    case, referral, offer = (
        stack.ask(
            f"SELECT x.id FROM {table} x JOIN tenants t ON t.id = x.tenant_id"
            " WHERE t.name NOT IN ('Comune di Napoli', $1) LIMIT 1",
            LENDER_NAME,
        )
        for table in ("cases", "referrals", "received_offers")
    )
    for address in (
        f"/cases/{case}",
        f"/cases/{case}/referrals/new",
        f"/referrals/{referral}",
        f"/cases/{UNKNOWN}",
        "/cases/1",
    ):
        operator.open(address, status=404)
    for address in (f"/inbox/{offer}", f"/inbox/{UNKNOWN}", "/inbox/1"):
        lender.open(address, status=404)
    for address in (
        f"/campaigns/{UNKNOWN}",
        f"/campaigns/{UNKNOWN}/unsent",
        f"/campaigns/{UNKNOWN}/cancel",
        f"/campaigns/{UNKNOWN}/resend?state=failed",
        "/campaigns/1/edit",
    ):
        editor.open(address, status=404)


def test_other_peoples_rooms_are_closed(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR)
    operator.open("/inbox", status=403)
    operator.open("/campaigns", status=403)
    editor = new_reader(EDITOR)
    editor.open("/cases", status=403)


def test_a_form_without_its_token_is_refused(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR)
    operator.open("/cases/new")
    operator.page.evaluate("document.querySelector('main [name=_csrf_token]').value = 'x'")
    operator.press(_("Open the case"), status=403)
