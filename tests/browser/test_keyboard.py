"""The thread by keyboard alone: nothing here moves a pointer."""

from __future__ import annotations

from hub.newsletter.segments import AUDIENCES
from hub.referrals.labels import CHANNELS, KINDS
from hub.seed.sign_ins import PASSWORD
from hub.web.i18n import gettext as _
from tests.browser import desk
from tests.browser import editor as writing
from tests.browser.keyboard import Keyboard
from tests.browser.mail import Mailbox
from tests.browser.people import EDITOR, LENDER, LENDER_NAME, OPERATOR, OTHER_LENDER_NAME, somebody
from tests.browser.reader import NewReader
from tests.browser.second_factor import code_of
from tests.browser.stack import Stack

SUBJECT = "Nuove garanzie"


def test_a_case_finds_a_lender_without_a_mouse(new_reader: NewReader) -> None:
    operator = Keyboard(new_reader())
    sign_in(operator, OPERATOR)
    open_case(operator)
    number = desk.number(operator.reader)
    record_consultation(operator)
    refer(operator)

    lender = Keyboard(new_reader())
    sign_in(lender, LENDER)
    row = lender.reader.page.get_by_role("row").filter(has_text=number)
    # Several offers may come from one sender: the keyboard finds this one by its address.
    address = row.get_by_role("link").get_attribute("href")
    lender.open(address or "")
    lender.enter(_("Open the offer"), "button")
    lender.enter(_("Accept the case"), "button")
    lender.reader.reads(_("The case is yours. The desk has been told."))

    operator.open(operator.reader.path)
    assert desk.badge_of(operator.reader, LENDER_NAME) == _("Accepted")


def test_a_newsletter_arrives_and_is_left_without_a_mouse(
    new_reader: NewReader, stack: Stack
) -> None:
    editor = Keyboard(new_reader())
    sign_in(editor, EDITOR)
    editor.enter(_("Write a campaign"), "a")
    editor.tick(_(AUDIENCES["lenders"]))
    editor.type("subject", SUBJECT)
    editor.type("block_1_text", "Nuove garanzie")
    editor.type("block_2_text", "Gentile {name|lettore}, la nuova garanzia parte lunedì.")
    add_button(editor)
    editor.enter(_("Save and look at it"), "button")
    editor.enter(_("Send …"), "a")
    count = writing.counted(editor.reader)
    editor.enter(writing.send_words(count), "button")
    writing.wait_until_sent(editor.reader)

    person = Keyboard(new_reader())
    person.open(f"{stack.mailbox}/")
    person.type("to", LENDER)
    person.enter(_("Search"), "button")
    person.enter(SUBJECT, "a")
    person.enter(_("Plain text"), "a")
    person.to(Mailbox(stack.mailbox).newest_to(LENDER, SUBJECT).unsubscribe_url, "a")
    with person.reader.page.expect_popup() as tab:
        person.press("Enter")
    tab.value.wait_for_load_state()
    person.open(tab.value.url)
    person.enter(_("Unsubscribe"), "button")
    person.reader.reads(_("You have unsubscribed"))


def add_button(editor: Keyboard) -> None:
    """The new block takes the focus by itself, so that the next Tab is in it."""
    editor.to(_("Button"), "button")
    editor.press("Enter")
    # The browser sets the focus when the block is there, and htmx once more when it has settled, 20 ms later.
    editor.reader.page.wait_for_function(
        "() => document.activeElement.id === 'block-3' && !document.querySelector('.htmx-settling')"
    )
    editor.type("block_3_label", "Leggi")
    editor.type("block_3_url", "https://example.org/garanzia")


def sign_in(person: Keyboard, email: str) -> None:
    person.open("/sign-in")
    person.type("email", email)
    person.type("password", PASSWORD)
    person.enter(_("Sign in"), "button")
    if person.reader.path == "/sign-in/code":
        person.type("code", code_of(email))
        person.enter(_("Confirm and sign in"), "button")


def open_case(operator: Keyboard) -> None:
    citizen = somebody()
    operator.enter(_("Open a case"), "a")
    operator.type("codice_fiscale", citizen.codice_fiscale)
    operator.type("family_name", citizen.family_name)
    operator.type("given_name", citizen.given_name)
    operator.type("phone", desk.PHONE)
    operator.tick(_(KINDS["enterprise_loan"]))
    operator.type("amount", "12.500")
    operator.choose("region_code", "Campania")
    operator.type("purpose", desk.PURPOSE)
    operator.enter(_("Open the case"), "button")


def record_consultation(operator: Keyboard) -> None:
    operator.unfold(_("Record a consultation"))
    operator.type("minutes", "30")
    operator.tick(_(CHANNELS["in_person"]))
    operator.enter(_("Record the consultation"), "button")
    operator.reader.reads(_("The consultation is recorded."))


def refer(operator: Keyboard) -> None:
    operator.enter(_("Send to lenders"), "a")
    # Their order is drawn by lot.
    names = operator.reader.page.locator(".hub-choice label").all_inner_texts()
    for lender in sorted((LENDER_NAME, OTHER_LENDER_NAME), key=names.index):
        operator.tick(lender)
    operator.tick(_("The citizen has received this privacy notice"))
    operator.enter(_("Go on to the preview"), "button")
    operator.enter(desk.send_words(2), "button")
    assert desk.badge_of(operator.reader, LENDER_NAME) == _("Not opened yet")
