"""Ordering a letter about a set-up for each of its readers; `letters.py` writes it when its turn comes."""

from collections.abc import Iterable
from uuid import UUID

from hub import outbox
from hub.db import NetworkScope


async def order_letters(
    scope: NetworkScope, task: str, organisation_id: UUID, readers: Iterable[UUID]
) -> None:
    """`readers` are as `readers_of` and `leaders_of` of `readers.py` find them."""
    for reader_id in readers:
        await outbox.enqueue(scope, task, organisation_id=organisation_id, reader_id=reader_id)
