"""What anybody can see without signing in."""

from __future__ import annotations

import pytest

from tests.browser.reader import Reader

NOT_THERE = "01900000-0000-7000-8000-000000000000"


def test_home_shows_the_network_and_leads_to_a_desk(reader: Reader) -> None:
    reader.open("/")
    picture = reader.page.get_by_role("img", name="Mappa")
    assert picture.locator("circle.hub-map-dot").count() > 40
    reader.page.get_by_label("Dove abiti?").fill("Napoli")
    with reader.arriving():
        reader.page.get_by_role("button", name="Trova uno sportello").click()
    assert reader.path == "/desks"
    reader.follow("Comune di Napoli")
    assert reader.path.startswith("/desks/")
    reader.reads("Orario")


@pytest.mark.parametrize(
    "path", ["/privacy", "/accessibility", "/data-sources", "/password/forgotten"]
)
def test_page_stands(reader: Reader, path: str) -> None:
    reader.open(path)


def test_sign_in_refuses_a_wrong_password(reader: Reader) -> None:
    reader.open("/sign-in")
    reader.fill(email="operatore@comune-napoli.example.org", password="not-the-password")
    reader.press("Accedi", status=422, within=reader.page.locator("main"))
    assert (
        reader.page.locator("[name=email]").input_value() == "operatore@comune-napoli.example.org"
    )
    assert reader.page.locator("[name=password]").input_value() == ""
