"""A campaign that does not go as it should: stopped, resumed, called off, and sent again to whom it missed."""

from __future__ import annotations

from hub.mail.replies import CAUSES
from hub.newsletter.schemas import CAMPAIGN_STATES
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext
from tests.browser import editor as writing
from tests.browser.keyboard import Keyboard
from tests.browser.mail import Mailbox
from tests.browser.people import EDITOR
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

MISSED, STOPPED = "Novità per chi non l'ha ricevuta", "Novità da fermare"

# As if the mail server had refused some, and a connection had broken on the way to others.
MISS = """
    WITH missed AS (
      SELECT d.id, row_number() OVER (ORDER BY d.id) AS number
      FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id AND c.subject = $1)
    UPDATE deliveries d SET updated_at = d.updated_at + interval '20 seconds',
      state = CASE WHEN number <= 2 THEN 'failed' ELSE 'in_doubt' END,
      cause = CASE WHEN number <= 2 THEN 'mailbox_full' ELSE 'connection_lost' END,
      reply = CASE WHEN number <= 2 THEN '452 4.2.2 <box> full' ELSE 'no answer after the message' END
    FROM missed WHERE missed.id = d.id AND number <= 3 RETURNING d.campaign_id
"""
# Under way, and nobody's turn for an hour: as a relay that slows us down leaves it.
HOLD = """
    WITH held AS (
      UPDATE campaigns SET state = 'sending', finished_at = NULL, due_at = updated_at
      WHERE subject = $1 RETURNING id)
    UPDATE deliveries d SET state = 'retry', cause = 'slowed', reply = '421 4.7.28 rate limited',
      due_at = d.updated_at + interval '1 hour', updated_at = d.updated_at + interval '20 seconds'
    FROM held WHERE d.campaign_id = held.id RETURNING d.campaign_id
"""


# The relay does not answer, and is asked again in a minute.
STALL = """
    UPDATE campaigns SET stalled_at = updated_at, stalled_reply = 'cannot be reached',
      next_try_at = updated_at + interval '1 minute' WHERE id = $1 RETURNING id
"""
LATER = (
    "UPDATE campaigns SET next_try_at = next_try_at + interval '1 hour' WHERE id = $1 RETURNING id"
)
# How often something is put where a screen reader reads it aloud.
COUNT_NEWS = """() => {
    window.news = 0;
    new MutationObserver(() => { window.news += 1; }).observe(
        document.getElementById("campaign-news"), {childList: true, characterData: true, subtree: true});
}"""


def heard(reader: Reader, words: str) -> None:
    region = reader.page.locator("#campaign-news[role=status]", has_text=words)
    region.wait_for(state="attached")


def has_focus(reader: Reader) -> str:
    found: str = reader.page.evaluate("document.activeElement.id")
    return found


def sent(editor: Reader, subject: str) -> int:
    """A campaign to the operators in Campania that reached everybody; gives how many."""
    editor.open("/campaigns/new")
    writing.choose_operators_in_campania(editor)
    writing.write(editor, subject)
    editor.press(_("Save and look at it"))
    count = writing.send(editor)
    writing.wait_until_sent(editor)
    return count


def badge(editor: Reader, state: str) -> None:
    editor.page.locator("#course .hub-badge", has_text=state).wait_for()


def test_who_was_missed_gets_it_after_all(new_reader: NewReader, stack: Stack) -> None:
    mailbox = Mailbox(stack.mailbox)
    editor = new_reader(EDITOR)
    count = sent(editor, MISSED)
    assert not editor.page.get_by_text(_("The campaign is on its way. This page shows how far it has come.")).count()  # fmt: skip
    here = f"/campaigns/{stack.ask(MISS, MISSED)}"

    editor.open(here)
    editor.look()
    editor.follow(_(CAUSES["mailbox_full"]))
    editor.reads("452 4.2.2 <box> full")
    again = ngettext("Send again to this %(number)s …", "Send again to these %(number)s …", 2, number=2)  # fmt: skip
    editor.follow(again)
    editor.press(ngettext("Send again to %(number)s address", "Send again to %(number)s addresses", 2, number=2))  # fmt: skip
    assert editor.path == here
    writing.wait_until_sent(editor)
    assert len(mailbox.addresses(MISSED)) == count + 2

    keyboard = Keyboard(editor)
    keyboard.open(here)
    keyboard.enter(_("Who they are"), "a")
    editor.look()
    keyboard.enter(_("Leave them as they are"), "button")
    editor.reads(_("The messages in doubt stay as they are."))
    assert not editor.page.locator(".news-doubts").count()
    assert len(mailbox.addresses(MISSED)) == count + 2


