"""A person who has no mouse: Tab, Enter, Space, arrows and letters, and where the focus is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.reader import Reader

# More stops than any page has.
MOST_STOPS = 200
_FOCUSED = """() => {
    const one = document.activeElement;
    const label = one.labels && one.labels[0];
    const words = label ? label.textContent : one.getAttribute("aria-label") || one.textContent;
    const marked = (style) =>
        (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    const looks = [getComputedStyle(one)];
    if (label) looks.push(getComputedStyle(label, "::before"), getComputedStyle(label, "::after"));
    return {
        tag: one.localName, name: one.name || "", words: words.trim().replace(/\\s+/g, " "),
        // Inside a frame, and on the calendar button of a date, the ring is on what no style here tells of.
        marked: one.localName === "iframe" || !one.matches(":focus") || looks.some(marked),
    };
}"""


@dataclass(frozen=True, slots=True)
class Stop:
    """What has the focus: its element, its field's name, the words that it goes by, and whether one sees it."""

    tag: str
    name: str
    words: str
    marked: bool


class Keyboard:
    """Hands on the keys, in front of one reader's page."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._keys = reader.page.keyboard

    def open(self, address: str) -> None:
        """The address bar takes letters, too."""
        self.reader.open(address)

    def to(self, words: str, tag: str = "") -> None:
        """Tab on to what goes by these words."""
        self._tab(f"{words!r}", lambda stop: stop.words == words and tag in ("", stop.tag))

    def to_field(self, name: str) -> None:
        self._tab(f"the field {name}", lambda stop: stop.name == name)

    def type(self, name: str, text: str) -> None:
        self.to_field(name)
        self._keys.type(text)

    def choose(self, name: str, label: str) -> None:
        """Of a list, by its first letters."""
        self.to_field(name)
        self._keys.type(label)
        chosen = self.reader.page.evaluate("document.activeElement.selectedOptions[0].textContent")
        assert chosen.strip() == label

    def second_of_february(self, name: str) -> None:
        """Of next year, in an empty date: it is alike in all languages, and its year comes last."""
        self.to_field(name)
        for part in range(3):
            for key in ("ArrowRight",) * (part > 0) + ("ArrowUp", "ArrowUp"):
                self._keys.press(key)

    def tick(self, label: str) -> None:
        """A check box; a radio button that has the focus first among its like."""
        self.to(label)
        if not self.reader.page.evaluate("document.activeElement.checked"):
            self._keys.press("Space")
        assert self.reader.page.evaluate("document.activeElement.checked")

    def enter(self, words: str, tag: str = "", *, status: int = 200) -> None:
        """Go to a link or a button and press it."""
        self.to(words, tag)
        with self.reader.arriving(status):
            self._keys.press("Enter")

    def unfold(self, words: str) -> None:
        self.to(words, "summary")
        self._keys.press("Enter")

    def press(self, key: str) -> None:
        self._keys.press(key)

    def _tab(self, wanted: str, found: Callable[[Stop], bool]) -> None:
        for _ in range(MOST_STOPS):
            self._keys.press("Tab")
            stop = Stop(**self.reader.page.evaluate(_FOCUSED))
            if stop.tag == "body":
                continue
            assert stop.marked, f"{self.reader.page.url}: one does not see the focus on {stop}"
            if found(stop):
                return
        raise AssertionError(f"{self.reader.page.url}: Tab never comes to {wanted}")
