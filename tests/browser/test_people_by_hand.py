"""The people of an organisation, by hand: inviting, joining, a training, limits, support, and leaving with open work."""

from __future__ import annotations

import re
from datetime import timedelta

from hub import clock
from hub.web.i18n import gettext as _
from tests.browser.mail import Mailbox
from tests.browser.people import ENTE_ADMIN, double
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack
from tests.support import papers

PEOPLE = "/organisation/people"
# An administrator of a host where somebody else has open cases, and which no other test works with.
ADMIN = """
    SELECT a.email FROM accounts a JOIN memberships m ON m.account_id = a.id AND m.role = 'admin'
    JOIN tenants t ON t.id = m.tenant_id AND 'host' = ANY(t.kinds) AND t.state = 'active'
    WHERE m.state = 'active' AND t.name <> 'Comune di Napoli' AND NOT t.sandbox
      AND (SELECT count(*) FROM memberships o WHERE o.account_id = a.id) = 1
      AND EXISTS (SELECT FROM cases c JOIN memberships w ON w.id = c.assigned_to AND w.role = 'operator'
        WHERE c.tenant_id = t.id AND c.state = 'open')
    ORDER BY (SELECT count(*) FROM desks d WHERE d.tenant_id = t.id) DESC, t.name LIMIT 1
"""
BUSY = """
    SELECT w.id FROM memberships w JOIN memberships m ON m.tenant_id = w.tenant_id
    JOIN accounts a ON a.id = m.account_id AND a.email = $1
    WHERE w.role = 'operator' AND w.state = 'active'
      AND EXISTS (SELECT FROM cases c WHERE c.assigned_to = w.id AND c.state = 'open')
    ORDER BY w.id LIMIT 1
"""
NAME = "Bruna Subentrante"


def test_people_by_hand(new_reader: NewReader, stack: Stack) -> None:
    email = stack.ask(ADMIN)
    admin = new_reader(email)
    admin.open(PEOPLE)
    admin.follow(_("Invite somebody"))
    admin.press(_("Send the invitation"), status=422)
    address = "subentrante@comune.example.org"
    admin.fill(email=address, name=NAME)
    admin.tick(_("operator"))
    admin.fill(until=(clock.today() + timedelta(days=90)).isoformat())
    admin.press(_("Send the invitation"))
    admin.reads(_("The invitation is on its way by mail."))
    admin.look()

    join(new_reader(width=390), stack, address)
    admin.open(PEOPLE)
    admin.follow(NAME)
    train(admin)
    admin.press(_("Change the role"))
    admin.look()
    let_support_in(admin, new_reader, stack)

    busy = stack.ask(BUSY, email)
    admin.open(f"{PEOPLE}/{busy}")
    admin.follow(_("End the membership"))
    admin.press(_("End the membership"), status=422)
    admin.choose(taker=f"{NAME} ({_('operator')})")
    admin.press(_("End the membership"))
    admin.reads(_("The membership has ended, and nothing was left behind."))


def join(person: Reader, stack: Stack, address: str) -> None:
    """Somebody without an account, on a phone."""
    mailbox = Mailbox(stack.mailbox)
    link = re.search(r"http://\S+/invitations/\S+", mailbox.newest_to(address, ".*").text)
    assert link
    person.open(link[0])
    person.press(_("Send me the code"))
    person.fill(code="000000", name=NAME, password="una frase lunga", repeated="una frase lunga")
    letter = mailbox.newest_to(address, re.escape(_("Your code for the MICRO-WORK Hub")))
    person.press(_("Accept and go in"), status=422)
    code = re.search(r"\b[0-9]{6}\b", letter.text)
    assert code
    person.fill(code=code[0], password="una frase lunga", repeated="una frase lunga")
    person.press(_("Accept and go in"))
    person.reads(_("Welcome: you belong to the organisation now."))
    assert person.path == "/cases"
    person.open(PEOPLE)
    person.follow(NAME)
    person.open(link[0], status=410)
    person.open(link[0][:-5], status=404)


def train(admin: Reader) -> None:
    admin.page.locator("main summary").get_by_text(_("Record a training")).click()
    admin.press(_("Record the training"), status=422)
    admin.fill(course="Microcredito, corso base")
    admin.page.locator("input[type=file]").set_input_files(
        {"name": "attestato.pdf", "mimeType": "application/pdf", "buffer": papers.PDF}
    )
    admin.press(_("Record the training"))
    admin.reads(_("The training is recorded."))


def let_support_in(admin: Reader, new_reader: NewReader, stack: Stack) -> None:
    admin.open(PEOPLE)
    admin.follow(_("Support by the Ente: who may come in, who is in"))
    supporter = double(stack, ENTE_ADMIN)
    admin.fill(email=supporter)
    admin.press(_("Let this person in"), status=422)
    admin.tick(_("4 hours"))
    admin.press(_("Let this person in"))
    support = new_reader(supporter)
    text = Mailbox(stack.mailbox).newest_to(supporter, ".*MICRO-WORK Hub").text
    link = re.search(r"http://\S+/invitations/\S+", text)
    assert link
    support.open(link[0])
    support.press(_("Accept and go in"))
    support.open(PEOPLE)
    support.open("/cases", status=403)
    support.open(f"{PEOPLE}/invite", status=403)
    admin.open(f"{PEOPLE}/support")
    admin.look()
    admin.press(_("End it now"))
    admin.reads(_("Support has ended: the person is out at once."))
