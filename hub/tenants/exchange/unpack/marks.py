"""Cells whose value does not tell what they are: merged with others, an error, a formula that was never worked out."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from hub.tenants.exchange.unpack.limits import MOST_ROWS, Mark, Refused

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def merged(ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, list[Mark]]:
    """Which cells are not alone, by row: whose value such a cell has, nobody can say."""
    told: dict[int, list[Mark]] = {}
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


def looking_empty(content: bytes, sheet: str) -> Iterator[tuple[int, Mark]]:
    """The row and mark, `error_cell` or `formula`, of cells that calamine shows as empty. Raises Refused."""
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
        self.found: list[tuple[int, Mark]] = []
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
                self.found.append((self._row, (self._column, "error_cell")))
            case "c" if self._formula and not self._has_value and self._kind != "str":
                self.found.append((self._row, (self._column, "formula")))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
