"""What an administration does that applies to a call: it asks for the link, goes through the steps, submits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator

from hub.tenants.calls.applications.asking import BASES_OF_KIND
from hub.tenants.calls.applications.schemas import DECLARATIONS, LEGAL_BASES
from hub.tenants.calls.schemas import HOST_KINDS
from hub.web.i18n import gettext as _
from tests.browser.mail import Mailbox
from tests.browser.reader import Reader
from tests.browser.stack import Stack
from tests.support import papers

# The demo network's call that is open, what it asks for, and a town of its regions.
OPEN_CALL = "micro-work-centro-nord"
CANDIDACY = "Atto di candidatura firmato dal legale rappresentante"
TOWN = "Firenze (FI)"
_numbers: Iterator[int] = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Administration:
    """One that the demo network does not know. `email` is its office's."""

    name: str
    email: str
    fiscal_code: str
    kind: str = "municipality"


def another(name: str) -> Administration:
    """An administration of its own each time, whatever its name."""
    number = next(_numbers)
    digits = f"{9_000_000 + number}048"
    return Administration(name, f"ufficio{number}@firenze.example.org", digits + _check(digits))


def _check(digits: str) -> str:
    """The last digit, which checks the others (d.m. 23 dicembre 1976)."""
    doubled = [2 * int(digit) - 9 * (int(digit) > 4) for digit in digits[1::2]]
    return str(-(sum(map(int, digits[::2])) + sum(doubled)) % 10)


def begin(applicant: Reader, stack: Stack, who: Administration, slug: str = OPEN_CALL) -> None:
    """From the public page to the first step, over the mailbox."""
    applicant.open(f"/calls/{slug}")
    applicant.follow(_("Apply"), exact=True)
    applicant.fill(email=who.email)
    applicant.press(_("Send the link"))
    applicant.reads(_("A link to your application is on its way to the address that you gave."))
    applicant.open(link(stack, who))


def link(stack: Stack, who: Administration) -> str:
    """As the newest mail has it."""
    letter = Mailbox(stack.mailbox).newest_to(who.email, _("The link to your application"))
    found = re.search(r"http://\S+/applications/open/[\w.~-]+", letter.text)
    assert found
    return found[0]


def base(applicant: Reader) -> str:
    """The address of the application whose page is open."""
    return "/".join(applicant.path.split("/")[:3])


def typed_organisation(who: Administration, town: str = TOWN) -> dict[str, str]:
    return {
        "name": who.name,
        "fiscal_code": who.fiscal_code,
        "ipa_code": "c_d612",
        "municipality": town,
        "address": "Piazza della Signoria 1, 50122",
    }


def typed_desk(town: str = TOWN) -> dict[str, str]:
    return {
        "name_1": "Sportello lavoro e impresa",
        "municipality_1": town,
        "address_1": "Via Verdi 2",
        "opening_hours_1": "Da lunedì a venerdì, 9-13",
        "staff_1": "2",
    }


def typed_contacts(who: Administration) -> dict[str, str]:
    return {
        "person_name": "Anna Prova",
        "person_role": "Dirigente",
        "phone": "055 1234567",
        "email": who.email,
    }


def fill_in(applicant: Reader, who: Administration) -> None:
    """From the first step to the attachments."""
    applicant.fill(**typed_organisation(who))
    applicant.tick(_(HOST_KINDS[who.kind]), _(LEGAL_BASES[BASES_OF_KIND[who.kind][0]]))
    save(applicant)
    applicant.fill(**typed_desk())
    save(applicant)
    applicant.fill(**typed_contacts(who))
    save(applicant)
    assert applicant.path.endswith("/attachments")


def save(applicant: Reader, *, status: int = 200) -> None:
    applicant.press(_("Save and continue"), status=status)


def upload(
    applicant: Reader, label: str, name: str = "atto.pdf", content: bytes = papers.PDF
) -> None:
    """Into the place for it, on the page of the attachments."""
    choose(applicant, label, name, content)
    applicant.press(_("Upload"), within=slot(applicant, label))
    assert name in slot(applicant, label).inner_text()


def be_refused(applicant: Reader, label: str, name: str, content: bytes, why: str) -> None:
    """The file is not taken, and where it was to go stands why."""
    choose(applicant, label, name, content)
    slot(applicant, label).get_by_role("button", name=_("Upload"), exact=True).click()
    slot(applicant, label).get_by_text(why).wait_for()
    # With scripts only a part of the page came, with the status of a refusal.
    applicant.problems = [one for one in applicant.problems if not one.endswith("answered 422")]
    applicant.look()


def choose(applicant: Reader, label: str, name: str, content: bytes) -> None:
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    slot(applicant, label).locator("[name=file]").set_input_files(file)


def slot(applicant: Reader, label: str) -> Locator:
    return applicant.page.locator(".application-slot", has_text=label)


def declare_and_submit(applicant: Reader) -> str:
    """From the attachments to the submitted application; gives its protocol number."""
    applicant.follow(_("Continue"), exact=True)
    applicant.tick(*(_(text) for text in DECLARATIONS.values()))
    save(applicant)
    assert applicant.heading == _("Summary")
    applicant.press(_("Submit the application"))
    return protocol(applicant)


def protocol(applicant: Reader) -> str:
    return applicant.page.locator(".application-protocol").inner_text()


def apply(applicant: Reader, stack: Stack, who: Administration, slug: str, *asked: str) -> str:
    """The whole way, with a PDF for each thing that is asked for; gives the protocol number."""
    begin(applicant, stack, who, slug)
    fill_in(applicant, who)
    for label in asked:
        upload(applicant, label)
    return declare_and_submit(applicant)
