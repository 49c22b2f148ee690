"""Reading an uploaded file: each row's fate is found and kept, a thousand at a time. Nothing else is written."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

from hub import files
from hub.db import network_transaction, tenant_transaction
from hub.tenants.exchange import found, queries
from hub.tenants.exchange.judging import Seen, judge
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.reading import Head, rows_of
from hub.tenants.exchange.schemas import Kind, Row
from hub.tenants.exchange.unpack.limits import Refused


async def read_import(tenant_id: UUID, import_id: UUID) -> None:
    """Begins anew each time. Stops silently where somebody else reads it by now, or it was discarded."""
    async with tenant_transaction(tenant_id) as scope:
        version = await queries.take(scope, import_id)
        found_import = await queries.find(scope, import_id)
        if version is None or found_import is None or found_import.file_id is None:
            return
        content = await files.content(scope, found_import.file_id)
    async with network_transaction() as network:
        places = await found.places(network)
    kind = KINDS[found_import.kind]
    try:
        async with aclosing(rows_of(kind, content)) as parts:
            await _read(tenant_id, import_id, version, kind, parts, places)
    except Refused as refused:
        async with tenant_transaction(tenant_id) as scope:
            await queries.mark_failed(scope, import_id, refused.code)


async def _read(
    tenant_id: UUID,
    import_id: UUID,
    version: int,
    kind: Kind,
    parts: AsyncIterator[Head | list[Row]],
    places: Places,
) -> None:
    seen: Seen = {}
    async for part in parts:
        if isinstance(part, Head):
            notes = {"unknown": part.unknown, "columns": [name for name in part.columns if name]}
            async with tenant_transaction(tenant_id) as scope:
                held = await queries.note_head(scope, import_id, version, part.rows, notes)
        else:
            async with network_transaction() as network:
                judged = await judge(network, kind, part, places, seen)
            async with tenant_transaction(tenant_id) as scope:
                held = await queries.add_rows(scope, import_id, version, judged)
        if not held:
            return
    async with tenant_transaction(tenant_id) as scope:
        await queries.mark_ready(scope, import_id, version)
