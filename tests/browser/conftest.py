"""Fixtures of the browser tests, which have a pytest process of their own: `pytest tests/browser`.

    stack         the whole hub, running, with the demo network
    new_reader    makes people, each in a browser of their own; `reader` is one

With xdist each process has a stack and a browser of its own; all of them know what was looked at already.

Playwright's loop occupies the main thread, in which the other tests want theirs; so these tests are only collected
where they are asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.browser import chromium
from tests.browser import stack as whole
from tests.browser.reader import NewReader, Reader
from tests.browser.scrutiny import Scrutiny
from tests.browser.stack import Stack

HERE = Path(__file__).parent
# These begin, so that none of them runs alone at the end.
LONGEST = (
    "test_selection_thread.py",
    "test_boarding_thread.py",
    "test_boarding_pages.py",
    "test_campaign_control.py",
    "test_second_factor.py",
    "test_boarding_keyboard.py",
    "test_protocol_pages.py",
    "test_call_desk.py",
    "test_own_pages.py",
    "test_import_pages.py",
    "test_selection_by_hand.py",
)


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    asked = (Path(config.invocation_params.dir, arg.partition("::")[0]) for arg in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in asked) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey is many pages, each looked at twice; on a busy machine a minute is not enough."""
    items.sort(key=_turn)
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(240))


def _turn(item: pytest.Item) -> int:
    return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with whole.running() as running:
        yield running


@pytest.fixture(scope="session")
def browser(stack: Stack) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = chromium.launch(playwright)
        except chromium.NoBrowser as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def scrutiny(stack: Stack, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Scrutiny:
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "looked-at"
    folder.mkdir(exist_ok=True)
    return Scrutiny(folder, urlsplit(stack.address).netloc)


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """Cookies of who signed in once already: signing in is slow on purpose."""
    return {}


@pytest.fixture
def new_reader(
    stack: Stack, browser: Browser, scrutiny: Scrutiny, sessions: dict[str, StorageState]
) -> Iterator[NewReader]:
    readers: list[Reader] = []

    def new(
        email: str = "", *, at: str = "/sign-in", scripts: bool = True, width: int = 1280
    ) -> Reader:
        """With an e-mail address, somebody who has signed in and stands before their first page, or `at` another.

        A test that ends the session signs in by itself.
        """
        context = chromium.window(
            browser, stack.address, scripts=scripts, width=width, cookies=sessions.get(email)
        )
        reader = Reader(context, scrutiny, scripts=scripts)
        readers.append(reader)
        if email:
            # Leads whoever is signed in to the page they came for, and there after the sign-in, too.
            reader.open(at)
            if reader.path == "/sign-in":
                reader.give_password(email)
                sessions[email] = context.storage_state()
        return reader

    yield new
    for one in readers:
        one.context.close()
    for one in readers:
        one.check()


@pytest.fixture
def reader(new_reader: NewReader) -> Reader:
    return new_reader()
