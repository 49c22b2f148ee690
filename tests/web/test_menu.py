from __future__ import annotations

from hub.app import create_app
from hub.config import Key, Settings
from hub.web.navigation import MENU


def test_every_entry_of_the_menu_leads_somewhere() -> None:
    key = Key("k1", b"signs nothing in this test, 32 b")
    nowhere = "postgresql://127.0.0.1:1/none"
    settings = Settings(nowhere, nowhere, "redis://127.0.0.1:1", (key,), (key,))
    paths = {route.path for route in create_app(settings).routes}
    assert {entry.url for entry in MENU} <= paths
    assert {"/sign-in", "/sign-out", "/account", "/locale", "/privacy"} <= paths
