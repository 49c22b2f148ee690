"""Cursor paging: a list goes on behind its last row, wherever rows were added or removed in the meantime."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Position(NamedTuple):
    """Where a row stands in a list that is ordered by an instant, then by id."""

    at: datetime
    id: UUID


def to_cursor(position: Position) -> str:
    """An opaque, URL-safe word; it holds no more than the row's instant and id."""
    micros = (position.at - _EPOCH) // _MICROSECOND
    packed = micros.to_bytes(8, "big", signed=True) + position.id.bytes
    return base64.urlsafe_b64encode(packed).decode()


def from_cursor(text: str) -> Position | None:
    """None for what is no cursor of ours."""
    try:
        packed = base64.b64decode(text, altchars=b"-_", validate=True)
        micros = int.from_bytes(packed[:8], "big", signed=True)
        return Position(_EPOCH + micros * _MICROSECOND, UUID(bytes=packed[8:]))
    except (ValueError, OverflowError, binascii.Error):
        return None
