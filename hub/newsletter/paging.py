"""Where a list of campaigns goes on: after the last one shown, in an address."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.errors import NotFound
from hub.ids import parse_uuid


class Cursor(NamedTuple):
    updated_at: datetime
    id: UUID


def cursor_of(last: Cursor) -> str:
    return f"{last.updated_at:%Y%m%dT%H%M%S%fZ}.{last.id}"


def read_cursor(text: str | None) -> Cursor | None:
    """None for the first page. Raises NotFound for an address that no page of ours has."""
    if text is None:
        return None
    moment, _, row_id = text.partition(".")
    found = parse_uuid(row_id)
    try:
        updated_at = datetime.strptime(f"{moment[:-1]}+0000", "%Y%m%dT%H%M%S%f%z")
    except ValueError:
        raise NotFound from None
    if found is None or not moment.endswith("Z"):
        raise NotFound
    return Cursor(updated_at, found)
