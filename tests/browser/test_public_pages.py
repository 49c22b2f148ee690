"""What anybody can see without signing in."""

from __future__ import annotations

import pytest

from hub.web.i18n import gettext as _
from tests.browser.people import OPERATOR
from tests.browser.reader import Reader


def test_home_shows_the_network_and_leads_to_a_desk(reader: Reader) -> None:
    reader.open("/")
    picture = reader.page.locator("main").get_by_role("img").first
    assert picture.locator("circle.hub-map-dot").count() > 40
    search(reader, "home-q", "Napoli", _("Find a desk"))
    assert reader.path == "/desks"
    reader.follow("Comune di Napoli")
    assert reader.path.startswith("/desks/")
    reader.reads(_("Opening hours"))


def test_search_for_a_desk(reader: Reader) -> None:
    reader.open("/desks")
    reader.follow("Puglia")
    assert reader.heading == _("Desks in %(region)s", region="Puglia")
    # Several begin like this; one is an island far from any desk; none begins like that.
    search(reader, "desks-q", "castel", _("Search"))
    reader.reads(_("Which municipality do you mean?"))
    reader.look()
    search(reader, "desks-q", "Lampedusa e Linosa", _("Search"))
    reader.reads(_("Far away"))
    reader.look()
    search(reader, "desks-q", "Xyz", _("Search"))
    reader.reads(_("No municipality begins like this"))


def search(reader: Reader, field: str, text: str, button: str) -> None:
    reader.open("/" if field.startswith("home") else "/desks")
    reader.page.locator(f"#{field}").fill(text)
    reader.press(button, within=reader.page.locator("main"))


@pytest.mark.parametrize(
    "path", ["/privacy", "/accessibility", "/data-sources", "/password/forgotten"]
)
def test_page_stands(reader: Reader, path: str) -> None:
    reader.open(path)


def test_sign_in_refuses_a_wrong_password(reader: Reader) -> None:
    reader.open("/sign-in")
    reader.fill(email=OPERATOR, password="not-the-password")
    reader.press(_("Sign in"), status=422, within=reader.page.locator("main"))
    assert reader.page.locator("[name=email]").input_value() == OPERATOR
    assert reader.page.locator("[name=password]").input_value() == ""
