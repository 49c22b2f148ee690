"""Organisations by keyboard alone: a desk's entry, an exception and the activation, an import."""

from __future__ import annotations

from datetime import date

from hub import clock
from hub.tenants.exchange.schemas import KINDS
from hub.tenants.onboarding.schemas import POINTS, TRAINING_COMPLETED
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from tests.browser import importing
from tests.browser.keyboard import Keyboard
from tests.browser.people import ENTE_ADMIN, ENTE_SECOND_ADMIN, admin_of
from tests.browser.reader import NewReader
from tests.browser.stack import Stack

HOST = "Comune di Aversa"
# Everything is done but one point, for which somebody has asked for an exception.
ALMOST = "Comune di Latina"
ID = "SELECT id FROM tenants WHERE name = $1"
TRAINING = POINTS[TRAINING_COMPLETED]
WHY = "Il corso è già tra una settimana."


def test_a_desk_is_kept_up_without_a_mouse(new_reader: NewReader, stack: Stack) -> None:
    admin = Keyboard(new_reader(admin_of(stack, HOST), at="/organisation/desks"))
    desk = stack.ask(
        "SELECT d.name FROM desks d JOIN tenants t ON t.id = d.tenant_id WHERE t.name = $1", HOST
    )
    admin.enter(desk, "a")
    admin.enter(_("Change the entry"), "a")
    admin.type("phone", "081 7654321")
    admin.type("monday", "13-9")
    admin.enter(_("Save the desk"), "button", status=422)
    admin.type("monday", "9-13, 15:00-17:30")
    admin.type("sunday", "10-12")
    admin.enter(_("Save the desk"), "button")
    admin.reader.reads(_("The desk’s entry is saved and verified as of today."))
    admin.reader.reads("15.00–17.30")
    close_for_a_day(admin)
    admin.enter(_("Everything is still right"), "button")
    admin.reader.reads(_("Thank you: the entry is verified as of today."))


def close_for_a_day(admin: Keyboard) -> None:
    day = date(clock.today().year + 1, 2, 2)
    admin.enter(_("Announce a closure"), "a")
    admin.enter(_("Announce the closure"), "button", status=422)
    for name in ("starts_on", "ends_on"):
        admin.second_of_february(name)
    admin.type("reason", "Festa della Candelora")
    admin.enter(_("Announce the closure"), "button")
    admin.reader.reads("Festa della Candelora")
    admin.reader.look()
    admin.enter(_("Remove the closure from %(day)s", day=format_date(day)), "button")
    assert "Festa della Candelora" not in admin.reader.page.locator("main").inner_text()


def test_an_exception_and_the_activation_without_a_mouse(
    new_reader: NewReader, stack: Stack
) -> None:
    organisation = f"/network/organisations/{stack.ask(ID, ALMOST)}"
    first = Keyboard(new_reader(ENTE_ADMIN, at=organisation))
    first.reader.look()
    first.enter(_("Withdraw the exception"), "button")
    first.enter(f"{_('Ask for an exception')}: {_(TRAINING)}", "a")
    first.enter(_("Ask for the exception"), "button", status=422)
    first.choose("point", _(TRAINING))
    first.type("reason", "Il corso si tiene il mese prossimo.")
    first.enter(_("Ask for the exception"), "button")
    first.reader.reads(_("A second person has to agree."))
    first.reader.look()

    second = Keyboard(new_reader(ENTE_SECOND_ADMIN, at=organisation))
    second.reader.look()
    refuse_with_a_reason(second)
    first.open(organisation)
    first.reader.reads(WHY)
    first.enter(f"{_('Ask for an exception')}: {_(TRAINING)}", "a")
    first.type("reason", "Il corso si tiene lunedì.")
    first.enter(_("Ask for the exception"), "button")
    second.open(organisation)
    second.enter(_("Agree"), "button")
    second.reader.look()
    first.open(organisation)
    second.enter(_("Activate the organisation"), "button")
    second.reader.look()
    # Who comes second reads who was faster.
    first.enter(_("Activate the organisation"), "button", status=409)
    first.reader.look()


def refuse_with_a_reason(second: Keyboard) -> None:
    second.enter(f"{_('Refuse …')} {_(TRAINING)}", "a")
    second.reader.look()
    second.enter(_("Refuse the exception"), "button", status=422)
    second.reader.look()
    second.type("reason", WHY)
    second.enter(_("Refuse the exception"), "button")
    second.reader.reads(WHY)


def test_an_import_without_a_mouse(new_reader: NewReader) -> None:
    admin = Keyboard(new_reader(ENTE_ADMIN, at=importing.PAGE))
    known = importing.exported(admin.reader, "desks")[0]
    note = "Dal cortile, secondo piano."
    admin.to(_(KINDS["hosts"]))
    admin.press("ArrowDown")
    assert admin.reader.page.locator("[name=kind][value=desks]").is_checked()
    # What the browser's own window for files would give.
    importing.choose(
        admin.reader, "sportelli.csv", importing.table(known | {"Come arrivare": note})
    )
    admin.enter(_("Upload and look at it"), "button")
    importing.wait_for(admin.reader, "ready")
    assert importing.counted(admin.reader) == [0, 0, 1, 0]
    admin.enter(_("Apply all"), "button")
    importing.wait_for(admin.reader, "done")
    admin.open("/network")
    admin.enter(_("Import and export"), "a")
    admin.enter("sportelli.csv", "a")
    admin.reader.reads(note)
