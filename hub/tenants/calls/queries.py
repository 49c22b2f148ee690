"""Statements on calls. Of a draft everything may still change; what is published changes by its steps only."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.calls.schemas import (
    Call,
    CallDraft,
    CallState,
    Criterion,
    Extension,
    RequiredFile,
)

_COLUMNS = """
c.id, c.tenant_id, c.slug, c.title, c.text, c.regions, c.host_kinds, c.required_files,
c.minimum_points, c.difference_limit, c.opens_at, c.closes_at, c.state,
c.published_at, c.evaluating_at, c.decided_at, c.updated_at, c.version
"""
_EXTENSIONS = """
(SELECT coalesce(jsonb_agg(jsonb_build_object(
    'closed_before', e.closed_before, 'closes_at', e.closes_at, 'reason', e.reason,
    'extended_at', e.extended_at) ORDER BY e.closes_at), '[]')
  FROM call_extensions e WHERE e.tenant_id = c.tenant_id AND e.call_id = c.id) AS extensions
"""
_WHOLE = f"""
{_COLUMNS},
(SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', k.id, 'position', k.position, 'name', k.name, 'description', k.description,
    'max_points', k.max_points, 'weight', k.weight) ORDER BY k.position), '[]')
  FROM call_criteria k WHERE k.tenant_id = c.tenant_id AND k.call_id = c.id) AS criteria,
(SELECT coalesce(jsonb_object_agg(q.region_code, q.places), '{{}}')
  FROM call_quotas q WHERE q.tenant_id = c.tenant_id AND q.call_id = c.id) AS quotas,
{_EXTENSIONS}
"""


class Located(NamedTuple):
    """Whose space a public call is in."""

    tenant_id: UUID
    call_id: UUID


async def find(scope: TenantScope, call_id: UUID) -> Call | None:
    row = await scope.fetchrow(f"SELECT {_WHOLE} FROM calls c WHERE c.id = $1", call_id)
    return _call(row) if row else None


async def find_for_update(scope: TenantScope, call_id: UUID) -> Call | None:
    """Whoever else would change this call waits for this transaction."""
    row = await scope.fetchrow(
        f"SELECT {_WHOLE} FROM calls c WHERE c.id = $1 FOR UPDATE OF c", call_id
    )
    return _call(row) if row else None


async def locate(scope: NetworkScope, slug: str) -> Located | None:
    """A call that is public. There is one Ente; were there two, the first to take an address would keep it."""
    row = await scope.fetchrow(
        """
        SELECT tenant_id, id FROM calls WHERE slug = $1 AND state <> 'draft'
        ORDER BY published_at LIMIT 1
        """,
        slug,
    )
    return Located(*row) if row else None


async def public_calls(scope: NetworkScope, *, limit: int) -> list[Call]:
    """Those published last, with their extensions, without criteria and quotas."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS}, {_EXTENSIONS} FROM calls c WHERE c.state <> 'draft'
        ORDER BY c.published_at DESC, c.id DESC LIMIT $1
        """,
        limit,
    )
    return [_call(row) for row in rows]


async def lock_address(scope: TenantScope, slug: str) -> None:
    """Two who want one address wait for each other."""
    await scope.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{scope.tenant_id}/{slug}"
    )


async def addresses_like(scope: TenantScope, slug: str, *, besides: UUID) -> set[str]:
    """That address, and those made of it by a number, as far as other calls have them."""
    rows = await scope.fetch(
        """
        SELECT slug FROM calls
        WHERE id <> $2 AND (slug = $1 OR starts_with(slug, $1 || '-'))
        """,
        slug,
        besides,
    )
    return {row["slug"] for row in rows}


async def insert(scope: TenantScope, call_id: UUID, draft: CallDraft, by: UUID) -> None:
    await scope.execute(
        """
        INSERT INTO calls (id, tenant_id, slug, title, text, regions, host_kinds, required_files,
          minimum_points, difference_limit, opens_at, closes_at, created_at, created_by, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13)
        """,
        call_id,
        scope.tenant_id,
        *_values(draft),
        scope.now,
        by,
    )
    await _write_parts(scope, call_id, draft)


async def update_draft(scope: TenantScope, call_id: UUID, draft: CallDraft, version: int) -> bool:
    """False where it is not that version's draft any more."""
    updated = await scope.execute(
        """
        UPDATE calls SET slug = $3, title = $4, text = $5, regions = $6, host_kinds = $7,
          required_files = $8, minimum_points = $9, difference_limit = $10,
          opens_at = $11, closes_at = $12, updated_at = $13, version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'draft'
        """,
        call_id,
        version,
        *_values(draft),
        scope.now,
    )
    if updated:
        await scope.execute("DELETE FROM call_criteria WHERE call_id = $1", call_id)
        await scope.execute("DELETE FROM call_quotas WHERE call_id = $1", call_id)
        await _write_parts(scope, call_id, draft)
    return bool(updated)


