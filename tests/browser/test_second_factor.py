"""An admin's second factor: the code at the sign-in, a set-up by somebody who has none, recovery codes, sessions."""

from __future__ import annotations

import re

import httpx
import pytest

from hub.seed.sign_ins import PASSWORD
from hub.web.i18n import gettext as _
from tests.browser.people import LENDER_NAME, OPERATOR, admin_of, double
from tests.browser.reader import NewReader, Reader
from tests.browser.second_factor import code_of
from tests.browser.stack import Stack

PAGE = "/account/second-factor"


def begin(person: Reader) -> str:
    """The set-up page, and the key that it shows."""
    person.open(PAGE)
    person.press(_("Set it up"), status=422)
    person.fill(password="not this one")
    person.press(_("Set it up"), status=422)
    person.fill(password=PASSWORD)
    person.press(_("Set it up"))
    assert person.page.get_by_role(
        "img", name=_("QR code with the key that stands in letters below")
    ).is_visible()
    return person.page.locator(".hub-key code").inner_text().replace(" ", "")


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_first_code_to_a_lost_phone(
    new_reader: NewReader, stack: Stack, width: int
) -> None:
    email = double(stack, OPERATOR)
    person = new_reader(width=width)
    person.sign_in(email)
    person.open("/account")
    person.follow(_("Second factor"))
    secret = begin(person)
    person.fill(code="000000")
    person.press(_("Confirm the code"), status=422)
    person.fill(code=code_of(email, secret))
    person.press(_("Confirm the code"))
    kept = person.page.locator(".hub-recovery-codes code").all_inner_texts()
    assert len(kept) == 10
    person.follow(_("I have kept them, continue"))
    assert person.path == "/cases"

    elsewhere = new_reader(width=width)
    elsewhere.open("/sign-in")
    elsewhere.fill(email=email, password=PASSWORD)
    elsewhere.press(_("Sign in"), within=elsewhere.page.locator("main"))
    assert elsewhere.path == "/sign-in/code"
    elsewhere.press(_("Confirm and sign in"), status=422)
    elsewhere.follow(_("Phone not at hand? Use a recovery code"))
    elsewhere.fill(code="abcde-fghjk")
    elsewhere.press(_("Confirm and sign in"), status=422)
    elsewhere.fill(code=kept[0])
    elsewhere.press(_("Confirm and sign in"))
    assert elsewhere.path == "/cases"

    person.open("/account/sessions")
    person.reads("Chrome, Linux")
    person.press(_("End this session"))
    elsewhere.open("/cases")
    assert elsewhere.path == "/sign-in"

    person.open(PAGE)
    person.page.get_by_text(_("Make new recovery codes")).click()
    person.page.get_by_text(_("Set up another phone")).click()
    person.page.get_by_text(_("Switch the second factor off")).click()
    person.look()
    form = person.page.locator("form[action$='/off']")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("[name=code]").fill(code_of(email, secret))
    person.press(_("Switch it off"))
    person.reads(_("The second factor is switched off: you sign in by password alone."))


def test_an_admin_without_one_is_led_there(new_reader: NewReader, stack: Stack) -> None:
    admin = double(stack, admin_of(stack, LENDER_NAME), second_factor=False)
    person = new_reader()
    person.sign_in(admin)
    assert person.path == PAGE
    person.reads(_("One step before you go on"))
    person.open("/inbox")
    assert person.path == PAGE
    secret = begin(person)
    person.fill(code=code_of(admin, secret))
    person.press(_("Confirm the code"))
    person.follow(_("I have kept them, continue"))
    assert person.path == "/inbox"


def test_password_name_and_language(new_reader: NewReader, stack: Stack) -> None:
    person = new_reader()
    person.sign_in(double(stack, OPERATOR))
    person.open("/account")
    person.follow(_("Password"))
    person.press(_("Change the password"), status=422)
    person.fill(old=PASSWORD, password="una frase nuova", repeated="una frase nuova")
    person.press(_("Change the password"))
    person.reads(_("The new password is in place, and all other browsers are signed out."))
    person.follow(_("Name and language"))
    person.fill(name="Rosa Ferri Neri")
    person.tick("English")
    person.press(_("Save"))
    person.reads("Your details are saved.")


def test_the_mailbox_shows_the_demos_code(new_reader: NewReader, stack: Stack) -> None:
    told = httpx.get(f"{stack.mailbox}/second-factor.json", trust_env=False).json()
    assert re.fullmatch("[0-9]{6}", told["code"])
    assert 0 < told["seconds_left"] <= 30
    page = new_reader().context.new_page()
    page.goto(stack.mailbox)
    page.wait_for_function("() => document.querySelectorAll('#code output').length === 1")
    shown = page.locator("#code output").inner_text()
    assert re.fullmatch("[0-9]{6}", shown)
