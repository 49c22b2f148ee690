from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from hub.web import i18n
from tests.web.sample import sample_app


@pytest.fixture
def visitor() -> Iterator[TestClient]:  # type: ignore[type-arg]  # the application's type says nothing here
    with TestClient(sample_app(), raise_server_exceptions=False) as client:
        client.headers["accept-language"] = "it"
        yield client


@pytest.fixture(autouse=True)
def _italian() -> Iterator[None]:
    with i18n.reading_in("it"):
        yield


def hidden(html: str, name: str) -> str:
    """The value of a hidden input."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no hidden {name}"
    return found.group(1)
