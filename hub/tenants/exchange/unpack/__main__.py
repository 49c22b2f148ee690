import json
import resource
import sys
from collections.abc import Iterator

from hub.tenants.exchange.unpack.delimited import csv_rows, decoded, delimiter_of
from hub.tenants.exchange.unpack.kind import kind_of
from hub.tenants.exchange.unpack.limits import MOST_ROWS, Refused, Row
from hub.tenants.exchange.unpack.workbook import xlsx_rows

MEMORY_OCTETS = 1024 * 1024 * 1024
CPU_SECONDS = 60


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


def lines(content: bytes) -> Iterator[dict[str, int] | Row]:
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


if __name__ == "__main__":
    main()