def test_a_campaign_is_stopped_without_a_mouse(new_reader: NewReader, stack: Stack) -> None:
    editor = new_reader(EDITOR)
    count = sent(editor, STOPPED)
    here = f"/campaigns/{stack.ask(HOLD, STOPPED)}"
    keyboard = Keyboard(editor)
    keyboard.open(here)
    badge(editor, _(CAMPAIGN_STATES["sending"]))
    keyboard.enter(_("Pause"), "button")
    badge(editor, _("Paused"))
    editor.look()
    keyboard.enter(_("Resume"), "button")
    badge(editor, _(CAMPAIGN_STATES["sending"]))
    keyboard.enter(_("Cancel …"), "a")
    editor.look()
    keyboard.enter(_("Cancel the campaign"), "button")
    badge(editor, _(CAMPAIGN_STATES["cancelled"]))
    editor.look()
    keyboard.enter(_("Who did not get it, and why"), "a")
    editor.reads(f"{_('Not sent: cancelled')} ({count})")


def test_another_window_notices(new_reader: NewReader, stack: Stack) -> None:
    """Whoever only watches gets other buttons, stays where they are, and hears of it."""
    editor, watcher = new_reader(EDITOR), new_reader(EDITOR)
    subject = "Novità osservate"
    sent(editor, subject)
    here = f"/campaigns/{stack.ask(HOLD, subject)}"
    editor.open(here)
    watcher.open(here)
    Keyboard(watcher).to(_("Pause"), "button")
    watcher.page.evaluate(COUNT_NEWS)
    editor.press(_("Pause"))
    watcher.page.get_by_role("button", name=_("Resume"), exact=True).wait_for()
    heard(watcher, _("The campaign is paused."))
    assert has_focus(watcher) == "campaign-hold", "on what stands there now"
    watcher.look()
    Keyboard(watcher).to(_("Cancel …"), "a")
    editor.press(_("Resume"))
    watcher.page.get_by_role("button", name=_("Pause"), exact=True).wait_for()
    heard(watcher, _("The campaign is being sent."))
    assert has_focus(watcher) == "campaign-cancel"
    assert watcher.page.evaluate("window.news") == 2, "each once, whatever number changed"


def test_the_focus_stays_at_each_refresh(new_reader: NewReader, stack: Stack) -> None:
    subject = "Novità seguite con la tastiera"
    editor = new_reader(EDITOR)
    sent(editor, subject)
    campaign_id = stack.ask(HOLD, subject)
    stack.ask(MISS, subject)
    stack.ask(STALL, campaign_id)
    editor.open(f"/campaigns/{campaign_id}")
    editor.look()
    stops = editor.page.locator("#course :is(a, button):visible")
    ids = [stops.nth(number).get_attribute("id") or "" for number in range(stops.count())]
    assert {"course-try-now", "course-unsent", "cause-failed-mailbox_full"} <= set(ids)
    editor.page.evaluate(COUNT_NEWS)
    for each in ids:
        editor.page.locator(f"[id='{each}']").focus()
        editor.page.evaluate("document.activeElement.dataset.old = 'yes'")
        editor.page.wait_for_function(
            "id => document.activeElement.id === id && !document.activeElement.dataset.old",
            arg=each,
        )
    assert editor.page.evaluate("window.news") == 0, "seconds that pass are not read aloud"


def test_the_next_try_is_hurried(new_reader: NewReader, stack: Stack) -> None:
    subject = "Novità in attesa del server"
    editor = new_reader(EDITOR)
    sent(editor, subject)
    campaign_id = stack.ask(HOLD, subject)
    stack.ask(STALL, campaign_id)
    for scripts in (False, True):
        stack.ask(LATER, campaign_id)
        reader = new_reader(EDITOR, scripts=scripts)
        reader.open(f"/campaigns/{campaign_id}")
        reader.reads("Prossimo tentativo")
        if scripts:
            Keyboard(reader).enter(_("Try now"), "button")
        else:
            reader.press(_("Try now"))
        reader.reads(_("The hub asks the mail server again now."))
        reader.reads(_("The next try is under way."))


def test_why_it_stopped_on_a_phone(new_reader: NewReader, stack: Stack) -> None:
    subject = "Novità rifiutate"
    editor = new_reader(EDITOR, width=390)
    sent(editor, subject)
    campaign_id = stack.ask(HOLD, subject)
    for why, says in (
        ("policy", _("The hub has paused this campaign: the mail server refuses it")),
        ("failing_share", _("The hub has paused this campaign: too many addresses are refused")),
    ):
        stack.ask(
            "UPDATE campaigns SET paused_at = updated_at, paused_why = $2, paused_reply = '550 5.7.1 no'"
            " WHERE id = $1 RETURNING id",
            campaign_id,
            why,
        )
        editor.open(f"/campaigns/{campaign_id}")
        editor.reads(says)
        editor.look()
    editor.press(_("Resume"))
    stack.ask(STALL, campaign_id)
    editor.open(f"/campaigns/{campaign_id}")
    badge(editor, _("Waiting for the mail server"))
    editor.look()
    freezing = (
        "UPDATE campaigns SET state = 'freezing', stalled_at = NULL WHERE id = $1 RETURNING id"
    )
    stack.ask(freezing, campaign_id)
    editor.open(f"/campaigns/{campaign_id}")
    badge(editor, _(CAMPAIGN_STATES["freezing"]))
    editor.look()
