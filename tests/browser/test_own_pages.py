"""What an organisation's pages say where something was refused, and a service from its change to its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import FilePayload

from hub import clock
from hub.web.i18n import gettext as _
from tests.browser.people import admin_of, double
from tests.browser.reader import NewReader
from tests.browser.stack import Stack

HOST, LENDER = "Comune di Ariano Irpino", "Finanza Civile Meridionale"
SERVICES = "/organisation/services"
A_SERVICE = """
    SELECT s.service_id FROM services_offered s JOIN tenants t ON t.id = s.tenant_id
    WHERE t.name = $1 AND s.valid_to IS NULL ORDER BY s.service_id LIMIT 1
"""
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_a_closing_day_that_is_one_already(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(admin_of(stack, HOST), at="/organisation/closing-days")
    admin.press(_("Add the day"), status=422)
    christmas = clock.today().replace(month=12, day=25)
    admin.fill(day=christmas.isoformat(), label="Ponte")
    admin.press(_("Add the day"), status=422)
    admin.look()
    admin.fill(day=christmas.replace(day=24).isoformat())
    admin.press(_("Add the day"))
    admin.reads("Ponte")
    admin.look()


def test_a_logo_that_is_a_script_and_one_that_is_none(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(admin_of(stack, HOST), at="/organisation")
    admin.press(_("Use this picture"), status=422)
    for name in ("logo.svg", "logo.png"):
        file = FilePayload(name=name, mimeType="image/png", buffer=SCRIPT)
        admin.page.locator("main [name=file]").set_input_files(file)
        admin.press(_("Use this picture"), status=422)
        admin.look()
    admin.page.locator("main [name=file]").set_input_files(
        FilePayload(name="logo.png", mimeType="image/png", buffer=admin.page.screenshot())
    )
    admin.press(_("Use this picture"))
    admin.look()
    admin.press(_("Remove the logo"))


def test_details_with_an_address_that_is_a_script(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(admin_of(stack, HOST), at="/organisation/edit")
    admin.fill(website="javascript:alert(1)")
    admin.press(_("Save the details"), status=422)
    admin.look()


def test_a_desk_from_its_first_line_to_its_end(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(admin_of(stack, HOST), at="/organisation/desks/new")
    admin.press(_("Save the desk"), status=422)
    admin.fill(name="Sportello della stazione", address="Piazza della stazione 1")
    # Several begin like this.
    admin.fill(municipality="Castel")
    admin.press(_("Save the desk"), status=422)
    admin.look()
    admin.fill(municipality="Ariano Irpino (AV)")
    admin.press(_("Save the desk"))
    admin.look()
    admin.follow(_("Close the desk"))
    admin.look()
    admin.press(_("Close the desk"), status=422)
    admin.look()
    admin.page.locator("main [name=reason]").first.check()
    admin.fill(closed_on=clock.today().isoformat())
    admin.press(_("Close the desk"))
    admin.look()
    admin.open("/organisation/desks")
    admin.look()


def test_a_service_changes_and_ends(new_reader: NewReader, stack: Stack) -> None:
    admin = new_reader(admin_of(stack, LENDER))
    service = f"{SERVICES}/{stack.ask(A_SERVICE, LENDER)}"
    later = clock.today() + timedelta(days=30)
    admin.open(service)
    admin.look()
    admin.follow(_("Change"), exact=True)
    admin.fill(max_amount="dieci", answer_days="0")
    admin.press(_("Save the change"), status=422)
    admin.look()
    admin.fill(max_amount="120.000", answer_days="12", valid_from=later.isoformat())
    admin.press(_("Save the change"))
    # A change that is to come, and an amount above microcredit's.
    admin.look()
    admin.follow(_("End the service"))
    admin.press(_("Save the end"), status=422)
    admin.look()
    admin.fill(last_day=(later + timedelta(days=30)).isoformat())
    admin.press(_("Save the end"))
    admin.look()
    admin.follow(_("Move the end"))
    admin.look()
    admin.open(f"{SERVICES}?on={later.isoformat()}")
    admin.look()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_who_leaves_by_choice(new_reader: NewReader, stack: Stack, width: int) -> None:
    """Nothing is open in this person's charge."""
    email = double(stack, admin_of(stack, HOST))
    person = new_reader(email, at="/organisation/people", width=width)
    person.follow(stack.ask("SELECT name FROM accounts WHERE email = $1", email))
    person.look()
    person.follow(_("Leave the organisation"))
    person.look()
    person.press(_("Leave the organisation"), within=person.page.locator("main"))
    person.reads(_("You have left the organisation."))
    person.look()
