"""Applying an import: every row is judged again and written in one transaction, or nothing is."""

import asyncio
from contextlib import suppress
from uuid import UUID

from hub import audit, outbox
from hub.db import NetworkScope, network_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.tenants.exchange import found, queries, written
from hub.tenants.exchange.judging import Seen, judge
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.reading import ROWS_AT_ONCE
from hub.tenants.exchange.schemas import Judged, Kind, Row, Who

REPORT_SECONDS = 1.0


class FateChanged(Exception):
    """Something that a row speaks of is no longer as the preview showed it."""


class Stopped(Exception):
    """Somebody took it back before it was through."""


class Waiting(Unavailable):
    """Another import is being applied; this one takes its turn later."""


class Progress:
    done = 0


async def apply_import(tenant_id: UUID, import_id: UUID) -> None:
    """Raises Waiting. Where something changed since the preview, a new preview is made instead."""
    progress = Progress()
    # Before the transaction: a task takes along the scope in which it is made, and this one needs its own.
    reporting = asyncio.create_task(_report(tenant_id, import_id, progress))
    try:
        async with network_transaction() as scope:
            if not await written.take_turn(scope):
                raise Waiting
            await _apply(scope, import_id, progress)
    except Stopped:
        return
    except FateChanged:
        reporting.cancel()
        async with tenant_transaction(tenant_id) as own:
            await queries.read_again(own, import_id, "changed")
            await outbox.enqueue(own, "imports.read", import_id=import_id)
    finally:
        reporting.cancel()
        with suppress(asyncio.CancelledError):
            await reporting


async def _report(tenant_id: UUID, import_id: UUID, progress: Progress) -> None:
    """What is not committed nobody sees; how far it is they may."""
    told = 0
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        if progress.done != told:
            told = progress.done
            with suppress(Unavailable):
                async with tenant_transaction(tenant_id) as scope:
                    await queries.note_progress(scope, import_id, told)


async def _apply(scope: NetworkScope, import_id: UUID, progress: Progress) -> None:
    """Nothing where somebody else applied it before. Raises FateChanged."""
    applied = await queries.who_applies(scope, import_id)
    if applied is None:
        return
    who, name = applied
    kind, places = KINDS[name], await found.places(scope)
    seen: Seen = {}
    counts = {"create": 0, "update": 0, "unchanged": 0}
    last = 0
    while rows := await queries.rows_to_apply(scope, import_id, last, ROWS_AT_ONCE):
        last = rows[-1][0]
        again = [Row(position, content["cells"]) for position, _fate, _target, content in rows]
        judged = await judge(scope, kind, again, places, seen, lock=True)
        for row, (_position, fate, target_id, content) in zip(judged, rows, strict=True):
            if not _same(row, fate, target_id, queries.changes_in(content)):
                raise FateChanged
            counts[row.fate] += 1
        await kind.write(scope, judged, who, places)
        progress.done += len(rows)
    await _finish(scope, import_id, who, kind, counts)


def _same(
    row: Judged, fate: str, target_id: UUID | None, changes: list[tuple[str, str, str]]
) -> bool:
    return (row.fate, row.target_id, row.changes) == (fate, target_id, changes)


async def _finish(
    scope: NetworkScope, import_id: UUID, who: Who, kind: Kind, counts: dict[str, int]
) -> None:
    if not await queries.mark_done(scope, import_id, sum(counts.values())):
        raise Stopped
    await audit.record_for(
        scope,
        who.coordinator_id,
        who,
        "import.applied",
        "import",
        import_id,
        kind=kind.name,
        created=counts["create"],
        updated=counts["update"],
        unchanged=counts["unchanged"],
    )
