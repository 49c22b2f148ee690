"""The text of a template: what it can say, what is refused, and that a value is never more than text."""

from __future__ import annotations

import pytest

from hub.tenants.protocols.first_texts import FIRST_TEXTS
from hub.tenants.protocols.text import Block, fill, parse, problems_in
from hub.web.i18n import reading_in

GOOD = "# Art. 1 – Oggetto\n\nTra {ente} e {organisation}.\n"


@pytest.mark.parametrize("kind", FIRST_TEXTS)
def test_our_own_texts_are_in_order(kind: str) -> None:
    text = FIRST_TEXTS[kind].text
    assert problems_in(text, kind) == []
    headings = [block.texts[0] for block in parse(text) if block.kind == "heading"]
    assert headings[0] == "Premesse"
    assert len(headings) == 10
    for word in (
        "Oggetto",
        "Impegni",
        "formazione",
        "dati personali",
        "Gratuità",
        "Durata",
        "Recesso",
    ):
        assert any(word in heading for heading in headings), word


def test_headings_paragraphs_and_lists() -> None:
    text = "Prima\nriga.\n\n# Art. 1\n- uno\n- due\nDopo.\n\n- tre"
    assert parse(text) == [
        Block("paragraph", ("Prima riga.",)),
        Block("heading", ("Art. 1",)),
        Block("list", ("uno", "due")),
        Block("paragraph", ("Dopo.",)),
        Block("list", ("tre",)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "{name}", "Non esiste il segnaposto {name}."),
        (GOOD + "{}", "Non esiste il segnaposto {}."),
        (GOOD + "{ organisation }", "Non esiste il segnaposto { organisation }."),
        (GOOD + "una { sola", "parentesi graffa isolata"),
        (GOOD + "una } sola", "parentesi graffa isolata"),
        (GOOD + "{{organisation}}", "parentesi graffa isolata"),
        ("# Art. 1\n\nTra noi.", "manca {organisation}"),
        (GOOD + "\n## Due", "Riga 5: un titolo comincia con un solo #"),
        (GOOD + "\n#Attaccato", "Riga 5: un titolo"),
        (GOOD + "\n# ", "Riga 5: un titolo"),
        (GOOD + "\n- \n", "Riga 5: una voce dell’elenco è vuota."),
        ("Solo {organisation}.", "Il testo non ha titoli."),
    ],
)
def test_what_is_refused_and_why(text: str, said: str) -> None:
    with reading_in("it"):
        (problem,) = problems_in(text, "host")
    assert said in problem


def test_only_hosts_have_desks() -> None:
    assert problems_in(GOOD + "{desks}", "host") == []
    assert len(problems_in(GOOD + "{desks}", "lender")) == 1


def test_the_same_unknown_placeholder_is_named_once() -> None:
    assert len(problems_in(GOOD + "{nome} {nome}", "host")) == 1


def test_a_value_becomes_neither_heading_nor_placeholder() -> None:
    values = {"organisation": "# Art. 9\n- {ente} *grassetto*", "ente": "Ente", "desks": ""}
    filled = fill(parse("Con {organisation}."), values, ())
    assert filled == [Block("paragraph", ("Con # Art. 9\n- {ente} *grassetto*.",))]


def test_desks_alone_in_an_item_are_an_item_each() -> None:
    values = {"desks": "Uno; Due"}
    assert fill(parse("- {desks};\n- altro"), values, ("Uno", "Due")) == [
        Block("list", ("Uno", "Due", "altro"))
    ]
    assert fill(parse("Cioè {desks}."), values, ("Uno", "Due")) == [
        Block("paragraph", ("Cioè Uno; Due.",))
    ]
