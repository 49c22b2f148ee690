"""What was prepared and never submitted is forgotten, files and all, when the selection is long over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.calls.applications.draft_tasks import KEPT, forget_drafts
from tests.factories import Tenant
from tests.support.databases import Database
from tests.tenants.calls.making import make_application, make_call, make_draft, make_ente

DAY = timedelta(days=1)


async def forgotten_after(span: timedelta) -> None:
    with clock.moved(span):
        await forget_drafts()
        await forget_drafts()


async def left(ente: Tenant) -> tuple[set[UUID], int, int]:
    """Applications, and how many files and parts of files."""
    async with tenant_transaction(ente.id) as scope:
        rows = await scope.fetch("SELECT id FROM applications")
        files = await scope.fetchval("SELECT count(*) FROM files")
        parts = await scope.fetchval("SELECT count(DISTINCT file_id) FROM file_parts")
    return {row["id"] for row in rows}, files, parts


async def decide(ente: Tenant, call_id: UUID) -> None:
    async with tenant_transaction(ente.id) as scope:
        await scope.execute(
            "UPDATE calls SET state = 'decided', decided_at = $2 WHERE id = $1", call_id, scope.now
        )


async def test_a_draft_goes_with_its_files_half_a_year_after_the_decision(db: Database) -> None:
    ente, _ = await make_ente()
    call_id, other_id = await make_call(ente), await make_call(ente)
    draft, submitted = await make_draft(ente, call_id), await make_application(ente, call_id)
    other = await make_draft(ente, other_id)
    await decide(ente, call_id)

    await forgotten_after(KEPT - DAY)
    assert await left(ente) == ({draft.id, submitted.id, other.id}, 3, 3)
    await forgotten_after(KEPT + DAY)
    assert await left(ente) == ({submitted.id, other.id}, 2, 2)
