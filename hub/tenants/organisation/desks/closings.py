"""Statements on closings that the Ente has announced, and on what keeps a desk from being closed on that day."""

from datetime import date, datetime
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7


async def announce_closing(
    scope: NetworkScope,
    organisation_id: UUID,
    desk_id: UUID,
    day: date,
    note: str,
    taker_id: UUID | None,
) -> None:
    await scope.execute(
        """
        INSERT INTO announced_closings
          (id, tenant_id, desk_id, announced_at, closes_on, note, taker_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        uuid7(),
        organisation_id,
        desk_id,
        scope.now,
        day,
        note,
        taker_id,
    )


async def forget_closing(
    scope: NetworkScope | TenantScope, organisation_id: UUID, desk_id: UUID
) -> None:
    await scope.execute(
        "DELETE FROM announced_closings WHERE tenant_id = $1 AND desk_id = $2",
        organisation_id,
        desk_id,
    )


async def due_to_close(scope: NetworkScope, today: date) -> list[tuple[UUID, UUID]]:
    """(host, desk), of the hosts that work."""
    rows = await scope.fetch(
        """
        SELECT c.tenant_id, c.desk_id FROM announced_closings c
        JOIN tenants t ON t.id = c.tenant_id AND t.state = 'active'
          AND 'host' <> ALL(t.coming_kinds)
        WHERE c.closes_on <= $1 ORDER BY c.closes_on, c.desk_id
        """,
        today,
    )
    return [(row[0], row[1]) for row in rows]


async def works_as_host(scope: TenantScope) -> bool:
    """Its people may record what happens at its desks."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM tenants
          WHERE id = $1 AND state = 'active' AND 'host' <> ALL(coming_kinds))
        """,
        scope.tenant_id,
    )
    return found


async def suspended_since(scope: TenantScope, since: datetime) -> bool:
    """At any time since then, or still."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM suspensions
          WHERE tenant_id = $1 AND (lifted_at IS NULL OR lifted_at >= $2))
        """,
        scope.tenant_id,
        since,
    )
    return found
