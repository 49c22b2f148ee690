"""The words of the interface: English msgids in the code, gettext catalogues under `locales/`, read when first used.

The reader's locale is a context variable, which `hub.web.page` sets for a request and `reading_in` for a mail.
"""

import gettext as standard
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("it", "en")
DEFAULT_LOCALE = "it"
FOLDER = Path(__file__).parent / "locales"

# Italian drops the vowel before "otto" and "undici": dal 7 ottobre, but dall’8 ottobre.
_BEFORE_A_VALUE = re.compile(r"\b([Ii]|[Dd]a|[Dd]e|[Aa]|[Nn]e|[Ss]u)l %\((\w+)\)s")
_BEGINS_WITH_A_VOWEL = re.compile(r"0?8|11(?![0-9])")

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


def locale() -> str:
    return _locale.get()


def use_locale(name: str) -> None:
    """Set the locale for the rest of this request or task; an unknown name means the default."""
    _locale.set(name if name in LOCALES else DEFAULT_LOCALE)


@contextmanager
def reading_in(name: str) -> Iterator[None]:
    """Texts and formats inside are for a reader of that locale."""
    token = _locale.set(name if name in LOCALES else DEFAULT_LOCALE)
    try:
        yield
    finally:
        _locale.reset(token)


@cache
def catalogue(name: str) -> standard.NullTranslations:
    """The committed .po file, compiled in memory: a compiled file beside it could be older than its source."""
    with po_file(name).open("rb") as source:
        messages = read_po(source, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def po_file(name: str) -> Path:
    return FOLDER / name / "LC_MESSAGES" / "hub.po"


def gettext(msgid: str, **values: object) -> str:
    """The reader's text; `%(name)s` in it is filled from `values`."""
    text = catalogue(_locale.get()).gettext(msgid)
    return elided(text, values) % values if values else text


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """The reader's text for `count`, which fills `%(num)s` as in templates."""
    text = catalogue(_locale.get()).ngettext(singular, plural, count)
    values = {"num": count, **values}
    return elided(text, values) % values


def elided(text: str, values: Mapping[str, object]) -> str:
    """A text before it is filled, with its Italian articles as the days and numbers behind them ask."""
    if _locale.get() != "it":
        return text

    def article(found: re.Match[str]) -> str:
        start, name = found.groups()
        if not _BEGINS_WITH_A_VOWEL.match(str(values[name])):
            return found[0]
        stem = {"i": "l", "I": "L"}.get(start, f"{start}ll")
        return f"{stem}’%({name})s"

    return _BEFORE_A_VALUE.sub(article, text)


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for a marker, which translators' tools look for
    """Mark a text for extraction here; it is translated where it is shown."""
    return msgid
