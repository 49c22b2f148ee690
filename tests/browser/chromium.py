"""Which Chromium the tests use, and how it is started: with nothing of its own to say to anybody."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, StorageState

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # What is not on loopback goes to a proxy that does not exist.
    "--proxy-server=127.0.0.1:1",
    "--proxy-bypass-list=127.0.0.1",
)
PATIENCE_MS = 10_000
# As the Makefile looks for it. The shell draws the same pages without a window: opening one takes a fifth as long.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")


class NoBrowser(Exception):
    """There is no Chromium that starts; the message says what gets one."""


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, else Playwright's own. Raises NoBrowser."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    try:
        # Playwright gives it an empty profile, and starts it without a sandbox: root may have none.
        return playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
    except Error as error:
        reason = error.message.splitlines()[0]
        raise NoBrowser(
            f"No Chromium could be started ({reason}). `make test` installs one: Debian's package as root,"
            " otherwise Playwright's own."
        ) from error


def window(
    browser: Browser,
    address: str,
    *,
    scripts: bool = True,
    width: int = 1280,
    cookies: StorageState | None = None,
) -> BrowserContext:
    """A browser of its own, of somebody in Italy."""
    context = browser.new_context(
        base_url=address,
        locale="it-IT",
        timezone_id="Europe/Rome",
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        reduced_motion="reduce",
        storage_state=cookies,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context
