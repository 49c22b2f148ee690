"""Statements on imports and on the fate of their rows. They are the Ente's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.exchange.schemas import Import, ImportRow, Judged, Who

# For whom it was made, and so long.
KEPT = timedelta(days=30)

_IMPORT = """i.id, i.kind, i.file_id, i.file_name, i.state, i.rows_total, i.rows_done, i.creates,
    i.updates, i.unchanged, i.errors, i.failure, i.notes, i.created_at, i.applied_at,
    i.ended_at, m.name AS author"""
_FROM = "FROM imports i JOIN memberships m ON m.tenant_id = i.tenant_id AND m.id = i.created_by"


async def add(
    scope: TenantScope, import_id: UUID, kind: str, file_id: UUID, file_name: str, by: UUID
) -> None:
    await scope.execute(
        """
        INSERT INTO imports (id, tenant_id, kind, file_id, file_name, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        import_id,
        scope.tenant_id,
        kind,
        file_id,
        file_name,
        scope.now,
        by,
    )


async def find(scope: TenantScope, import_id: UUID, *, lock: bool = False) -> Import | None:
    row = await scope.fetchrow(
        f"SELECT {_IMPORT} {_FROM} WHERE i.id = $1 {'FOR UPDATE OF i' if lock else ''}", import_id
    )
    return Import(**dict(row)) if row else None


async def newest(
    scope: TenantScope, before: tuple[datetime, UUID] | None, limit: int
) -> list[Import]:
    at, before_id = before or (None, None)
    rows = await scope.fetch(
        f"""
        SELECT {_IMPORT} {_FROM}
        WHERE i.tenant_id = $1
          AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3::uuid))
        ORDER BY i.created_at DESC, i.id DESC LIMIT $4
        """,
        scope.tenant_id,
        at,
        before_id,
        limit,
    )
    return [Import(**dict(row)) for row in rows]


async def take(scope: TenantScope, import_id: UUID) -> int | None:
    """Begin to read it, whoever began before: that one's version is no longer the import's. None where it is not to be read."""
    version: int | None = await scope.fetchval(
        """
        UPDATE imports SET version = version + 1, rows_total = 0, rows_done = 0, creates = 0,
          updates = 0, unchanged = 0, errors = 0
        WHERE id = $1 AND state = 'reading' RETURNING version
        """,
        import_id,
    )
    await forget_rows(scope, import_id)
    return version


async def note_head(
    scope: TenantScope, import_id: UUID, version: int, rows: int, notes: dict[str, Any]
) -> bool:
    return bool(
        await scope.execute(
            """
            UPDATE imports SET rows_total = $3, notes = $4
            WHERE id = $1 AND version = $2 AND state = 'reading'
            """,
            import_id,
            version,
            rows,
            notes,
        )
    )


async def add_rows(
    scope: TenantScope, import_id: UUID, version: int, rows: Sequence[Judged]
) -> bool:
    """With their progress. False where somebody else reads it by now, or it is discarded."""
    held = await scope.execute(
        """
        UPDATE imports SET rows_done = rows_done + $3, creates = creates + $4, updates = updates + $5,
          unchanged = unchanged + $6, errors = errors + $7,
          rows_total = greatest(rows_total, rows_done + $3)
        WHERE id = $1 AND version = $2 AND state = 'reading'
        """,
        import_id,
        version,
        len(rows),
        *(
            sum(row.fate == fate for row in rows)
            for fate in ("create", "update", "unchanged", "error")
        ),
    )
    if not held:
        return False
    await scope.execute(
        """
        INSERT INTO import_rows (id, tenant_id, import_id, position, fate, errors, content, target_id)
        SELECT n.id, $2, $3, n.position, n.fate, n.errors, n.content, n.target_id
        FROM jsonb_to_recordset($1) AS n (id uuid, position integer, fate text, errors jsonb,
          content jsonb, target_id uuid)
        """,
        [
            {
                "id": uuid7(),
                "position": row.position,
                "fate": row.fate,
                "errors": row.errors,
                "content": {"key": row.key, "cells": row.cells, "changes": row.changes},
                "target_id": row.target_id,
            }
            for row in rows
        ],
        scope.tenant_id,
        import_id,
    )
    return True


async def mark_ready(scope: TenantScope, import_id: UUID, version: int) -> None:
    await scope.execute(
        """
        UPDATE imports SET state = 'ready', rows_total = rows_done
        WHERE id = $1 AND version = $2 AND state = 'reading'
        """,
        import_id,
        version,
    )


