"""UUIDv7 (RFC 9562 §5.7): ids that sort by time, made in Python so that a caller knows them before the insert."""

import os
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Later calls in one process give greater ids: 12 bits after the milliseconds count within them."""
    global _last
    stamp = time.time_ns() * 4096 // 1_000_000
    with _lock:
        stamp = _last = max(stamp, _last + 1)
    milliseconds, fraction = stamp >> 12, stamp & 0xFFF
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62
    return UUID(int=value | int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1)


def made_at(id_: UUID) -> datetime | None:
    """When a UUIDv7 was made, to the millisecond; None for an id of another version."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC) if id_.version == 7 else None


def parse_uuid(text: str) -> UUID | None:
    """A UUID in its one canonical form, or None: other spellings would give a page several addresses."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None
