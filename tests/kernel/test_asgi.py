"""What stands before the application: whose word about the visitor's address is believed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hub import app as application
from hub.config import Settings


@pytest.mark.parametrize(
    ("neighbour", "seen"),
    [("127.0.0.1", "192.0.2.7"), ("10.0.0.2", "192.0.2.7"), ("10.0.0.3", "10.0.0.3")],
)
async def test_only_trusted_proxies_say_who_is_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, neighbour: str, seen: str
) -> None:
    heard: list[str] = []

    def create_app(_: Settings) -> Callable[..., Any]:
        async def app(scope: dict[str, Any], *_: object) -> None:
            heard.append(scope["client"][0])

        return app

    trusting = replace(settings, trusted_proxies="127.0.0.1, 10.0.0.2")
    monkeypatch.setattr(Settings, "from_env", lambda: trusting)
    monkeypatch.setattr(application, "create_app", create_app)
    monkeypatch.delitem(sys.modules, "hub.asgi", raising=False)
    asgi = importlib.import_module("hub.asgi")
    monkeypatch.delitem(sys.modules, "hub.asgi")
    scope = {
        "type": "http",
        "method": "GET",
        "client": (neighbour, 1),
        # The first one is what the visitor made up.
        "headers": [(b"x-forwarded-for", b"198.51.100.1, 192.0.2.7, 10.0.0.2")],
    }
    await asgi.app(scope, None, None)
    assert heard == [seen]
