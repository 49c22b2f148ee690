"""The thread in a browser that runs no scripts."""

from __future__ import annotations

import time

from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser import editor as writing
from tests.browser.mail import Mailbox
from tests.browser.people import EDITOR, LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME
from tests.browser.reader import NewReader
from tests.browser.stack import Stack


def test_a_case_finds_a_lender_without_scripts(new_reader: NewReader) -> None:
    operator = new_reader(scripts=False)
    operator.sign_in(OPERATOR)
    case = desk.refer(operator, LENDER_NAME, OTHER_LENDER_NAME)
    number = desk.number(operator)
    lender = new_reader(LENDER, scripts=False)
    desk.open_received(lender, number)
    lender.reads(desk.PURPOSE)
    lender.press(_("Accept the case"))
    operator.open(case)
    assert desk.badge_of(operator, LENDER_NAME) == _("Accepted")


def test_a_newsletter_arrives_without_scripts(new_reader: NewReader, stack: Stack) -> None:
    editor = new_reader(EDITOR, scripts=False)
    editor.follow(_("Write a campaign"))
    writing.choose_operators_in_campania(editor)
    editor.press(_("Count again"))
    count = writing.counted(editor)
    assert count > 0
    writing.write(editor, "Novità senza script")
    editor.press(_("Button"))
    editor.fill(block_3_label="Apri", block_3_url="https://example.org/")
    editor.press(_("Move block %(number)s up", number=3))
    assert editor.page.locator("[name=block_2_label]").input_value() == "Apri"
    editor.press(_("Save and look at it"))
    assert writing.send(editor) == count
    deadline = time.monotonic() + 45
    while not editor.page.locator("#course .hub-badge", has_text=_("Sent")).count():
        assert time.monotonic() < deadline
        editor.open(editor.path)
    assert len(Mailbox(stack.mailbox).addresses("Novità senza script")) == count


def test_menus_are_laid_open(new_reader: NewReader) -> None:
    operator = new_reader(scripts=False, width=390)
    operator.sign_in(OPERATOR)
    strip = operator.page.get_by_role("navigation", name=_("Menu, language and account"))
    operator.follow(_("Desks"), within=strip)
    assert operator.path == "/desks"
    operator.press("English", within=strip)
    assert operator.page.locator("html").get_attribute("lang") == "en"
    operator.press("Sign out", within=operator.page.locator("noscript"))
    assert operator.path == "/sign-in"
