"""A person in front of a browser window, who notices whatever is wrong with a page on arriving there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Request, Response

from hub.seed.sign_ins import PASSWORD
from hub.web.i18n import gettext as _
from tests.browser.scrutiny import Scrutiny, Sight, Titles
from tests.browser.second_factor import code_of

# A status is judged by itself. What is saved as one types gives way to what is saved after it, and htmx says so.
HARMLESS = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")


class Reader:
    """Pages are opened, links followed and buttons pressed through this; each arrival is looked at."""

    def __init__(self, context: BrowserContext, scrutiny: Scrutiny, *, scripts: bool) -> None:
        self.context = context
        self.page = context.new_page()
        self.problems: list[str] = []
        self._scripts = scripts
        self._scrutiny = scrutiny
        self._titles = Titles()
        self._arrival: Response | None = None
        self._sight: Sight | None = None
        self.page.on("response", self._on_response)
        self.page.on("request", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))

    def open(self, address: str, *, status: int = 200) -> None:
        """Type an address."""
        with self.arriving(status):
            self.page.goto(address)

    def follow(self, link: str, *, exact: bool = False, within: Locator | None = None) -> None:
        """Click a link by its words."""
        with self.arriving():
            (within or self.page).get_by_role("link", name=link, exact=exact).first.click()

    def press(self, button: str, *, status: int = 200, within: Locator | None = None) -> None:
        """Click a button that sends a form, by its words."""
        with self.arriving(status):
            (within or self.page).get_by_role("button", name=button, exact=True).click()

    def fill(self, **typed: str) -> None:
        """Type into fields by their names."""
        for name, text in typed.items():
            self.page.locator(f"main [name={name}]").fill(text)

    def choose(self, **options: str) -> None:
        """Pick options of lists by their words."""
        for name, label in options.items():
            self.page.locator(f"main select[name={name}]").select_option(label=label)

    def tick(self, *labels: str) -> None:
        """Check boxes or radio buttons. Their labels are what is seen, and clicked."""
        for label in labels:
            self.page.locator("main").get_by_label(label, exact=True).check()

    def sign_in(self, email: str) -> None:
        self.open("/sign-in")
        self.give_password(email)

    def give_password(self, email: str, password: str = PASSWORD, *, status: int = 200) -> None:
        self.fill(email=email, password=password)
        self.press(_("Sign in"), status=status, within=self.page.locator("main"))
        if self.path == "/sign-in/code":
            self.fill(code=code_of(email))
            self.press(_("Confirm and sign in"))

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        return self.page.locator("main h1").inner_text()

    def reads(self, words: str) -> None:
        """The page says so, where it can be seen."""
        self.page.locator("main").get_by_text(words).first.wait_for()

    def look(self) -> None:
        """Look closely: the page may be in a state it was not in when its like was first seen."""
        assert self._sight, "no page was opened"
        self._scrutiny.look_again(self.page, self._sight)

    @contextmanager
    def arriving(self, status: int = 200) -> Iterator[None]:
        """What is done inside leads to a page, with this status and without any complaint."""
        self._arrival = None
        with self.page.expect_event("load"):
            yield
        self._arrived(status)

    def _arrived(self, status: int) -> None:
        assert self._arrival, "the page did not come from a server"
        got = self._arrival.status
        said = " ".join(self.page.locator("[role=alert]").all_inner_texts())
        assert got == status, f"{self.page.url} answered {got}: {self.page.title()}: {said}"
        sight = Sight.of(self.page, got, scripts=self._scripts)
        if got == 200 and self._arrival.request.method == "GET":
            self._titles.check(self.page, sight)
        self._sight = sight
        self._scrutiny.look(self.page, sight)
        self.check()

    def check(self) -> None:
        """Nothing was complained about so far."""
        assert not self.problems, "\n".join(self.problems)

    def _on_response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._arrival = response
        elif response.status >= 400:
            self.problems.append(f"{response.url} answered {response.status}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.problems.append(f"a request left this machine: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refusal by the server is judged by its status; a refusal by the policy of the page stands here only.
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")


NewReader = Callable[..., Reader]
