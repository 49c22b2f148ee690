"""XLSX: the first sheet that can be seen."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineSheet,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from hub.tenants.exchange.unpack.archive import unfolded
from hub.tenants.exchange.unpack.limits import (
    MOST_COLUMNS,
    Mark,
    Refused,
    Row,
    within_columns,
    within_length,
)
from hub.tenants.exchange.unpack.marks import looking_empty, merged


def xlsx_rows(content: bytes) -> tuple[int, Iterator[Row]]:
    """Of the first sheet that can be seen: how many say anything, and each. Raises Refused."""
    telling = unfolded(content)
    try:
        book = load_workbook(io.BytesIO(content))
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        if not shown:
            raise Refused("empty")
        sheet = book.get_sheet_by_name(shown[0])
    except CalamineError:
        raise Refused("broken") from None
    if sheet.start is None:
        raise Refused("empty")
    if sheet.start[1] + sheet.width > MOST_COLUMNS * 10:
        raise Refused("too_many_columns")
    told = merged(sheet.merged_cell_ranges or [])
    if telling:
        for row, mark in looking_empty(content, shown[0]):
            told.setdefault(row, []).append(mark)
    full = sum(any(value != "" for value in values) for values in sheet.iter_rows())
    return full, _read(sheet, told)


def _read(sheet: CalamineSheet, told: dict[int, list[Mark]]) -> Iterator[Row]:
    """`iter_rows` begins in the first row of all, but in the first column that is used."""
    shift = [""] * (sheet.start[1] if sheet.start else 0)
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = shift + [text_of(value) for value in values]
        marks = told.get(number, [])
        if any(cells) or marks:
            yield (
                number,
                within_columns(_cut(cells)),
                [mark for mark in marks if mark[0] < MOST_COLUMNS],
            )


def _cut(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def text_of(value: object) -> str:
    """As a person would have typed it. A day is written as ISO 8601 has it, an amount with a point."""
    match value:
        case str():
            return within_length(value)
        case bool():
            return "sì" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return format(round(value, 9), ".9f").rstrip("0").rstrip(".")
        case datetime():
            midnight = value.time() == time(0)
            return (value.date() if midnight else value).isoformat()
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return f"{value // timedelta(hours=1)}:{value // timedelta(minutes=1) % 60:02}"
    return str(value)
