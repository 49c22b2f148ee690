"""Paper: values become nothing but text, and screen readers find their way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from hub import pdf

HOSTILE = [
    "=1+1",
    "#panic()",
    "$x$",
    '] #read("/etc/passwd") [',
    "*grassetto*",
    "\\",
    "è € ‘’ — ñ",
    "a\nb",
]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shared = tmp_path / "web" / "templates"
    shared.mkdir(parents=True)
    source = pdf._ROOT / "web" / "templates" / "paper.typ"
    (shared / "paper.typ").write_text(source.read_text())
    own = tmp_path / "sample" / "templates"
    own.mkdir(parents=True)
    (own / "sample.typ").write_text(
        '#import "/web/templates/paper.typ": *\n#show: paper\n= #data.title\n'
        '#facts((("Valore", data.value), ("Codice", code("ab" * 60))))\n'
    )
    monkeypatch.setattr(pdf, "_ROOT", tmp_path)
    return "sample/sample.typ"


def made(template: str, value: str = "x") -> bytes:
    data = {"title": "Ricevuta", "locale": "it", "date": [2026, 11, 22], "value": value}
    return pdf.render_pdf(template, data)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_stays_what_it_was(template: str, value: str) -> None:
    text = PdfReader(io.BytesIO(made(template, value))).pages[0].extract_text()
    assert "".join(value.split()) in "".join(text.split())


def test_it_is_tagged_and_says_title_and_language(template: str) -> None:
    reader = PdfReader(io.BytesIO(made(template)))
    root = reader.root_object
    assert str(cast("DictionaryObject", root["/MarkInfo"])["/Marked"]) == "True"
    assert str(root["/Lang"]) == "it"
    assert reader.metadata is not None
    assert reader.metadata.title == "Ricevuta"


def test_the_same_data_give_the_same_octets(template: str) -> None:
    assert made(template) == made(template)
