"""A protocol in each of its states, as the Ente, the organisation and the contact see it; and its templates."""

from __future__ import annotations

import re
from pathlib import Path

from hub.tenants.protocols.schemas import STANDINGS
from hub.web.i18n import gettext as _
from tests.browser import boarding
from tests.browser.mail import Mailbox
from tests.browser.people import ENTE_ADMIN, admin_of
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack
from tests.support import papers

HOST = "Comune di Ariano Irpino"
TEMPLATES = "/network/protocols/templates"


def test_a_renewal_signed_by_hand(new_reader: NewReader, stack: Stack) -> None:
    ente = new_reader(ENTE_ADMIN, at=f"/network/organisations/{boarding.id_of(stack, HOST)}")
    ente.follow(_("Protocollo d’intesa"))
    ente.look()
    act(ente, _("Renew it"), _("Draw up the new protocol"))
    protocol = ente.path
    see(ente, "sent")

    host = new_reader(admin_of(stack, HOST), at="/organisation/protocols")
    host.look()
    host.open(protocol.replace("/network/", "/organisation/"))
    host.look()
    boarding.choose_file(host, "scansione.txt", b"no PDF")
    host.press(_("Send the signed file"), status=422)
    host.look()
    boarding.choose_file(host, "scansione.pdf", papers.PDF)
    host.press(_("Send the signed file"))
    host.look()
    compare(ente, protocol)

    contact = new_reader()
    contact.open(link_of(stack, protocol, _("Please sign again: %(document)s", document="@")))
    contact.look()
    with contact.page.expect_download() as download:
        contact.page.get_by_role("link", name=_("Download the document (PDF)")).click()
    document = Path(download.value.path()).read_bytes()
    boarding.choose_file(contact, "protocollo.pdf", document)
    contact.press(_("Send the signed file"), status=422)
    contact.look()
    boarding.choose_file(contact, "protocollo.pdf.p7m", papers.signed(document))
    contact.press(_("Send the signed file"))
    contact.look()
    see(ente, "signed")
    host.open(host.path)
    host.look()


def compare(ente: Reader, protocol: str) -> None:
    """A person's work: the file that came is not taken."""
    see(ente, "to_check")
    ente.press(_("Confirm: it is signed"), status=422)
    act(ente, _("Refuse it"), _("Refuse and send a new link"), status=422)
    ente.look()
    ente.fill(reason="Manca la seconda pagina della convenzione.")
    ente.press(_("Refuse and send a new link"))
    assert ente.path == protocol
    ente.look()


def test_one_that_is_called_off(new_reader: NewReader, stack: Stack) -> None:
    """The link of a document that was sent again, and of one that is cancelled."""
    protocol = stack.ask(
        "SELECT p.id FROM protocols p JOIN tenants t ON t.id = p.organisation_id"
        " WHERE p.state = 'sent' AND t.name = 'Comune di Alessandria'"
    )
    ente = new_reader(ENTE_ADMIN, at=f"/network/protocols/{protocol}")
    ente.look()
    subject = _("To be signed: %(document)s", document="@")
    for _time in range(2):
        act(ente, _("Send it again"), _("Send it with a new link"))
    contact = new_reader()
    link = link_of(stack, ente.path, subject)
    contact.open(link)
    act(ente, _("Send it again"), _("Send it with a new link"))
    contact.open(link, status=410)
    contact.look()
    contact.open(link[:-4], status=404)
    contact.look()
    link = link_of(stack, ente.path, subject, other_than=link)
    act(ente, _("Cancel it"), _("Cancel the protocol"))
    ente.look()
    contact.open(link)
    contact.reads(_("The Ente has cancelled this document: it is no longer to be signed."))
    contact.look()


def test_a_new_version_of_a_template(new_reader: NewReader) -> None:
    ente = new_reader(ENTE_ADMIN, at=TEMPLATES)
    ente.page.locator("main table a").first.click()
    ente.page.wait_for_load_state()
    ente.look()
    ente.follow(_("Write a new version"))
    text = ente.page.locator("[name=text]").input_value()
    ente.fill(years="50", text=text + "\n\n{sconosciuto}")
    ente.press(_("Save the new version"), status=422)
    ente.look()
    ente.fill(years="4", text=text + "\n\nUn ultimo comma.")
    ente.press(_("Save the new version"))
    ente.reads("Un ultimo comma.")
    ente.look()
    ente.open(TEMPLATES)
    ente.page.locator("main tbody tr").nth(1).locator("a").first.click()
    ente.page.wait_for_load_state()
    ente.reads(_("Older version"))
    ente.look()


def act(ente: Reader, unfold: str, button: str, *, status: int = 200) -> None:
    """Something of what can be done with a protocol."""
    ente.page.locator("main summary", has_text=unfold).click()
    ente.press(button, status=status)


def see(ente: Reader, standing: str) -> None:
    """Opens its page again until it stands so."""
    here = ente.path

    def has_come() -> bool:
        ente.open(here)
        return bool(
            ente.page.locator(".prt-line .hub-badge", has_text=_(STANDINGS[standing])).count()
        )

    boarding.until(has_come)
    ente.look()


def link_of(stack: Stack, protocol: str, subject: str, *, other_than: str = "") -> str:
    """The newest that was mailed to its contact."""
    email = stack.ask(
        "SELECT contact_email FROM protocols WHERE id = $1::text::uuid",
        protocol.rsplit("/", maxsplit=1)[-1],
    )
    found: list[str] = []

    def has_come() -> bool:
        letter = Mailbox(stack.mailbox).newest_to(email, re.escape(subject).replace("@", ".+"))
        found.append(boarding.link_in(letter.text, "protocols"))
        return found[-1] != other_than

    boarding.until(has_come)
    return found[-1]
