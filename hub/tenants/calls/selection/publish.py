"""The ranking as a file for everyone: the octets of which the published SHA-256 is taken.

Codes and numbers only beside the names of administrations and places, the same for every reader: no persons.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.calls.selection import ranked
from hub.tenants.calls.selection.schemas import Entry
from hub.tenants.calls.selection.spreadsheet import line

HEADER = (
    "protocol",
    "administration",
    "municipality",
    "province",
    "region",
    "position",
    "points",
    "outcome",
    "reason",
)


async def as_published(scope: TenantScope, ranking_id: UUID) -> AsyncIterator[bytes]:
    """Line by line, as the ranking was approved; who moved up since stands on the page."""
    yield line(HEADER)
    async for entry in ranked.all_entries(scope, ranking_id):
        yield published_line(entry)


def published_line(entry: Entry) -> bytes:
    return line(
        (
            entry.protocol,
            entry.organisation_name,
            entry.municipality,
            entry.province,
            entry.region,
            entry.position,
            None if entry.score is None else f"{entry.score:.3f}",
            entry.outcome,
            entry.reason,
        )
    )
