"""A spreadsheet's rows, one JSON line each: a program of its own, which `reading.py` starts.

Files come from outside and a small one can unfold into many gigabytes. This process may use only so much memory and
time, holds no secret and no connection; where it dies, the file is refused and the worker goes on.

In: the file, on standard input. Out: `{"rows": n}`, then `[line, [cell, …], [[column, code], …]]` for each row that is
not empty, then `{"end": true}`; or `{"refused": code}` at any point.
"""

import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MEMORY_OCTETS = 1024 * 1024 * 1024
CPU_SECONDS = 60

MOST_ROWS = 50_000
MOST_COLUMNS = 100
MOST_SHEETS = 20
MOST_MEMBERS = 500
# A sheet of 50,000 rows with all its columns full unfolds to about 60 MB.
MOST_UNFOLDED = 300 * 1024 * 1024
# No column takes as much; what is longer is told as too long and not carried further.
LONGEST_CELL = 4_000

Row = tuple[int, list[str], list[tuple[int, str]]]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
# What calamine does not tell: an error's cell and a formula without a value both look empty.
_TELLING = re.compile(rb"\bt\s*=\s*[\"']e[\"']|<(?:\w+:)?f[\s>/]")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Refused(Exception):
    """The whole file; `code` has its sentence in `sentences.py`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def kind_of(content: bytes) -> str:
    """`xlsx` or `csv`, judged by what is in it. Raises Refused."""
    if not content.strip(b"\xef\xbb\xbf \r\n\t;,"):
        raise Refused("empty")
    if content.startswith(_OLE):
        raise Refused("password" if _PASSWORD in content else "old_excel")
    if content.startswith(b"PK"):
        check_archive(content)
        return "xlsx"
    if content.startswith((b"%PDF-", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")):
        raise Refused("not_a_table")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    if b"\0" in content:
        raise Refused("not_a_table")
    return "csv"


def check_archive(content: bytes) -> None:
    """What the archive says of itself; `unfolded` looks at what it really holds. Raises Refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused("broken") from None
    names = {member.filename for member in members}
    if "mimetype" in names and "content.xml" in names:
        raise Refused("open_document")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("not_a_table")
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNFOLDED:
        raise Refused("bomb")
    if any(member.flag_bits & 1 for member in members):
        raise Refused("password")
    if sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names) > (
        MOST_SHEETS
    ):
        raise Refused("sheets")


def main() -> None:
    _limit(resource.RLIMIT_AS, MEMORY_OCTETS)
    _limit(resource.RLIMIT_CPU, CPU_SECONDS)
    content = sys.stdin.buffer.read()
    try:
        for line in lines(content):
            _write(line)
        _write({"end": True})
    except Refused as refused:
        _write({"refused": refused.code})
    except MemoryError:
        _write({"refused": "bomb"})


