"""What a campaign is written from, and the little markup inside it: `**bold**`, `[words](https://…)`, `{name}`.

A block becomes MJML and plain text. All text is escaped here; only what this module recognises becomes markup.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup, escape

from hub.web.i18n import N_


class Heading(msgspec.Struct, frozen=True, tag="heading", forbid_unknown_fields=True):
    text: str


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph", forbid_unknown_fields=True):
    """An empty line begins a new paragraph; lines that begin with `- ` are a list."""

    text: str


class Button(msgspec.Struct, frozen=True, tag="button", forbid_unknown_fields=True):
    label: str
    url: str


class Divider(msgspec.Struct, frozen=True, tag="divider", forbid_unknown_fields=True):
    pass


Block = Heading | Paragraph | Button | Divider

MOST_BLOCKS = 60
BLOCK_LABELS = {
    "heading": N_("Heading"),
    "paragraph": N_("Text"),
    "button": N_("Button"),
    "divider": N_("Line"),
}

_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)")
_MARKUP = re.compile(rf"\*\*(?P<bold>[^*\n]+)\*\*|{_LINK.pattern}")
# `{name}`, or `{name|friend}` with what stands there for someone whose name is not known.
PLACEHOLDER = re.compile(r"\{(name)(?:\|([^{}|\n]*))?\}")
_BRACES = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of a paragraph block: one paragraph, or one list with its points."""

    lines: tuple[str, ...]
    is_list: bool


def link_problem(url: str) -> str | None:
    """A msgid saying why this cannot be linked to, or None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return N_("This address cannot be read.")
    if not re.fullmatch(r"[!-z~]+", url):
        return N_("An address has no spaces, braces or accented letters. Copy it from the browser.")
    if parts.scheme == "mailto" and "@" in parts.path:
        return None
    if parts.scheme in ("http", "https") and parts.hostname:
        return None
    return N_("An address begins with https://, or with mailto: for an e-mail address.")


def markup_problem(text: str) -> str | None:
    """A msgid saying what is wrong with the markup in a text, or None."""
    if _BRACES.search(PLACEHOLDER.sub("", text)):
        return N_("Only {name} and {name|friend} may stand in braces.")
    if "](" in _LINK.sub("", text):
        return N_(
            "A link is written [words](https://…), without spaces or brackets in the address."
        )
    problems = (link_problem(match[2]) for match in _LINK.finditer(text))
    return next((problem for problem in problems if problem), None)


def as_html(text: str) -> Markup:
    """One line with its markup; placeholders stay as they are."""
    parts: list[str] = []
    position = 0
    for match in _MARKUP.finditer(text):
        parts.append(escape(text[position : match.start()]))
        if match["bold"]:
            parts.append(Markup("<b>{}</b>").format(match["bold"]))
        else:
            parts.append(Markup('<a href="{}">{}</a>').format(match[3], match[2]))
        position = match.end()
    parts.append(escape(text[position:]))
    return Markup("").join(parts)


def as_text(text: str) -> str:
    """The same for readers of plain text: bold is plain, a link is followed by its address."""

    def plain(match: re.Match[str]) -> str:
        return match["bold"] or f"{match[2]} ({match[3].removeprefix('mailto:')})"

    return _MARKUP.sub(plain, text)


def chunks(text: str) -> list[Chunk]:
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = tuple(line.strip() for line in part.split("\n"))
        is_list = all(line.startswith("- ") for line in lines)
        found.append(
            Chunk(tuple(line[2:].strip() for line in lines) if is_list else lines, is_list)
        )
    return found


def block_as_text(block: Block) -> str:
    match block:
        case Heading(text):
            return f"{text}\n{'=' * min(len(text), 60)}"
        case Paragraph(text):
            return "\n\n".join(
                "\n".join(("- " if chunk.is_list else "") + as_text(line) for line in chunk.lines)
                for chunk in chunks(text)
            )
        case Button(label, url):
            return f"{label}:\n{url}"
        case Divider():
            return "-" * 30
