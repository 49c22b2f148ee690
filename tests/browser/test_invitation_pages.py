"""An invitation as everybody may meet it: good, for another address, replayed, replaced, revoked, expired."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import pytest

from hub.web.i18n import gettext as _
from tests.browser import boarding
from tests.browser.mail import Mailbox
from tests.browser.people import OPERATOR, admin_of, double
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack

HOST = "Comune di Ariano Irpino"
PEOPLE = "/organisation/people"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that is good: whose it is, and its link."""

    email: str
    link: str
    admin: Reader


@pytest.fixture
def invited(new_reader: NewReader, stack: Stack, request: pytest.FixtureRequest) -> Invited:
    """Somebody whom the hub does not know, or, on request, a double of an operator elsewhere."""
    known = getattr(request, "param", "new") == "known"
    email = double(stack, OPERATOR) if known else f"invitata{next(_numbers)}@example.org"
    admin = new_reader(admin_of(stack, HOST), at=f"{PEOPLE}/invite")
    admin.fill(email=email, name="Invitata Prova")
    admin.tick(_("operator"))
    admin.press(_("Send the invitation"))
    return Invited(email, link_to(stack, email), admin)


def link_to(stack: Stack, email: str) -> str:
    subject = re.escape(_("%(organisation)s invites you to the MICRO-WORK Hub", organisation=HOST))
    return boarding.link_in(Mailbox(stack.mailbox).newest_to(email, subject).text, "invitations")


def test_for_somebody_new_and_replayed(
    new_reader: NewReader, stack: Stack, invited: Invited
) -> None:
    boarding.accept(new_reader(), stack, invited.email, HOST, "Invitata Prova")
    stranger = new_reader()
    stranger.open(invited.link, status=410)
    stranger.reads(_("This invitation was accepted already"))
    stranger.look()
    stranger.open(invited.link[:-5], status=404)
    stranger.look()


@pytest.mark.parametrize("invited", ["known"], indirect=True)
def test_for_another_address_and_for_ones_own(new_reader: NewReader, invited: Invited) -> None:
    other = new_reader(OPERATOR)
    other.open(invited.link, status=403)
    other.look()
    person = new_reader()
    person.open(invited.link)
    person.look()
    person.follow(_("Sign in and accept"))
    person.give_password(invited.email)
    assert person.path == invited.link
    person.look()
    person.press(_("Accept and go in"))
    person.reads(_("Welcome: you belong to the organisation now."))


def test_expired_replaced_and_revoked(
    new_reader: NewReader, stack: Stack, invited: Invited
) -> None:
    stranger = new_reader()
    # Two weeks go by.
    stack.ask(
        "UPDATE invitations SET expires_at = created_at + interval '1 ms' WHERE email = $1 RETURNING id",
        invited.email,
    )
    stranger.open(invited.link, status=410)
    stranger.look()
    stranger.press(_("Ask for a new invitation"), status=410)
    stranger.reads(_("We have told those who can send you a new invitation."))
    admin = invited.admin
    admin.open(PEOPLE)
    admin.look()
    row = admin.page.get_by_role("row").filter(has_text=invited.email)
    admin.press(_("Send again"), within=row)
    stranger.open(invited.link, status=410)
    stranger.reads(_("There is a newer invitation"))
    stranger.look()
    boarding.until(lambda: link_to(stack, invited.email) != invited.link)
    newer = link_to(stack, invited.email)
    stranger.open(newer)
    admin.press(_("Revoke"), within=row)
    stranger.open(newer, status=410)
    stranger.reads(_("This invitation was taken back"))
    stranger.look()