async def mark_failed(scope: TenantScope, import_id: UUID, failure: str) -> None:
    await scope.execute(
        """
        UPDATE imports SET state = 'failed', failure = $2, ended_at = $3, version = version + 1
        WHERE id = $1 AND state IN ('reading', 'applying')
        """,
        import_id,
        failure,
        scope.now,
    )


async def read_again(scope: TenantScope, import_id: UUID, failure: str | None) -> None:
    await scope.execute(
        """
        UPDATE imports SET state = 'reading', failure = $2, ended_at = NULL, rows_done = 0,
          applied_by = NULL, version = version + 1
        WHERE id = $1
        """,
        import_id,
        failure,
    )


async def mark_applying(scope: TenantScope, import_id: UUID, by: UUID) -> None:
    await scope.execute(
        """
        UPDATE imports SET state = 'applying', applied_by = $2, rows_done = 0, failure = NULL,
          version = version + 1
        WHERE id = $1
        """,
        import_id,
        by,
    )


async def note_progress(scope: TenantScope, import_id: UUID, done: int) -> None:
    await scope.execute(
        "UPDATE imports SET rows_done = $2 WHERE id = $1 AND state = 'applying'", import_id, done
    )


async def discard(scope: TenantScope, import_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE imports SET state = 'discarded', ended_at = $2, version = version + 1 WHERE id = $1
        """,
        import_id,
        scope.now,
    )
    await forget_rows(scope, import_id)


async def forget_rows(scope: TenantScope, import_id: UUID) -> None:
    await scope.execute(
        "DELETE FROM import_rows WHERE tenant_id = $1 AND import_id = $2",
        scope.tenant_id,
        import_id,
    )


async def let_go_of_file(scope: TenantScope, import_id: UUID) -> UUID | None:
    """Returns the file, for the caller to delete."""
    found = await find(scope, import_id)
    await scope.execute("UPDATE imports SET file_id = NULL WHERE id = $1", import_id)
    return found.file_id if found else None


async def forgettable(scope: NetworkScope) -> list[tuple[UUID, UUID]]:
    """(tenant, import) of those that have ended, or have lain there unapplied, long enough."""
    rows = await scope.fetch(
        """
        SELECT tenant_id, id FROM imports
        WHERE file_id IS NOT NULL AND state NOT IN ('reading', 'applying')
          AND coalesce(ended_at, created_at) < $1
        ORDER BY created_at LIMIT 100
        """,
        scope.now - KEPT,
    )
    return [(row[0], row[1]) for row in rows]


async def page_of_rows(
    scope: TenantScope, import_id: UUID, fate: str, after: int, limit: int
) -> list[ImportRow]:
    rows = await scope.fetch(
        """
        SELECT position, fate, errors, content FROM import_rows
        WHERE tenant_id = $1 AND import_id = $2 AND fate = $3 AND position > $4
        ORDER BY position LIMIT $5
        """,
        scope.tenant_id,
        import_id,
        fate,
        after,
        limit,
    )
    return [ImportRow(*row) for row in rows]


async def who_applies(scope: NetworkScope, import_id: UUID) -> tuple[Who, str] | None:
    """With the kind; None where it is not being applied."""
    row = await scope.fetchrow(
        """
        SELECT i.tenant_id, m.account_id, m.id, i.kind
        FROM imports i JOIN memberships m ON m.tenant_id = i.tenant_id AND m.id = i.applied_by
        WHERE i.id = $1 AND i.state = 'applying'
        """,
        import_id,
    )
    return (Who(row[0], row[1], row[2]), row[3]) if row else None


async def rows_to_apply(
    scope: NetworkScope, import_id: UUID, after: int, limit: int
) -> list[tuple[int, str, UUID | None, dict[str, Any]]]:
    """(line, fate, target, content), in the order of the file."""
    rows = await scope.fetch(
        """
        SELECT position, fate, target_id, content FROM import_rows
        WHERE import_id = $1 AND position > $2 ORDER BY position LIMIT $3
        """,
        import_id,
        after,
        limit,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def mark_done(scope: NetworkScope, import_id: UUID, done: int) -> bool:
    """False where somebody stopped it meanwhile."""
    return bool(
        await scope.execute(
            """
            UPDATE imports SET state = 'done', applied_at = $2, ended_at = $2, rows_done = $3,
              version = version + 1
            WHERE id = $1 AND state = 'applying'
            """,
            import_id,
            scope.now,
            done,
        )
    )


def changes_in(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    return msgspec.convert(content["changes"], list[tuple[str, str, str]])
