"""Quoted-printable in finished pieces: what was meant comes back, and no line is too long or begins with a dot."""

from __future__ import annotations

import quopri
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mail.template import Slot, Template, quoted_line, quoted_pieces, quoted_text, slot_value

SLOT = re.compile(r"\{(\w+)(?:\|(\w*))?\}")
STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=300)
AWKWARD = st.text(
    st.one_of(st.sampled_from("..  =\t\r\nFromè€🙂-_"), st.characters(exclude_categories=["Cs"]))
)


def compiled(text: str) -> Template:
    return Template(quoted_pieces(text, SLOT, lambda found: Slot(found[1], found[2] or "")))


def filled_in(template: Template, value: str) -> bytes:
    return b"".join(template.fill({"name": slot_value(value)}))


def is_wire_form(quoted: bytes) -> bool:
    """RFC 2045 §6.7 and RFC 5321 §4.5.2; no line ends with a space, which a server might take away."""
    lines = quoted.split(b"\r\n")
    clean = all(re.fullmatch(rb"[ -~]{0,75}[!-~]|", line) for line in lines)
    return clean and not any(line.startswith((b".", b"From ")) for line in lines)


def decoded(quoted: bytes) -> str:
    return quopri.decodestring(quoted).decode()


@pytest.mark.parametrize(
    "line",
    ["", "a", ".", "..", "." * 500, "From here", "From", "=", "a ", " ", " " * 200, "\t", "è" * 300, "x" * 72,
     "x" * 73, "x" * 74, "." + "x" * 72, "From " + "x" * 68, "x" * 73 + "." + "y" * 73, "x" * 72 + "è", "=" * 80,
     "x" * 73 + "From there", "\x00\x7f", "🙂" * 40],
)  # fmt: skip
def test_a_line_comes_back(line: str) -> None:
    quoted = quoted_line(line)
    assert is_wire_form(quoted)
    assert decoded(quoted) == line


@STEADY
@given(AWKWARD)
def test_any_text_comes_back(text: str) -> None:
    quoted = quoted_text(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert is_wire_form(quoted)
    assert quoted.endswith(b"\r\n")
    assert decoded(quoted) == (lines if lines.endswith("\n") else lines + "\n").replace(
        "\n", "\r\n"
    )


@STEADY
@given(st.lists(AWKWARD, max_size=4), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_is_only_text(parts: list[str], value: str) -> None:
    text = "{name}".join(part.replace("{", "") for part in parts)
    filled = filled_in(compiled(text), value)
    assert is_wire_form(filled)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain += "" if plain.endswith("\n") else "\n"
    assert decoded(filled) == plain.replace("\n", "\r\n").replace("{name}", value)


def test_an_empty_value_gives_way_to_its_fallback() -> None:
    template = compiled("Ciao {name|amica}{name|}!")
    assert decoded(filled_in(template, "")) == "Ciao amica!\r\n"
    assert decoded(filled_in(template, "Rosa")) == "Ciao RosaRosa!\r\n"


def test_filling_leaves_the_template_as_it_was() -> None:
    template = compiled("Ciao {name}")
    assert filled_in(template, "A") != filled_in(template, "B")
    assert decoded(filled_in(template, "A")) == "Ciao A\r\n"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        quoted_text("\ud83d")
