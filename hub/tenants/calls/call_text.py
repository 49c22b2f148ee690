"""The text of a call: Markdown without HTML or pictures, whose links lead to the web or to a mail box."""

import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

# Under the page's own title and the section's.
HIGHEST, LOWEST = 3, 6
_LINK = re.compile(r"(https?://|mailto:)[^\s]+", re.IGNORECASE)


def _allowed(url: str) -> bool:
    return _LINK.fullmatch(url) is not None


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_MARKDOWN.validateLink = _allowed  # type: ignore[method-assign]  # as its documentation has it


@lru_cache(64)
def rendered(text: str) -> Markup:
    """As HTML. What is no Markdown stands as it was typed."""
    tokens = _MARKDOWN.parse(text)
    _put_headings_below(tokens)
    for token in tokens:
        token.attrs.pop(
            "style", None
        )  # of a table's columns: our pages carry no style of their own
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(html)  # noqa: S704 - the renderer escapes every text, and HTML in it is off


def _put_headings_below(tokens: Sequence[Token]) -> None:
    """Whatever levels the author chose: the highest is HIGHEST, and none is left out on the way down."""
    typed = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    before = HIGHEST - 1
    for token in tokens:
        if token.type == "heading_open":
            before = min(int(token.tag[1]) - min(typed) + HIGHEST, before + 1, LOWEST)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{before}"
