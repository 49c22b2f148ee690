"""The text of a template: a small language in which nothing but text can be written.

    # Art. 1 – Oggetto        a heading
    - first                   items of a list, which the document letters a), b), …
    - second
    A paragraph, up to an empty line; {organisation} and the other placeholders stand anywhere.

A value is put in after the text was read, and so can become neither heading nor list.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hub.web.i18n import N_
from hub.web.i18n import gettext as _

PLACEHOLDERS = {
    "ente": N_("the name of the Ente"),
    "organisation": N_("the name of the organisation"),
    "fiscal_code": N_("its fiscal code"),
    "address": N_("its address"),
    "desks": N_("its desks; alone in an item of a list, one item for each"),
    "years": N_("how long it is in force, such as “3 anni”"),
    "today": N_("the day on which the document is made"),
    "number": N_("the number of the document"),
}
_ONLY_HOSTS = "desks"
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is heading, paragraph or list; only a list has several texts."""

    kind: str
    texts: tuple[str, ...]


def placeholders_for(kind: str) -> dict[str, str]:
    """Those that a template of this kind may hold, with what they stand for."""
    return {
        name: meaning
        for name, meaning in PLACEHOLDERS.items()
        if kind == "host" or name != _ONLY_HOSTS
    }


def problems_in(text: str, kind: str) -> list[str]:
    """What is wrong with it, in the reader's language; empty where it can be a template."""
    return list(dict.fromkeys(_problems(text, kind)))


def _problems(text: str, kind: str) -> Iterator[str]:
    known = placeholders_for(kind)
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            yield _("There is no placeholder {%(name)s}.", name=name[:40])
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        yield _("A brace stands alone: placeholders are written {organisation}.")
    if "{organisation}" not in text:
        yield _("The text does not name the organisation: {organisation} is missing.")
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#") and not re.match(r"# +\S", line):
            yield _(
                "Line %(number)s: a heading begins with one # and a space, and has words after it.",
                number=number,
            )
        elif line.rstrip() == "-":
            yield _("Line %(number)s: an item of the list is empty.", number=number)
    if not any(block.kind == "heading" for block in parse(text)):
        yield _(
            "The text has no heading. An article begins with a line such as # Art. 1 – Oggetto."
        )


def parse(text: str) -> list[Block]:
    """Of a text without problems; of another, what is no heading and no item is a paragraph."""
    blocks: list[Block] = []
    for kind, line in _lines(text):
        joins = bool(blocks) and blocks[-1].kind == kind
        if kind == "gap":
            blocks.append(Block("gap", ()))
        elif kind == "list" and joins:
            blocks[-1] = Block("list", (*blocks[-1].texts, line))
        elif kind == "paragraph" and joins:
            blocks[-1] = Block("paragraph", (f"{blocks[-1].texts[0]} {line}",))
        else:
            blocks.append(Block(kind, (line,)))
    return [block for block in blocks if block.kind != "gap"]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        words = line.strip()
        if not words:
            yield "gap", ""
        elif line.startswith("# "):
            yield "heading", line[2:].strip()
        elif line.startswith("- "):
            yield "list", line[2:].strip()
        else:
            yield "paragraph", words


def fill(blocks: Iterable[Block], values: Mapping[str, str], desks: tuple[str, ...]) -> list[Block]:
    """With the values in the places of their names. `values` has all names of PLACEHOLDERS."""
    return [
        Block(
            block.kind,
            tuple(_texts(block, values, desks) if block.kind == "list" else _filled(block, values)),
        )
        for block in blocks
    ]


def _texts(block: Block, values: Mapping[str, str], desks: tuple[str, ...]) -> Iterator[str]:
    for text in block.texts:
        if text.rstrip(";.") == "{desks}" and desks:
            yield from desks
        else:
            yield _put(text, values)


def _filled(block: Block, values: Mapping[str, str]) -> Iterator[str]:
    return (_put(text, values) for text in block.texts)


def _put(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], text)
