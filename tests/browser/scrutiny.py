"""What must hold on every page, whoever looks at it: accessibility, reflow, title, language, focus."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
    # No rule above reads style sheets, and where something was found is told by its source.
    "preload": False,
    "selectors": False,
    "elementRef": False,
}
DESKTOP, PHONE, NARROWEST = 1280, 390, 320
# Also what is signed, in the links of mails.
_IDS = re.compile(
    r"/(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]+|[0-9]+\.\w+\.[\w.~-]+)(?=/|$)"
)
# Of neighbours that are built alike, such as the rows of a table, the first answers for all.
_RUN_AXE = """options => {
    const alike = [];
    const build = (one) => {
        const parts = new Set();
        for (const child of one.children) {
            const part = build(child);
            if (parts.has(part)) alike.push(child);
            parts.add(part);
        }
        const speaks = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        return `${one.localName}.${one.getAttribute("class")}[${one.getAttributeNames()}]${speaks}(${[...parts]})`;
    };
    build(document.body);
    return axe.run({include: [document.documentElement], exclude: alike}, options).then(({violations}) =>
        violations.map(({id, help, nodes}) => ({id, help, found: nodes.map(({html}) => html.slice(0, 200))})));
}"""
# Which elements there are, in which others, with which classes and attributes; and the order of the headings.
_OUTLINE = """() => {
    const look = (one) => `${one.localName}.${one.getAttribute("class")}`;
    const told = [...document.body.querySelectorAll("*")].map((one) =>
        `${look(one.parentElement)}>${look(one)}[${one.getAttributeNames()}]`);
    const headings = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((one) => one.localName);
    return [...new Set(told)].sort().concat(headings).join(" ");
}"""
_FIRST_STOP = "document.activeElement.getAttribute('href')"
_AT_SUMMARY = "document.activeElement.hasAttribute('data-hub-error-summary')"


@dataclass(frozen=True, slots=True)
class Sight:
    """A page as it is told from others: all cases are one page, an answer with errors is another."""

    host: str
    path: str
    status: int
    locale: str
    scripts: bool

    @classmethod
    def of(cls, page: Page, status: int, *, scripts: bool) -> Sight:
        parts = urlsplit(page.url)
        # One error page is like another, whatever the address.
        path = _IDS.sub("/*", parts.path) if status in (200, 422) else "*"
        return cls(parts.netloc, path, status, language(page), scripts)

    def site(self, hub: str) -> str:
        """The same in each process of the run, whose hubs have hosts of their own."""
        return f"{'hub' if self.host == hub else 'mailbox'} {self.path} {self.status} {self.locale} {self.scripts}"


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """What the whole test run has looked at closely: a file for each, which its processes share."""

    folder: Path
    # Of the hub; each process has its own.
    host: str

    def look(self, page: Page, sight: Sight) -> None:
        """Look closely at a page that just loaded, unless its like was seen before."""
        if self._is_first(sight.site(self.host)):
            check_first_focus(page)
            self.look_again(page, sight)

    def look_again(self, page: Page, sight: Sight) -> None:
        """axe is asked where something is built as it was not before: texts make no difference to it."""
        outline = f"{sight.site(self.host)} {page.evaluate(_OUTLINE)}"
        is_first = self._is_first(outline)
        # What was seen at every width once is only looked at where room is scarcest.
        widths = (DESKTOP, PHONE, NARROWEST) if is_first else (NARROWEST,)
        check_layout(page, widths, ask_axe=is_first and sight.scripts)

    def _is_first(self, name: str) -> bool:
        file = self.folder / hashlib.sha256(name.encode()).hexdigest()
        try:
            file.touch(exist_ok=False)
        except FileExistsError:
            return False
        file.write_text(name)
        return True


@dataclass(slots=True)
class Titles:
    """By which titles one person knows the pages of one site."""

    pages: dict[tuple[str, str], str] = field(default_factory=dict)

    def check(self, page: Page, sight: Sight) -> None:
        title = page.title()
        assert " · " in title, f"{page.url} has no title of its own: {title!r}"
        known = self.pages.setdefault((sight.host, title), sight.path)
        assert known == sight.path, f"{known} and {sight.path} are both called {title!r}"


def language(page: Page) -> str:
    return page.locator("html").get_attribute("lang") or ""


def check_first_focus(page: Page) -> None:
    """The keyboard begins at the way past the header, or, where a form came back, at what is wrong with it."""
    if page.locator("[data-hub-error-summary]").count():
        assert page.evaluate(_AT_SUMMARY), f"{page.url}: the focus is not on the error summary"
        return
    if not page.locator("header").count() or urlsplit(page.url).fragment:
        return  # nothing to get past, or past it already
    page.keyboard.press("Tab")
    assert page.evaluate(_FIRST_STOP) == "#content", (
        f"{page.url}: Tab does not begin at the skip link"
    )
    visible = page.evaluate("document.activeElement.getBoundingClientRect().height > 10")
    assert visible, f"{page.url}: the skip link stays hidden"
    page.evaluate("document.activeElement.blur()")


def check_layout(page: Page, widths: Iterable[int], *, ask_axe: bool) -> None:
    """At these widths, and back to the one it had. axe needs a page that may run scripts."""
    size = page.viewport_size or {"width": DESKTOP, "height": 900}
    # The one that it has is the first, and comes last again: each change of it takes a moment.
    widths = sorted(widths, key=lambda width: width != size["width"])
    problems = []
    for width in widths:
        if page.viewport_size != {**size, "width": width}:
            page.set_viewport_size({**size, "width": width})
        problems += overflowing(page)
        if ask_axe and width != NARROWEST:
            problems += accessibility_problems(page)
    page.set_viewport_size(size)
    assert not problems, f"{page.url}:\n" + "\n".join(problems)


def overflowing(page: Page) -> list[str]:
    """What makes the page wider than its window."""
    found: list[str] = page.evaluate(
        """() => {
            if (document.documentElement.scrollWidth <= innerWidth) return [];
            const wide = [...document.body.querySelectorAll("*")]
                .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                .map((one) => one.outerHTML.slice(0, 120));
            return [`${document.documentElement.scrollWidth} px wide in ${innerWidth}:`, ...wide.slice(0, 5)];
        }"""
    )
    return found


def accessibility_problems(page: Page) -> list[str]:
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    width = (page.viewport_size or {"width": 0})["width"]
    return [
        f"{width} px, {one['id']} ({one['help']}): {html}"
        for one in page.evaluate(_RUN_AXE, AXE_OPTIONS)
        for html in one["found"]
    ]
