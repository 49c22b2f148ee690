"""How people come on board: signing the protocol, accepting an invitation, a second factor, a desk's entry."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload

from hub.seed.sign_ins import PASSWORD
from hub.tenants.directory.offers import OFFERS
from hub.tenants.onboarding.schemas import POINTS
from hub.web.i18n import gettext as _
from tests.browser.mail import PATIENCE, Mailbox
from tests.browser.reader import Reader
from tests.browser.second_factor import code_of
from tests.browser.stack import Stack
from tests.support import papers


def be_admitted(stack: Stack, organisation: str) -> str:
    """Waits until the hub has made the organisation; gives the address of the Ente's page about it."""
    until(lambda: bool(id_of(stack, organisation)))
    return f"/network/organisations/{id_of(stack, organisation)}"


def id_of(stack: Stack, organisation: str) -> object:
    return stack.ask(
        "SELECT id FROM tenants WHERE name = $1 AND state IN ('suspended', 'active')", organisation
    )


def sign_protocol(signer: Reader, stack: Stack, email: str) -> None:
    """By the link of the mail, without an account: download, sign, send back."""
    letter = Mailbox(stack.mailbox).newest_to(
        email, re.escape(_("To be signed: %(document)s", document="@")).replace("@", ".+")
    )
    signer.open(link_in(letter.text, "protocols"))
    with signer.page.expect_download() as download:
        signer.page.get_by_role("link", name=_("Download the document (PDF)")).click()
    document = Path(download.value.path()).read_bytes()
    other = signer.path
    choose_file(signer, "protocollo.pdf.p7m", papers.signed(papers.PDF))
    signer.press(_("Send the signed file"), status=422)
    assert signer.path.startswith(other)
    choose_file(signer, "protocollo.pdf.p7m", papers.signed(document))
    signer.press(_("Send the signed file"))
    signer.look()


def accept(person: Reader, stack: Stack, email: str, organisation: str, name: str) -> None:
    """An invitation, by somebody who has no account yet: the mailbox is shown to be theirs by a code."""
    mailbox = Mailbox(stack.mailbox)
    by_its_people = _(
        "%(organisation)s invites you to the MICRO-WORK Hub", organisation=organisation
    )
    by_the_ente = _("Invitation to MICRO-WORK for %(organisation)s", organisation=organisation)
    subject = f"({re.escape(by_its_people)}|{re.escape(by_the_ente)})"
    person.open(link_in(mailbox.newest_to(email, subject).text, "invitations"))
    person.press(_("Send me the code"))
    letter = mailbox.newest_to(email, re.escape(_("Your code for the MICRO-WORK Hub")))
    code = re.search(r"\b\d{6}\b", letter.text)
    assert code
    person.fill(code=code[0], name=name, password=PASSWORD, repeated=PASSWORD)
    person.press(_("Accept and go in"))


def set_up_second_factor(person: Reader, email: str) -> None:
    """Where an administrator is led to before anything else."""
    assert person.path == "/account/second-factor", person.path
    person.look()
    person.fill(password=PASSWORD)
    person.press(_("Set it up"))
    secret = person.page.locator(".hub-key code").inner_text().replace(" ", "")
    person.fill(code=code_of(email, secret))
    person.press(_("Confirm the code"))
    assert person.page.locator(".hub-recovery-codes code").count() == 10
    person.look()
    person.follow(_("I have kept them, continue"))


def describe_desk(admin: Reader) -> None:
    """The desk that came with the application, as the public will find it."""
    admin.open("/organisation/desks")
    admin.page.locator("main table a").first.click()
    admin.page.wait_for_load_state()
    admin.follow(_("Change the entry"))
    admin.look()
    admin.fill(
        postal_code="50122",
        phone="055 1234567",
        email="sportello@firenze.example.org",
        how_to_reach="Piano terra, senza gradini.",
        monday="9:00-13:00",
        wednesday="9-13, 15:00-17:30",
    )
    admin.tick(_(OFFERS["information"]), _(OFFERS["loan_application"]))
    admin.press(_("Save the desk"))


def invite_operator(admin: Reader, email: str, name: str) -> None:
    admin.open("/organisation/people/invite")
    admin.fill(email=email, name=name)
    admin.tick(_("operator"))
    admin.press(_("Send the invitation"))


def record_training(admin: Reader, name: str, day: str) -> None:
    admin.open("/organisation/people")
    admin.follow(name)
    admin.page.locator("details.people-details summary").click()
    admin.fill(course="Operatore dello sportello", completed_on=day)
    file = FilePayload(name="attestato.pdf", mimeType="application/pdf", buffer=papers.PDF)
    admin.page.locator("main [name=file]").set_input_files(file)
    admin.press(_("Record the training"))


def wait_for_points(reader: Reader, *open_codes: str) -> None:
    """Opens the checklist again until only these points are open."""
    wanted = sorted(_(POINTS[code]) for code in open_codes)

    def are_open() -> bool:
        reader.open("/organisation/setup")
        steps = reader.page.locator(".onb-step:not(.onb-step-done) h2")
        return sorted(steps.all_inner_texts()) == wanted

    until(are_open)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.3)


def story(reader: Reader) -> list[str]:
    """The titles on the drawn timeline, the first first; what is folded is opened."""
    for folded in reader.page.locator("details:has(.hub-timeline) > summary").all():
        folded.click()
    return reader.page.locator(".hub-timeline .hub-moment-title").all_inner_texts()[::-1]


def in_order(told: list[str], *wanted: str) -> None:
    """These sentences stand in the story, one after the other; what each is about may follow it."""
    rest = iter(told)
    missing = [one for one in wanted if not any(title.startswith(one) for title in rest)]
    assert not missing, (missing, told)


def choose_file(reader: Reader, name: str, content: bytes) -> None:
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    reader.page.locator("main [name=file]").set_input_files(file)


def link_in(text: str, room: str) -> str:
    found = re.search(rf"http://\S+/{room}/[\w.~-]+", text)
    assert found, text
    return urlsplit(found[0]).path