def _values(draft: CallDraft) -> tuple[object, ...]:
    return (
        draft.slug,
        draft.title,
        draft.text,
        draft.regions,
        draft.host_kinds,
        msgspec.to_builtins(draft.required_files),
        draft.minimum_points,
        draft.difference_limit,
        draft.opens_at,
        draft.closes_at,
    )


async def _write_parts(scope: TenantScope, call_id: UUID, draft: CallDraft) -> None:
    await scope.executemany(
        """
        INSERT INTO call_criteria
          (id, tenant_id, call_id, position, name, description, max_points, weight)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [
            (
                uuid7(),
                scope.tenant_id,
                call_id,
                position,
                one.name,
                one.description,
                one.max_points,
                one.weight,
            )
            for position, one in enumerate(draft.criteria, 1)
        ],
    )
    await scope.executemany(
        "INSERT INTO call_quotas (id, tenant_id, call_id, region_code, places)"
        " VALUES ($1, $2, $3, $4, $5)",
        [
            (uuid7(), scope.tenant_id, call_id, region, places)
            for region, places in sorted(draft.quotas.items())
        ],
    )


async def delete_draft(scope: TenantScope, call_id: UUID) -> bool:
    return bool(await scope.execute("DELETE FROM calls WHERE id = $1 AND state = 'draft'", call_id))


async def is_over(scope: TenantScope, call_id: UUID) -> bool:
    """Whether nothing comes in any more, by the database's clock."""
    over: bool = await scope.fetchval(
        "SELECT closes_at <= received_at() FROM calls WHERE id = $1", call_id
    )
    return over


async def publish(scope: TenantScope, call_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE calls SET state = 'published', published_at = $2, updated_at = $2,
          version = version + 1
        WHERE id = $1 AND state = 'draft'
        """,
        call_id,
        scope.now,
    )


async def extend(
    scope: TenantScope, call: Call, closes_at: datetime, reason: str, by: UUID
) -> UUID:
    extension_id = uuid7()
    await scope.execute(
        """
        INSERT INTO call_extensions
          (id, tenant_id, call_id, closed_before, closes_at, reason, extended_at, extended_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        extension_id,
        scope.tenant_id,
        call.id,
        call.closes_at,
        closes_at,
        reason,
        scope.now,
        by,
    )
    await scope.execute(
        "UPDATE calls SET closes_at = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        call.id,
        closes_at,
        scope.now,
    )
    return extension_id


async def move(
    scope: TenantScope, call_id: UUID, state: CallState, *, come_from: Sequence[CallState]
) -> bool:
    """To the next state, and the instant at which it was first reached. False where it stood elsewhere."""
    moved = await scope.execute(
        """
        UPDATE calls SET state = $2, updated_at = $4, version = version + 1,
          evaluating_at = CASE WHEN $2 = 'evaluating' THEN coalesce(evaluating_at, $4)
            ELSE evaluating_at END,
          decided_at = CASE WHEN $2 = 'decided' THEN $4 ELSE decided_at END
        WHERE id = $1 AND state = ANY($3)
        """,
        call_id,
        state,
        list(come_from),
        scope.now,
    )
    return bool(moved)


def _call(row: asyncpg.Record) -> Call:
    values = dict(row)
    parts = {
        "regions": tuple(values["regions"]),
        "host_kinds": tuple(values["host_kinds"]),
        "required_files": msgspec.convert(values["required_files"], tuple[RequiredFile, ...]),
        "extensions": msgspec.convert(values["extensions"], tuple[Extension, ...]),
        "criteria": msgspec.convert(values.get("criteria", ()), tuple[Criterion, ...]),
        "quotas": values.get("quotas", {}),
    }
    return Call(**(values | parts))
