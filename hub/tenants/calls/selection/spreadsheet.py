"""Tables for spreadsheets (RFC 4180), in which no cell that came from outside is ever a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What begins a formula for some program or other, and what such programs skip before it (OWASP, "CSV injection").
_BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")


def defused(cell: object) -> str:
    """Text only: a number keeps its sign."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    return f"'{cell}" if cell.lstrip(" \u00a0\u200b\ufeff").startswith(_BEGINS_FORMULA) else cell


def line(cells: Iterable[object], delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\r\n").writerow(
        [defused(cell) for cell in cells]
    )
    return written.getvalue().encode()


def for_offices(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """As office programs set to Italian open it: semicolons, and UTF-8 by its mark."""
    return b"".join([b"\xef\xbb\xbf", line(header, ";"), *(line(row, ";") for row in rows)])
