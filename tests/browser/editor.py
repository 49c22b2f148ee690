"""What the Ente's editor does: writing a campaign, choosing whom it is for, sending it."""

from __future__ import annotations

import re

from hub.newsletter.schemas import CAMPAIGN_STATES
from hub.newsletter.segments import AUDIENCES
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext
from tests.browser.reader import Reader

SENDING_MS = 45_000


def write(editor: Reader, subject: str) -> None:
    """The text of a campaign, in the blocks that stand there from the start."""
    editor.fill(
        subject=subject,
        block_1_text="Novità per gli sportelli",
        block_2_text="Gentile {name|lettore},\n\n**da lunedì** il modulo è [qui](https://example.org/modulo).",
    )


def choose_operators_in_campania(editor: Reader) -> None:
    editor.tick(_(AUDIENCES["operators"]), "Campania")


def counted(editor: Reader) -> int:
    """How many addresses the page says it will reach."""
    number = editor.page.locator(".news-count-number").inner_text()
    return int(re.sub(r"\D", "", number))


def send(editor: Reader) -> int:
    """From the preview into the sending; gives the number that was confirmed."""
    editor.follow(_("Send …"))
    confirmed = counted(editor)
    editor.press(send_words(confirmed))
    return confirmed


def send_words(count: int) -> str:
    return ngettext(
        "Send to %(number)s address", "Send to %(number)s addresses", count, number=count
    )


def wait_until_sent(editor: Reader) -> None:
    """The page asks again by itself."""
    done = editor.page.locator("#course .hub-badge", has_text=_(CAMPAIGN_STATES["sent"]))
    done.wait_for(timeout=SENDING_MS)
