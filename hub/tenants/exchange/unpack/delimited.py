"""CSV, as programs of many kinds and countries write it."""

import csv
import io
import re
from collections.abc import Iterator

from hub.tenants.exchange.unpack.limits import Refused, Row, within_columns, within_length

# Excel's own first line, which says by what the cells are parted.
_SEPARATOR = re.compile(r"sep=(.)\r?\n")


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
    if found := _SEPARATOR.match(text):
        return found[1]
    first = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    outside = re.sub(r'"[^"]*"', "", first)
    return max((";", "\t", ","), key=outside.count)


def csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    skipped = 0
    if found := _SEPARATOR.match(text):
        text, skipped = text[found.end() :], 1
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                cells = within_columns(line)
                marks = [(n, "formula") for n, cell in enumerate(cells) if cell[:1] == "="]
                yield skipped + begins, [_defused(cell) for cell in cells], marks
            begins = reader.line_num + 1
    except csv.Error:
        raise Refused("quotes") from None


def _defused(cell: str) -> str:
    """Without the apostrophe that our own files put before what a program would take for a formula."""
    cell = within_length(cell)
    return cell[1:] if cell[:1] == "'" and cell[1:2] and not cell[1].isalnum() else cell
