"""The catalogues hold what the source says, in Italian throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from hub.web import i18n
from hub.web.extraction import messages_in, update
from hub.web.formats import format_date, format_money, format_number, format_percent
from hub.web.templating import translated as translated_in_templates

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@pytest.fixture(scope="module")
def used() -> Catalog:
    return messages_in()


def catalogue(name: str) -> Catalog:
    with i18n.po_file(name).open("rb") as source:
        return read_po(source, locale=name)


def texts(message: Message) -> tuple[list[str], list[str]]:
    """msgids and msgstrs, singular and plural alike."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    string = message.string or ""
    strings = [string] if isinstance(string, str) else list(string)
    return ids, strings


def translated() -> Iterator[Message]:
    return (message for message in catalogue("it") if message.id)


def keys(messages: Catalog) -> set[str]:
    return {texts(message)[0][0] for message in messages if message.id}


@pytest.mark.parametrize("name", i18n.LOCALES)
def test_catalogues_are_in_step_with_the_source(used: Catalog, name: str) -> None:
    """`python -m hub.web.extraction` puts them in step."""
    assert keys(catalogue(name)) == keys(used)


def test_every_text_is_translated() -> None:
    missing = [
        message.id for message in translated() if not all(texts(message)[1]) or message.fuzzy
    ]
    assert missing == []


def test_placeholders_agree() -> None:
    for message in translated():
        ids, strings = texts(message)
        for string in filter(None, strings):
            asked = set(PLACEHOLDER.findall(ids[-1]))
            # A singular may leave out its number.
            spare = {"%(num)s"} if len(ids) > 1 else set()
            assert set(PLACEHOLDER.findall(string)) - spare == asked - spare, message.id


def test_extraction_finds_every_way_of_saying(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "a.py").write_text(
        'N_("one")\ngettext("two")\n_("three")\nngettext("a cat", "%(num)s cats", n)\n'
    )
    (folder / "x" / "templates").mkdir(parents=True)
    (folder / "x" / "templates" / "b.html").write_text(
        '{{ _("four") }}{% trans %}\n five\n {% endtrans %}{% do xs.append(_("six")) %}'
    )
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "c.py").write_text('_("not ours")')
    assert keys(messages_in(folder)) == {"one", "two", "three", "a cat", "four", "five", "six"}


def test_what_is_no_longer_said_is_dropped() -> None:
    template = Catalog(charset="utf-8")
    template.add("Cases")
    assert keys(update("it", template)) == {"Cases"}


def test_the_translators_words_at_the_head_stay() -> None:
    head = catalogue("it").header_comment
    assert "# Glossario" in head
    template = Catalog(charset="utf-8")
    template.add("Cases")
    assert update("it", template).header_comment == head


def test_numbers_choose_the_form() -> None:
    with i18n.reading_in("en"):
        assert i18n.ngettext("%(num)s egg", "%(num)s eggs", 1) == "1 egg"
        assert i18n.ngettext("%(num)s egg", "%(num)s eggs", 0) == "0 eggs"


def test_the_readers_locale_ends_with_its_block() -> None:
    with i18n.reading_in("en"):
        assert i18n.gettext("Cases") == "Cases"
        with i18n.reading_in("nowhere"):
            assert i18n.gettext("Cases") == "Pratiche"
        assert i18n.locale() == "en"


def test_italian_articles_follow_the_day_behind_them() -> None:
    def since(day: int) -> str:
        return i18n.gettext("since %(day)s", day=format_date(date(2026, 10, day), "long"))

    assert since(7) == "dal 7 ottobre 2026"
    assert since(8) == "dall’8 ottobre 2026"
    assert since(11) == "dall’11 ottobre 2026"
    assert since(18) == "dal 18 ottobre 2026"
    assert since(1) == "dal 1º ottobre 2026"
    assert i18n.gettext("From %(first)s to %(last)s.", first="8 mag", last="11 mag") == (
        "Dall’8 mag all’11 mag."
    )
    assert i18n.gettext("by %(day)s", day="8 maggio") == "entro l’8 maggio"
    assert translated_in_templates("since %(day)s", day="8 < 9") == "dall’8 &lt; 9"
    with i18n.reading_in("en"):
        assert since(8) == "since 8 October 2026"
        assert since(1) == "since 1 October 2026"


def test_formats() -> None:
    evening = datetime(2026, 4, 3, 22, 30, tzinfo=UTC)
    assert format_date(evening) == "4 apr 2026"
    assert format_date(evening, zone="America/New_York") == "3 apr 2026"
    assert format_date(evening.date(), "long") == "3 aprile 2026"
    assert format_money(-1234_50) == "-€\N{NO-BREAK SPACE}1.234,50"
    assert format_money(0, "CHF") == "CHF\N{NO-BREAK SPACE}0,00"
    assert format_number(1234567.5) == "1.234.567,5"
    assert format_percent(0.256) == "26%"
    with i18n.reading_in("en"):
        assert format_date(evening, "short") == "04/04/2026"
        assert format_money(1234_50) == "€1,234.50"
    assert [f(None) for f in (format_date, format_money, format_number, format_percent)] == [""] * 4
