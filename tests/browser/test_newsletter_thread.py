"""A newsletter from the editor's blocks to the mailboxes, and people who leave it again."""

from __future__ import annotations

import httpx

from hub.newsletter.segments import AUDIENCES
from hub.web.i18n import gettext as _
from tests.browser import editor as writing
from tests.browser.mail import Mailbox, Message
from tests.browser.people import EDITOR, OPERATOR
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

FIRST, SECOND = "Novità di novembre", "Novità di dicembre"


def test_a_newsletter_arrives_and_is_left(new_reader: NewReader, stack: Stack) -> None:
    mailbox = Mailbox(stack.mailbox)
    editor = new_reader(EDITOR)
    assert editor.path == "/campaigns"
    count = write_first(editor)
    preview(editor)
    assert writing.send(editor) == count
    see_it_done(editor, count)
    reached = mailbox.addresses(FIRST)
    assert len(reached) == len(set(reached)) == count

    one, other = OPERATOR, next(address for address in reached if address != OPERATOR)
    read(new_reader(), stack, one)
    leave_by_machine(mailbox.newest_to(one, FIRST))
    leave_by_hand(new_reader(), mailbox.newest_to(other, FIRST))

    assert write_second(editor) == count - 2
    assert writing.send(editor) == count - 2
    see_it_done(editor, count - 2)
    assert mailbox.addresses(SECOND) == sorted(set(reached) - {one, other})


def write_first(editor: Reader) -> int:
    """With a live count, a block more, and a mistake on the way."""
    editor.follow(_("Write a campaign"))
    editor.reads(_("Choose at least one audience."))
    count_of = editor.page.locator("#segment-count .news-count-number")
    editor.tick(_(AUDIENCES["operators"]))
    count_of.wait_for()
    everywhere = writing.counted(editor)
    with editor.page.expect_response("**/segment-count*"):
        editor.tick("Campania")
    editor.page.wait_for_function(
        "before => document.querySelector('.news-count-number').textContent !== before",
        arg=str(everywhere),
    )
    count = writing.counted(editor)
    assert 0 < count < everywhere
    writing.write(editor, FIRST)
    editor.page.get_by_role("button", name=_("Button"), exact=True).click()
    editor.page.locator("[name=block_3_label]").wait_for()
    editor.look()
    assert editor.page.locator("[name=subject]").input_value() == FIRST
    editor.fill(block_3_label="Apri il modulo", block_3_url="example.org")
    editor.press(_("Save and look at it"), status=422)
    assert writing.counted(editor) == count
    editor.fill(block_3_url="https://example.org/modulo")
    editor.press(_("Save and look at it"))
    return count


def preview(editor: Reader) -> None:
    letter = editor.page.frame_locator("iframe")
    letter.get_by_role("heading", name="Novità per gli sportelli").wait_for()
    letter.get_by_role("link", name="Apri il modulo").wait_for()
    text = editor.page.locator("pre").inner_text()
    assert "Novità per gli sportelli" in text
    assert "{name" not in text


def see_it_done(editor: Reader, count: int) -> None:
    writing.wait_until_sent(editor)
    shown = editor.page.locator(".news-course-number").inner_text()
    assert shown.split()[0] == "100%"
    assert str(count) in shown
    editor.look()
    editor.check()


def read(person: Reader, stack: Stack, address: str) -> None:
    """On the mailbox's page."""
    person.open(f"{stack.mailbox}/?to={address}")
    person.follow(FIRST)
    letter = person.page.frame_locator("iframe")
    letter.get_by_text("da lunedì").wait_for()
    person.follow(_("Headers"), exact=True)
    person.reads("List-Unsubscribe-Post")


def leave_by_machine(message: Message) -> None:
    """As a mail program does it (RFC 8058): no cookie, no page, no redirect."""
    assert message.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    answer = httpx.post(
        message.unsubscribe_url, data={"List-Unsubscribe": "One-Click"}, trust_env=False
    )
    assert answer.status_code == 200


def leave_by_hand(person: Reader, message: Message) -> None:
    assert message.unsubscribe_url in message.text
    person.open(message.unsubscribe_url)
    person.reads(_("Unsubscribe?"))
    person.press(_("Unsubscribe"))
    person.reads(_("You have unsubscribed"))
    # Once more changes nothing.
    person.open(message.unsubscribe_url)
    person.reads(_("You have unsubscribed"))


def write_second(editor: Reader) -> int:
    editor.open("/campaigns")
    editor.follow(_("Write a campaign"))
    writing.choose_operators_in_campania(editor)
    writing.write(editor, SECOND)
    editor.press(_("Save and look at it"))
    editor.follow(_("Back to the text"))
    count = writing.counted(editor)
    editor.press(_("Save and look at it"))
    return count
