"""MJML to HTML, with a guard on both sides.

The renderer overflows its stack, and kills the process, on a few hundred nested tags, so what goes in is read
strictly first: well-formed, shallow, of bounded size, and with no place (comments, CDATA, a stray `<`) in which the
renderer could see tags that this reading did not. What comes out holds no script, whatever went in.
"""

import re
from html.parser import HTMLParser

import mjml

MAX_CHARACTERS = 500_000
MAX_DEPTH = 50
# Text up to a tag, then the tag: a closing one, or an opening one with quoted attributes.
_PIECE = re.compile(
    r"[^<]*"
    r"<(?:/(?P<closed>[A-Za-z][\w:-]*)\s*"
    r"|(?P<opened>[A-Za-z][\w:-]*)(?P<attributes>(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/?)"
    r")>"
)
# Between components the renderer takes white space only where it holds a line break.
_BETWEEN = re.compile(r"\s+(?=</?mj-)")
_ACTIVE_TAGS = {
    "script",
    "iframe",
    "object",
    "embed",
    "form",
    "base",
    "applet",
    "svg",
    "math",
    "link",
}
_LINKS = {"href", "src", "action", "formaction", "background", "poster", "xlink:href"}
_SAFE_LINK = re.compile(r"(?:https?:|mailto:|tel:|#|/|\{|$)", re.IGNORECASE)


class BadMjml(ValueError):
    """Too deep, too large, not well-formed, or with something in it that a mail must not hold."""


def render(source: str) -> str:
    """Raises BadMjml; its message is for developers."""
    check_depth(source)
    try:
        # Without its list of fonts the renderer links to none: opening a mail must tell no third party.
        html = mjml.mjml2html(_BETWEEN.sub("\n", source), fonts={})
    except ValueError as error:
        raise BadMjml(str(error)) from None
    check_passive(html)
    return str(html)


def check_depth(source: str) -> None:
    if len(source) > MAX_CHARACTERS:
        raise BadMjml("too large")
    open_tags: list[str] = []
    position = 0
    while piece := _PIECE.match(source, position):
        position = piece.end()
        if piece["closed"]:
            if not open_tags or open_tags.pop() != piece["closed"]:
                raise BadMjml(f"</{piece['closed']}> closes nothing")
        elif not piece["empty"]:
            open_tags.append(piece["opened"])
            if len(open_tags) > MAX_DEPTH:
                raise BadMjml(f"more than {MAX_DEPTH} tags inside each other")
    if open_tags or "<" in source[position:]:
        raise BadMjml("not well-formed")


def check_passive(html: str) -> None:
    """No script, in any of the ways HTML knows, and no style sheet from elsewhere."""
    reader = _Passive(convert_charrefs=True)
    reader.feed(html)
    reader.close()


class _Passive(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE_TAGS:
            raise BadMjml(f"<{tag}> has no place in a mail")
        for name, value in attrs:
            if name.startswith("on"):
                raise BadMjml(f"{name} has no place in a mail")
            # A browser ignores control characters and spaces inside a scheme.
            target = re.sub(r"[\x00-\x20]", "", value or "")
            if name in _LINKS and not _SAFE_LINK.match(target):
                raise BadMjml(f"{name} leads to a scheme that a mail must not use")
            if name == "style":
                _check_style(value or "")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            _check_style(data)

    def handle_comment(self, data: str) -> None:
        # Outlook reads style sheets there.
        _check_style(data)


def _check_style(css: str) -> None:
    # Only where it would be read: people write "@importexport" in a text.
    if re.search(r"@import", css, re.IGNORECASE):
        raise BadMjml("@import has no place in a mail")
