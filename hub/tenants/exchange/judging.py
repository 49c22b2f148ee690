"""From the rows of a file to what would become of each: read, compared with what is there, doubles found."""

from collections.abc import Sequence
from typing import Any

from hub.db import NetworkScope
from hub.tenants.exchange.cells import PLACED, BadCell, Column
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.schemas import Judged, Kind, Parsed, Record, Row

Seen = dict[str, int]
"""Key → the first line that has it."""


async def judge(
    scope: NetworkScope,
    kind: Kind,
    rows: Sequence[Row],
    places: Places,
    seen: Seen,
    *,
    lock: bool = False,
) -> list[Judged]:
    """In the order of the file. `seen` is carried on from the rows before; `lock` keeps what is there as it is."""
    parsed = [parse(kind, row) for row in rows]
    if lock and kind.prepare:
        await kind.prepare(scope)
    doubles = [_double_of(kind.keys(row), row.row.position, seen) for row in parsed]
    judged = await kind.judge(scope, parsed, places, lock=lock)
    for row, double in zip(judged, doubles, strict=True):
        target = [f"target:{row.target_id}"] if row.target_id else []
        same_target = _double_of(target, row.position, seen)
        # Of two things that are called the same, each may stay as it is.
        first = same_target if row.fate == "unchanged" else double or same_target
        if first is not None:
            row.errors.append((kind.key_columns[-1], f"twice:{first}"))
        if row.errors:
            row.changes = []
    return judged


def _double_of(keys: Sequence[str], position: int, seen: Seen) -> int | None:
    firsts = [seen.setdefault(key, position) for key in keys]
    return next((first for first in firsts if first != position), None)


def parse(kind: Kind, row: Row) -> Parsed:
    marked = dict(row.marks)
    errors = list(row.marks)
    values: dict[str, Any] = {}
    for column in kind.columns:
        text = row.cells.get(column.name)
        if text is None:
            continue
        if not text:
            values[column.name] = None
            if column.required and column.name not in marked:
                errors.append((column.name, "missing"))
            continue
        try:
            values[column.name] = column.read(text)
        except BadCell as bad:
            values[column.name] = None
            errors.append((column.name, bad.code))
    return Parsed(row, values, errors)


def shown(row: Parsed, column: str) -> str:
    """What the row is called by, as it was read, or else as it was written."""
    return str(row.values.get(column) or row.row.cells.get(column) or "")


def without_what_is(
    kind: Kind,
    judged: Judged,
    values: dict[str, Any],
    before: dict[str, str],
    known_by: Sequence[str],
) -> dict[str, Any]:
    """The values besides those whose cells say what the export would: they change nothing.

    They are then no errors either, whatever a form would say of them today. What a row is known by stays.
    """
    same = {
        name
        for name in values
        if name not in known_by
        and _alike(kind.column(name), judged.cells.get(name, ""), before.get(name, ""))
    }
    # A place's columns speak for each other.
    if not same.issuperset(name for name in PLACED if name in values):
        same.difference_update(PLACED)
    judged.errors = [error for error in judged.errors if error[0] not in same]
    return {name: value for name, value in values.items() if name not in same}


def says(kind: Kind, judged: Judged, there: dict[str, str]) -> bool:
    """Whether the row is, cell by cell, what the export would say of this."""
    return all(
        _alike(kind.column(name), cell, there.get(name, "")) for name, cell in judged.cells.items()
    )


def _alike(column: Column, cell: str, exported: str) -> bool:
    """Programs may put in or drop blanks, and line breaks where a column has but one line."""
    if not column.several_lines:
        return cell.split() == exported.split()
    mine, theirs = ([line.split() for line in text.splitlines()] for text in (cell, exported))
    return mine == theirs


def place_of(judged: Judged, values: dict[str, Any], present: Record, places: Places) -> str | None:
    """ISTAT's code of the municipality that a row names; what is there where the file says nothing of it."""
    if present and not any(name in values for name in PLACED):
        code: str | None = present["municipality_code"]
        return code
    if any(name in PLACED for name, _code in judged.errors):
        return None
    try:
        return places.find(
            values.get("municipality"), values.get("province"), values.get("istat_code")
        ).code
    except BadCell as bad:
        judged.errors.append((bad.column or "municipality", bad.code))
        return None


def check_postal_code(
    judged: Judged, values: dict[str, Any], record: Record, places: Places
) -> None:
    """Where the row changes it, or its municipality."""
    code, place = record.get("postal_code"), record["municipality_code"]
    changes = not judged.present or any(name in values for name in ("postal_code", *PLACED))
    if not (changes and code and place and "postal_code" in judged.cells):
        return
    try:
        places.check_postal_code(code, place)
    except BadCell as bad:
        judged.errors.append(("postal_code", bad.code))


def place_texts(record: Record, places: Places) -> dict[str, str]:
    place = places.by_code.get(record.get("municipality_code") or "")
    if place is None:
        return dict.fromkeys(PLACED, "")
    return {"municipality": place.name, "province": place.province, "istat_code": place.code}


def texts_of(columns: Sequence[Column], record: Record) -> dict[str, str]:
    """As the export writes them: empty for what is not there."""
    return {
        column.name: _text(column, record.get(column.name))
        for column in columns
        if column.name in record
    }


def _text(column: Column, value: Any) -> str:
    return "" if value is None or value == "" or value == () else column.write(value)


def differences(
    kind: Kind, values: dict[str, Any], before: dict[str, str], after: dict[str, str]
) -> list[tuple[str, str, str]]:
    """Of the columns that the file has; a place's columns speak for each other."""
    told = set(values)
    if told & set(PLACED):
        told |= set(PLACED)
    found = []
    for column in kind.columns:
        was, becomes = before.get(column.name, ""), after.get(column.name, "")
        if column.name in told and was != becomes and _as_read(column, was) != becomes:
            found.append((column.name, was, becomes))
    return found


def _as_read(column: Column, text: str) -> str:
    """What is there may be written in another way, such as a telephone number with its blanks."""
    try:
        return _text(column, column.read(text)) if text else ""
    except BadCell:
        return text
