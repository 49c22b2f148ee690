"""The rows of a file, as the program in `unpack/` finds them, under the names of a kind's columns."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import Kind, Row
from hub.tenants.exchange.unpack.limits import LONGEST_CELL, Refused
from hub.tenants.territory.build_data import fold

ROWS_AT_ONCE = 1_000
# A line holds at most 100 cells of 4,000 characters, of up to four octets each.
_LONGEST_LINE = 8 * 1024 * 1024
_MOST_TOLD = 20
_MOST_TITLE = 80


class Head(msgspec.Struct):
    """`columns` are names by their place in the line; None where the hub does not know the column."""

    rows: int
    columns: list[str | None]
    unknown: list[str]
    titles: list[str]


async def rows_of(kind: Kind, content: bytes) -> AsyncGenerator[Head | list[Row], None]:
    """First what the header says, then the rows, a thousand at a time. Raises Refused."""
    async with _unpacked(content) as lines:
        expected = 0
        head: Head | None = None
        rows: list[Row] = []
        async for line in lines:
            if isinstance(line, dict):
                expected = line.get("rows", expected)
                continue
            position, cells, marks = line
            if head is None:
                head = _head(kind, cells, expected)
                yield head
                continue
            rows.append(_row(head, position, cells, marks))
            if len(rows) == ROWS_AT_ONCE:
                yield rows
                rows = []
        if head is None or not (rows or expected):
            raise Refused("empty")
        if rows:
            yield rows


def _head(kind: Kind, cells: Sequence[str], rows: int) -> Head:
    columns = _names(kind, cells)
    named = [name for name in columns if name]
    doubles = sorted({name for name in named if named.count(name) > 1})
    if doubles:
        raise Refused(f"double_columns:{','.join(doubles)}")
    if missing := _missing(kind, named):
        for other in KINDS.values():
            if other is not kind and not _missing(other, _names(other, cells)):
                raise Refused(f"other_kind:{other.name}")
        raise Refused(f"missing_columns:{','.join(missing)}")
    unknown = [
        cell[:_MOST_TITLE] for cell, name in zip(cells, columns, strict=True) if cell and not name
    ]
    return Head(rows, columns, unknown[:_MOST_TOLD], [fold(cell) for cell in cells])


def _names(kind: Kind, cells: Sequence[str]) -> list[str | None]:
    known = {
        fold(title): column.name
        for column in kind.columns
        for title in (column.title, column.english, column.name)
    }
    return [known.get(fold(cell)) for cell in cells]


def _missing(kind: Kind, named: Sequence[str | None]) -> list[str]:
    missing = [
        column.name for column in kind.columns if column.required and column.name not in named
    ]
    if not any(name in named for name in kind.key_columns):
        missing = [*kind.key_columns, *missing]
    return list(dict.fromkeys(missing))


def _row(head: Head, position: int, cells: Sequence[str], marks: Sequence[Sequence[Any]]) -> Row:
    """A cell that the line does not reach is empty."""
    width = len(head.columns)
    whole = [*cells[:width], *[""] * (width - len(cells))]
    named = {name: cell for name, cell in zip(head.columns, whole, strict=True) if name}
    told = [
        (str(head.columns[place]), str(code))
        for place, code in marks
        if place < width and head.columns[place]
    ]
    if [fold(cell) for cell in whole] == head.titles:
        told.append((next(name for name in head.columns if name), "header_again"))
    for name, cell in named.items():
        if len(cell) > LONGEST_CELL:
            named[name] = cell[:_MOST_TITLE]
            told.append((name, "too_long"))
    return Row(position, named, told)


@asynccontextmanager
async def _unpacked(content: bytes) -> AsyncIterator[AsyncIterator[Any]]:
    """Alone (`-I`), and without our environment: it holds keys."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "hub.tenants.exchange.unpack",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
        env={},
    )
    try:
        yield _lines(process, content)
    finally:
        if process.returncode is None:
            # Not `process.kill`, which would look for its end first and take it from the loop, who waits for it.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def _lines(process: asyncio.subprocess.Process, content: bytes) -> AsyncIterator[Any]:
    reader, writer = process.stdout, process.stdin
    if reader is None or writer is None:
        raise RuntimeError("the process has no pipes")
    with suppress(BrokenPipeError, ConnectionResetError):
        writer.write(content)
        await writer.drain()
    writer.close()
    while line := await reader.readline():
        found = msgspec.json.decode(line)
        if isinstance(found, dict):
            if "refused" in found:
                raise Refused(found["refused"])
            if "end" in found:
                return
        yield found
    # It ended before its end: killed by its limits, or by calamine.
    raise Refused("unreadable")
