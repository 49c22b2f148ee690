"""What the Ente's administrators do with a spreadsheet: take it along, change it, bring it in again."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import FilePayload

from hub.tenants.calls.selection.spreadsheet import for_offices
from hub.tenants.exchange.schemas import KINDS, STANDINGS
from hub.web.i18n import gettext as _
from tests.browser.reader import Reader

PAGE = "/network/imports"
WORKING_MS = 45_000

Row = dict[str, str]


def exported(admin: Reader, kind: str) -> list[Row]:
    """What there is, as the link of the page gives it."""
    answer = admin.page.request.get(f"/network/exports/{kind}.csv")
    assert answer.ok
    text = answer.body().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def table(*rows: Row) -> bytes:
    return for_offices(list(rows[0]), [list(row.values()) for row in rows])


def choose(admin: Reader, name: str, content: bytes) -> None:
    file = FilePayload(name=name, mimeType="text/csv", buffer=content)
    admin.page.locator("main [name=file]").set_input_files(file)


def bring_in(
    admin: Reader, kind: str, name: str, content: bytes, *, status: int = 200, state: str = "ready"
) -> None:
    """From the page of imports to the preview, or to what else becomes of the file."""
    admin.open(PAGE)
    admin.tick(_(KINDS[kind]))
    choose(admin, name, content)
    admin.press(_("Upload and look at it"), status=status)
    if status == 200:
        wait_for(admin, state)


def wait_for(admin: Reader, state: str) -> None:
    """The page asks again by itself. `state` is one of STANDINGS."""
    badge = admin.page.locator("#import-course .hub-badge", has_text=_(STANDINGS[state]))
    badge.wait_for(timeout=WORKING_MS)


def counted(admin: Reader) -> list[int]:
    """With errors, new, changed, unchanged."""
    numbers = admin.page.locator(".exchange-counts strong").all_inner_texts()
    return [int(number) for number in numbers]
