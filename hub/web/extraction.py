"""Keep the catalogues in step with the source: `python -m hub.web.extraction` rewrites the .po files."""

from os import PathLike
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from hub.web.i18n import LOCALES, po_file

SOURCE = Path(__file__).parent.parent
TEMPLATES = ("**/templates/**.html", "**/templates/**.mjml", "**/templates/**.txt")
METHODS = [("**.py", "python"), *((pattern, "jinja2") for pattern in TEMPLATES)]
# As in hub.web.templating; a template that does not parse must fail here and not lose its texts.
JINJA = {
    "newstyle_gettext": "true",
    "trimmed": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do",
}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "N_": None,
    "ngettext": (1, 2),
}
COMMENT_TAGS = ("Translators:",)


def messages_in(source: Path = SOURCE) -> Catalog:
    """Every msgid of the Python files and templates below `source`, with the files it is in."""
    template = Catalog(project="microwork-hub", charset="utf-8")
    found = extract_from_dir(
        str(source),
        METHODS,
        dict.fromkeys(TEMPLATES, JINJA),
        KEYWORDS,
        COMMENT_TAGS,
        strip_comment_tags=True,
        directory_filter=_is_source,
    )
    for filename, _line, msgid, comments, context in found:
        template.add(msgid, None, [(f"hub/{filename}", 0)], auto_comments=comments, context=context)
    return template


def _is_source(folder: str | PathLike[str]) -> bool:
    return Path(folder).name not in {"node_modules", "vendor", "data", "__pycache__"}


def update(name: str, template: Catalog) -> Catalog:
    """The locale's catalogue with exactly the template's msgids; nothing is guessed from similar ones.

    What its translators have written at its head stays.
    """
    path = po_file(name)
    if path.is_file():
        with path.open("rb") as source:
            catalogue = read_po(source, locale=name)
    else:
        catalogue = Catalog(locale=name, project="microwork-hub", charset="utf-8", fuzzy=False)
        catalogue.header_comment = (
            f"# The interface of MICRO-WORK Hub, locale {name}. English msgids; EUPL-1.2."
        )
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def extract() -> None:
    template = messages_in()
    for name in LOCALES:
        catalogue = update(name, template)
        path = po_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            write_po(target, catalogue, width=100, sort_output=True, include_lineno=False)
        missing = [] if name == "en" else [m.id for m in catalogue if m.id and not m.string]
        print(  # noqa: T201 - run by hand; this is its answer
            f"{path.relative_to(SOURCE.parent)}: {len(catalogue)} texts, {len(missing)} to translate"
        )


if __name__ == "__main__":
    extract()
