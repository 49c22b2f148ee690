"""Ids in addresses."""

from uuid import UUID

from hub.errors import NotFound
from hub.ids import parse_uuid


def path_id(text: str) -> UUID:
    """Raises NotFound: a malformed id names nothing, and says no more than an unknown one."""
    found = parse_uuid(text)
    if found is None:
        raise NotFound
    return found
