"""Take the README's pictures anew, of our own pages with the demo network: `python -m tests.browser.take_pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.people import OPERATOR
from tests.browser.reader import Reader
from tests.browser.scrutiny import Scrutiny
from tests.browser.stack import ROOT, Stack, running

IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1280, 1400

# A case of the operator's that two lenders got, one of whom took it, with the most to tell.
TELLING_CASE = """
    SELECT c.id FROM cases c
    JOIN tenants t ON t.id = c.tenant_id AND t.name = 'Comune di Napoli'
    JOIN referrals r ON r.case_id = c.id AND r.state = 'placed'
    WHERE c.milestone IN ('accepted', 'approved') AND (SELECT count(*) FROM offers o WHERE o.referral_id = r.id) = 2
    ORDER BY c.kind = 'enterprise_loan' DESC,
      (SELECT count(*) FROM consultations k WHERE k.case_id = c.id) DESC, c.number LIMIT 1
"""


def take_pictures(stack: Stack, folder: Path) -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as seen:
        browser = chromium.launch(playwright)
        context = chromium.window(browser, stack.address, width=WIDTH)
        scrutiny = Scrutiny(Path(seen), urlsplit(stack.address).netloc)
        operator = Reader(context, scrutiny, scripts=True)
        operator.sign_in(OPERATOR)
        operator.open(f"/cases/{stack.ask(TELLING_CASE)}")
        operator.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        operator.page.screenshot(path=folder / "case.png")
        browser.close()


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    with running() as stack:
        take_pictures(stack, IMAGES)
