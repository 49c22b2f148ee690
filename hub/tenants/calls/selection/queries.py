"""Statements of a selection: the call with its criteria, and what excludes an application."""

from typing import Any
from uuid import UUID

import msgspec

from hub.db import TenantScope
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection.schemas import (
    Selection,
)

SELECTION = """id, tenant_id, slug, title, state, regions, minimum_points, difference_limit, closes_at,
    decided_at"""


async def selection(scope: TenantScope, call_id: UUID, *, lock: bool = False) -> Selection | None:
    """Locked, decisions about one call happen one after the other: every step here begins with it."""
    row = await scope.fetchrow(
        f"SELECT {SELECTION} FROM calls WHERE id = $1 {'FOR NO KEY UPDATE' if lock else ''}",
        call_id,
    )
    return msgspec.convert(dict(row), Selection) if row else None


async def criteria(scope: TenantScope, call_id: UUID) -> list[Criterion]:
    """In their order."""
    rows = await scope.fetch(
        """
        SELECT id, position, name, description, max_points, weight FROM call_criteria
        WHERE call_id = $1 ORDER BY position
        """,
        call_id,
    )
    return [Criterion(*row) for row in rows]


async def regions(scope: TenantScope) -> dict[str, str]:
    rows = await scope.fetch("SELECT code, name FROM regions ORDER BY name")
    return {row[0]: row[1] for row in rows}


async def lock_application(scope: TenantScope, call_id: UUID, application_id: UUID) -> Any:
    """State and version of a submitted one, as they stay until the end of the transaction; None where it is not there."""
    return await scope.fetchrow(
        """
        SELECT state, version FROM applications
        WHERE id = $1 AND call_id = $2 AND state <> 'draft' FOR NO KEY UPDATE
        """,
        application_id,
        call_id,
    )


async def set_excluded(scope: TenantScope, application_id: UUID, reason: str, note: str) -> None:
    await scope.execute(
        """
        UPDATE applications SET state = 'excluded', excluded_reason = $2, excluded_note = $3,
          updated_at = $4, version = version + 1
        WHERE id = $1
        """,
        application_id,
        reason,
        note,
        scope.now,
    )


async def set_readmitted(scope: TenantScope, application_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE applications SET state = 'submitted', excluded_reason = NULL, excluded_note = NULL,
          updated_at = $2, version = version + 1
        WHERE id = $1
        """,
        application_id,
        scope.now,
    )
