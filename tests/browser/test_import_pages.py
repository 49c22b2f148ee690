"""An import in each of its states: refused, with errors, ready, applied, discarded."""

from __future__ import annotations

from hub.tenants.exchange.schemas import FATES
from hub.web.i18n import gettext as _
from tests.browser import importing
from tests.browser.importing import bring_in, counted, exported, table
from tests.browser.people import ENTE_ADMIN
from tests.browser.reader import NewReader

NAME, PHONE = "Sportello", "Telefono"


def test_what_is_no_table(new_reader: NewReader) -> None:
    admin = new_reader(ENTE_ADMIN, at=importing.PAGE)
    admin.press(_("Upload and look at it"), status=422)
    admin.look()
    bring_in(admin, "desks", "tabella.xlsx", b"PK\x03\x04 no table", status=422)
    admin.look()
    bring_in(admin, "desks", "altro.csv", b"a;b\n1;2\n", state="failed")
    admin.reads(_("This file was not taken"))
    admin.look()
    admin.press(_("Discard"))
    admin.reads(_("The import is discarded: nothing was written."))
    admin.follow("altro.csv")
    admin.look()


def test_a_preview_with_errors(new_reader: NewReader) -> None:
    admin = new_reader(ENTE_ADMIN)
    known = exported(admin, "desks")[0]
    wrong = known | {NAME: "Sportello nuovo", PHONE: "a voce"}
    bring_in(
        admin, "desks", "con-errori.csv", table(known, wrong, {**wrong, NAME: ""}), state="faulty"
    )
    assert counted(admin) == [2, 0, 0, 1]
    assert admin.page.get_by_role("button", name=_("Apply all")).count() == 0
    admin.look()
    admin.follow(_(FATES["unchanged"]))
    admin.look()
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name=_("Download the errors (CSV)")).click()
    told = download.value.path().read_bytes().decode("utf-8-sig").splitlines()
    assert len(told) == 1 + 1 + 2
    admin.press(_("Discard"))


def test_from_the_preview_to_the_network(new_reader: NewReader) -> None:
    admin = new_reader(ENTE_ADMIN)
    known, same = exported(admin, "desks")[:2]
    changed = known | {PHONE: "0817654321", "Una colonna in più": "x"}
    new = known | {NAME: "Sportello del porto"}
    content = table(changed, new, same)
    bring_in(admin, "desks", "sportelli.csv", content)
    assert counted(admin) == [0, 1, 1, 1]
    admin.reads("Una colonna in più")
    for fate in ("create", "update", "unchanged"):
        admin.follow(_(FATES[fate]))
        admin.look()
    admin.press(_("Apply all"))
    importing.wait_for(admin, "done")
    admin.look()
    # The same file again says what is there.
    bring_in(admin, "desks", "sportelli.csv", content, state="nothing")
    assert counted(admin) == [0, 0, 0, 3]
    admin.reads(_("Every row says what the network has already: there is nothing to apply."))
    admin.look()


def test_new_hosts_people_and_services(new_reader: NewReader) -> None:
    """What their previews say before anything is written."""
    admin = new_reader(ENTE_ADMIN)
    for kind in ("hosts", "operators", "services"):
        known = exported(admin, kind)[0]
        bring_in(admin, kind, f"{kind}.csv", table(known), state="nothing")
        assert counted(admin) == [0, 0, 0, 1], kind
        admin.look()
        admin.press(_("Discard"))
    admin.look()
