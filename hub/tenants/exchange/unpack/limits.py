"""What a table may be at the most, and what becomes of one that is more."""

MOST_ROWS = 50_000
MOST_COLUMNS = 100
# No column takes as much; what is longer is told as too long and not carried further.
LONGEST_CELL = 4_000

# A cell's place in its row, from zero, and what its value does not tell.
Mark = tuple[int, str]
# Its line, from one, its cells, and their marks.
Row = tuple[int, list[str], list[Mark]]


class Refused(Exception):
    """The whole file; `code` has its sentence in `sentences.py`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def within_columns(cells: list[str]) -> list[str]:
    """Without empty cells beyond the last column there may be. Raises Refused where one says something."""
    if any(cells[MOST_COLUMNS:]):
        raise Refused("too_many_columns")
    return cells[:MOST_COLUMNS]


def within_length(cell: str) -> str:
    """Long enough to be told as too long."""
    return cell[: LONGEST_CELL + 1].strip()
