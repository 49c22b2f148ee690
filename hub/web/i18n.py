"""The words of the interface: English msgids in the code, gettext catalogues under `locales/`, read when first used.

The reader's locale is a context variable, which `hub.web.page` sets for a request and `reading_in` for a mail.
"""

import gettext as standard
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("it", "en")
DEFAULT_LOCALE = "it"
FOLDER = Path(__file__).parent / "locales"

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
    return text % values if values else text


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """The reader's text for `count`, which fills `%(num)s` as in templates."""
    text = catalogue(_locale.get()).ngettext(singular, plural, count)
    return text % {"num": count, **values}


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for a marker, which translators' tools look for
    """Mark a text for extraction here; it is translated where it is shown."""
    return msgid
