"""Writing spreadsheets: what an export and an empty template hold. Every cell is text, never a formula or a link."""

import io
from collections.abc import Iterable, Mapping, Sequence

import xlsxwriter

from hub.tenants.calls.selection.spreadsheet import for_offices
from hub.tenants.exchange.schemas import Kind
from hub.web.i18n import gettext as _

Rows = Iterable[dict[str, str]]
_TEXT_FORMAT = "@"
_WIDTH = 24


def csv_file(kind: Kind, rows: Rows) -> bytes:
    names = [column.name for column in kind.columns]
    return for_offices(
        [column.title for column in kind.columns],
        [[row.get(name, "") for name in names] for row in rows],
    )


def xlsx_file(kind: Kind, rows: Rows) -> bytes:
    """With a second sheet that explains the columns, in the reader's language."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(
        written,
        {
            "constant_memory": True,
            "in_memory": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    ) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E6ECF2", "text_wrap": True})
        text = book.add_format({"num_format": _TEXT_FORMAT})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(_("Data"))
        sheet.freeze_panes(1, 0)
        # As text, so that what is typed below keeps the zeros at its beginning.
        sheet.set_column(0, len(kind.columns) - 1, _WIDTH, text)
        for place, column in enumerate(kind.columns):
            sheet.write_string(0, place, column.title, bold)
        for number, row in enumerate(rows, 1):
            for place, column in enumerate(kind.columns):
                if value := row.get(column.name):
                    sheet.write_string(number, place, value, text)
        second = book.add_worksheet(_("Explanation"))
        second.set_column(0, 2, _WIDTH, wrapped)
        second.set_column(3, 3, 80, wrapped)
        for number, line in enumerate(explanation(kind)):
            for place, cell in enumerate(line):
                second.write_string(number, place, cell, wrapped if number else bold)
    return written.getvalue()


def explanation(kind: Kind) -> Iterable[Sequence[str]]:
    """A line for each column, below a header, in the reader's language."""
    yield [_("Column"), _("In English"), _("Must be filled in"), _("What to write")]
    for column in kind.columns:
        yield [
            column.title,
            column.english,
            _("yes") if column.required else _("no"),
            explained(column.help, column.values),
        ]


def explained(text: str, values: Mapping[str, str] | None) -> str:
    words = [_(text)] if text else []
    if values:
        listed = "; ".join(str(_(msgid)) for msgid in values.values())
        words.append(_("One of: %(values)s.", values=listed))
    return " ".join(words)


def explanation_file(kind: Kind) -> bytes:
    header, *lines = explanation(kind)
    return for_offices(header, lines)
