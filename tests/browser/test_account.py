"""Signing in and out, several organisations, languages, and a forgotten password."""

from __future__ import annotations

import re

from hub.seed.sign_ins import PASSWORD
from hub.web.i18n import gettext as _
from tests.browser.mail import Mailbox
from tests.browser.people import OPERATOR, TWO_ORGANISATIONS, double
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack


def test_two_organisations(new_reader: NewReader) -> None:
    person = new_reader()
    person.sign_in(TWO_ORGANISATIONS)
    assert person.path == "/account"
    person.press(_("Continue"), status=422)
    person.page.locator("main").get_by_label("Camera di commercio di Bari").check()
    person.press(_("Continue"))
    assert person.path == "/cases"
    person.page.get_by_role("button", name="Camera di commercio di Bari").click()
    person.look()
    person.follow(_("Account and organisation"))
    person.page.locator("main").get_by_label("Murgia Imprese").check()
    person.press(_("Continue"))
    assert person.page.get_by_role("button", name="Murgia Imprese").is_visible()


def test_signing_out(new_reader: NewReader) -> None:
    operator = new_reader()
    operator.sign_in(OPERATOR)
    operator.page.get_by_role("button", name="Comune di Napoli").click()
    operator.press(_("Sign out"))
    operator.reads(_("You have signed out."))
    operator.open("/cases")
    assert operator.path == "/sign-in"


def test_english_and_back(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR)
    operator.open("/cases")
    speak(operator, "English")
    assert (operator.path, operator.heading) == ("/cases", "Cases")
    operator.follow("Open a case")
    assert operator.page.locator("html").get_attribute("lang") == "en"
    operator.press("Open the case", status=422)
    operator.open("/")
    operator.open("/nowhere", status=404)
    speak(operator, "Italiano", status=404)
    operator.open("/cases")
    assert operator.heading == _("Cases")


def speak(reader: Reader, language: str, *, status: int = 200) -> None:
    reader.page.get_by_role("button", name=re.compile("Lingua|Language")).click()
    reader.press(language, status=status)


def test_menu_on_a_phone(new_reader: NewReader) -> None:
    operator = new_reader(OPERATOR, width=390)
    menu = operator.page.locator("#main-menu")
    assert not menu.get_by_role("link").first.is_visible()
    operator.page.get_by_role("button", name=_("Show or hide the menu")).click()
    operator.follow(_("Desks"), within=menu)
    assert operator.path == "/desks"


def test_a_forgotten_password(new_reader: NewReader, stack: Stack) -> None:
    forgetful, email = new_reader(), double(stack, OPERATOR)
    forgetful.open("/sign-in")
    forgetful.follow(_("Forgotten your password?"))
    forgetful.press(_("Send the link"), status=422)
    forgetful.fill(email=email)
    forgetful.press(_("Send the link"))
    letter = Mailbox(stack.mailbox).newest_to(email, ".*")
    link = re.search(r"http://\S+/password/new\S+", letter.text)
    assert link
    forgetful.open(link[0])
    forgetful.fill(password="another-password", repeated="yet-another-one")
    forgetful.press(_("Set the password"), status=422)
    forgetful.fill(password="another-password", repeated="another-password")
    forgetful.press(_("Set the password"))
    forgetful.reads(_("The new password is in place. Please sign in with it."))
    forgetful.open(link[0])
    forgetful.reads(
        _("This link is no longer valid: it is older than an hour, or was used already.")
    )
    forgetful.open("/sign-in")
    forgetful.give_password(email, PASSWORD, status=422)
    forgetful.give_password(email, "another-password")
    assert forgetful.path == "/cases"
