"""The document: tagged, marked on each page, made of data alone, and the same whenever it is made."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from hub.ids import uuid7
from hub.tenants.protocols.document import document_pdf, fingerprint
from hub.tenants.protocols.first_texts import FIRST_TEXTS
from hub.tenants.protocols.schemas import Content, ProtocolTemplate, last_day
from hub.web.i18n import reading_in

CONTENT = Content(
    "Ente Nazionale per il Microcredito",
    "Comune di Prova",
    "01232710374",
    "Piazza Maggiore 6, 40124 Bologna",
    ("Sportello Centro", "Sportello Navile"),
    3,
    date(2026, 11, 23),
    "en",
)


def template(kind: str = "host", **given: object) -> ProtocolTemplate:
    first = FIRST_TEXTS[kind]
    made = ProtocolTemplate(
        uuid7(), kind, 4, first.title, first.text, first.years, datetime(2026, 1, 1, tzinfo=UTC)
    )
    return replace(made, **given)  # type: ignore[arg-type]  # the names are the class's


def read(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document))


def words(document: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(document).pages).split())


@pytest.mark.parametrize("kind", FIRST_TEXTS)
def test_each_kind_on_paper_names_the_parties_and_the_term(kind: str) -> None:
    text = words(document_pdf(template(kind), CONTENT, "2026/0007"))
    for said in ("Ente Nazionale per il Microcredito", "Comune di Prova", "01232710374", "3 anni"):
        assert said in text
    assert "23 novembre 2026" in text
    assert "{" not in text


def test_of_an_invited_host_without_desks_it_says_only_what_is_true() -> None:
    text = words(document_pdf(template(), msgspec.structs.replace(CONTENT, desks=()), "2026/0007"))
    assert "in esito a una selezione o su invito dell’Ente" in text
    assert "gli sportelli che l’organizzazione indicherà nella piattaforma" in text


def test_a_screen_reader_finds_language_title_and_headings() -> None:
    reader = read(document_pdf(template(), CONTENT, "2026/0007"))
    catalogue = reader.root_object
    assert str(catalogue["/Lang"]) == "it"
    marked = catalogue["/MarkInfo"].get_object()
    assert isinstance(marked, DictionaryObject)
    assert str(marked["/Marked"]) == "True"
    assert "/StructTreeRoot" in catalogue
    assert reader.metadata is not None
    assert reader.metadata.title == FIRST_TEXTS["host"].title


def test_number_version_and_fingerprint_are_on_each_page() -> None:
    pages = read(document_pdf(template(), CONTENT, "2026/0007")).pages
    assert len(pages) > 1
    mark = fingerprint(template(), CONTENT, "2026/0007")
    for page in pages:
        foot = " ".join(page.extract_text().split())
        assert f"N. 2026/0007 · modello versione 4 · impronta {mark}" in foot


def test_the_same_protocol_gives_the_same_octets_whoever_reads() -> None:
    with reading_in("en"):
        first = document_pdf(template(), CONTENT, "2026/0007")
    with reading_in("it"):
        assert document_pdf(template(), CONTENT, "2026/0007") == first


def test_any_difference_has_another_fingerprint() -> None:
    marks = {
        fingerprint(template(), CONTENT, "2026/0007"),
        fingerprint(template(), CONTENT, "2026/0008"),
        fingerprint(template(number=5), CONTENT, "2026/0007"),
        fingerprint(template(text="# Art. 1\n\n{organisation}"), CONTENT, "2026/0007"),
        fingerprint(
            template(),
            msgspec.structs.replace(CONTENT, organisation="Comune di Prove"),
            "2026/0007",
        ),
    }
    assert len(marks) == 5


def test_what_an_organisation_calls_itself_is_text_and_never_markup() -> None:
    name = '#include "/etc/passwd" *Comune* $x^2$ <a> // \\u{41} @b'
    document = document_pdf(
        template(), msgspec.structs.replace(CONTENT, organisation=name), "2026/0007"
    )
    assert "".join(name.split()) in "".join(words(document).split())


def test_what_is_not_known_is_said() -> None:
    bare = msgspec.structs.replace(CONTENT, fiscal_code="", address="", desks=())
    text = words(document_pdf(template(), bare, "2026/0007"))
    assert "codice fiscale non indicato" in text
    assert "gli sportelli che l’organizzazione indicherà nella piattaforma" in text


@pytest.mark.parametrize(
    ("signed_on", "years", "last"),
    [
        (date(2026, 11, 23), 3, date(2029, 11, 22)),
        (date(2027, 1, 1), 1, date(2027, 12, 31)),
        (date(2028, 2, 29), 3, date(2031, 2, 28)),
        (date(2028, 2, 29), 4, date(2032, 2, 28)),
        (date(2028, 3, 1), 1, date(2029, 2, 28)),
    ],
)
def test_the_last_day_is_the_day_before_the_anniversary(
    signed_on: date, years: int, last: date
) -> None:
    assert last_day(signed_on, years) == last