def _limit(which: int, most: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _write(line: object) -> None:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


def lines(content: bytes) -> Iterator[Any]:
    """Raises Refused."""
    if kind_of(content) == "xlsx":
        count, rows = xlsx_rows(content)
    else:
        text = decoded(content)
        delimiter = delimiter_of(text)
        count, rows = sum(1 for _ in csv_rows(text, delimiter)), csv_rows(text, delimiter)
    if count > MOST_ROWS + 1:
        raise Refused("too_many_rows")
    if not count:
        raise Refused("empty")
    yield {"rows": count - 1}
    for number, row in enumerate(rows, 1):
        # Rows that hold nothing but errors or merged cells are not counted above.
        if number > MOST_ROWS + 1:
            raise Refused("too_many_rows")
        yield row


# CSV


def decoded(content: bytes) -> str:
    """UTF-8, with its mark or without, UTF-16 by its mark, or else Windows-1252 as Excel saves it. Raises Refused."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise Refused("encoding")


def delimiter_of(text: str) -> str:
    """The one that parts the first line that says anything."""
    if found := re.match(r"sep=(.)\r?\n", text):
        return found[1]
    first = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    outside = re.sub(r'"[^"]*"', "", first)
    return max((";", "\t", ","), key=outside.count)


def csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    skipped = 0
    if found := re.match(r"sep=(.)\r?\n", text):
        text, skipped = text[found.end() :], 1
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                cells = _within(line)
                marks = [(n, "formula") for n, cell in enumerate(cells) if cell[:1] == "="]
                yield skipped + begins, [_defused(cell) for cell in cells], marks
            begins = reader.line_num + 1
    except csv.Error:
        raise Refused("quotes") from None


def _within(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        if any(cells[MOST_COLUMNS:]):
            raise Refused("too_many_columns")
        return cells[:MOST_COLUMNS]
    return cells


def _defused(cell: str) -> str:
    """Without the apostrophe that our own files put before what a program would take for a formula."""
    cell = cell[: LONGEST_CELL + 1].strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] and not cell[1].isalnum() else cell


# XLSX


def xlsx_rows(content: bytes) -> tuple[int, Iterator[Row]]:
    """Of the first sheet that can be seen: how many say anything, and each. Raises Refused."""
    # Imported late: within the limits, and not by those who only want `kind_of`.
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

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
    told = _merged(sheet.merged_cell_ranges or [])
    if telling:
        for place, code in told_cells(content, shown[0]):
            told.setdefault(place[0], []).append((place[1], code))
    full = sum(any(value != "" for value in values) for values in sheet.iter_rows())
    return full, _read(sheet, told)


def _read(sheet: "CalamineSheet", told: dict[int, list[tuple[int, str]]]) -> Iterator[Row]:
    """`iter_rows` begins in the first row of all, but in the first column that is used."""
    shift = [""] * (sheet.start[1] if sheet.start else 0)
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = shift + [text_of(value) for value in values]
        marks = told.get(number, [])
        if any(cells) or marks:
            yield number, _within(_cut(cells)), [mark for mark in marks if mark[0] < MOST_COLUMNS]


def _cut(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def unfolded(content: bytes) -> bool:
    """Whether a sheet holds errors or formulas. Raises Refused for one larger than it says, or than anything honest."""
    total, telling = 0, False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                sheet = member.filename.startswith("xl/worksheets/")
                before = b""
                with archive.open(member) as stream:
                    while piece := stream.read(1024 * 1024):
                        total += len(piece)
                        if total > MOST_UNFOLDED:
                            raise Refused("bomb")
                        if sheet and not telling:
                            telling = _TELLING.search(before + piece) is not None
                            before = piece[-64:]
                        if member.filename.endswith(".xml") and b"<!DOCTYPE" in piece:
                            raise Refused("bomb")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError):
        raise Refused("broken") from None
    except Exception as error:
        # zlib has an error of its own for a stream that is no stream.
        if type(error).__module__ == "zlib":
            raise Refused("broken") from None
        raise
    return telling


def text_of(value: object) -> str:
    """As a person would have typed it. A day is written as ISO 8601 has it, an amount with a point."""
    match value:
        case str():
            return value[: LONGEST_CELL + 1].strip()
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


def _merged(
    ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]],
) -> dict[int, list[tuple[int, str]]]:
    """Which cells are not alone, by row: whose value such a cell has, nobody can say."""
    told: dict[int, list[tuple[int, str]]] = {}
    cells = 0
    for (top, left), (bottom, right) in ranges:
        cells += (bottom - top + 1) * (right - left + 1)
        if cells > MOST_ROWS * 10:
            raise Refused("merged")
        for row in range(top, bottom + 1):
            told.setdefault(row + 1, []).extend(
                (column, "merged") for column in range(left, right + 1)
            )
    return told


def told_cells(content: bytes, sheet: str) -> Iterator[tuple[tuple[int, int], str]]:
    """(row, column) and `error_cell` or `formula` of the cells that calamine shows as empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        path = _path_of(archive, sheet)
        if path is None:
            raise Refused("broken")
        reader = _CellReader()
        try:
            with archive.open(path) as stream:
                while piece := stream.read(1024 * 1024):
                    reader.parser.Parse(piece)
                    yield from reader.found
                    reader.found.clear()
        except expat.ExpatError:
            raise Refused("broken") from None


def _path_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """ISO/IEC 29500-1 §18.2.19: the workbook names the sheet's relation, and that its part."""
    relation = None
    for name, attributes in _elements(archive, "xl/workbook.xml"):
        if name == "sheet" and attributes.get("name") == sheet:
            relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
    for name, attributes in _elements(archive, "xl/_rels/workbook.xml.rels"):
        if name == "Relationship" and attributes.get("Id") == relation:
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return path if path in archive.namelist() else None
    return None


def _elements(archive: zipfile.ZipFile, path: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (name.rpartition(":")[2], attributes)
    )
    try:
        parser.Parse(archive.read(path))
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own way to end
    except (expat.ExpatError, KeyError):
        raise Refused("broken") from None
    return found


class _CellReader:
    def __init__(self) -> None:
        self.found: list[tuple[tuple[int, int], str]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._row = self._column = -1
        self._kind = ""
        self._formula = self._in_value = self._has_value = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                given = attributes.get("r", "")
                self._row = int(given) if given.isdigit() else self._row + 1
                self._column = -1
            case "c":
                place = _REFERENCE.fullmatch(attributes.get("r", ""))
                self._column = _column(place[1]) if place else self._column + 1
                self._kind = attributes.get("t", "")
                self._formula = self._has_value = False
            case "f":
                self._formula = True
            case "v":
                self._in_value = True

    def _text(self, text: str) -> None:
        if self._in_value and text:
            self._has_value = True

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "v":
                self._in_value = False
            case "c" if self._kind == "e":
                self.found.append(((self._row, self._column), "error_cell"))
            case "c" if self._formula and not self._has_value and self._kind != "str":
                self.found.append(((self._row, self._column), "formula"))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


if __name__ == "__main__":
    main()
