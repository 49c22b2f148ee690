"""Statements on entries that nobody has verified for long."""

from datetime import date, datetime
from uuid import UUID

from hub.db import NetworkScope, TenantScope


async def tenants_to_remind(
    scope: NetworkScope, verified_before: date, reminded_before: datetime
) -> list[UUID]:
    """Active hosts with an entry that nobody has verified for so long, nor been reminded of."""
    rows = await scope.fetch(
        """
        SELECT DISTINCT d.tenant_id FROM desks d
        JOIN tenants t ON t.id = d.tenant_id AND t.state = 'active' AND NOT t.sandbox
        WHERE d.state = 'active' AND coalesce(d.verified_on, d.opened_on) < $1
          AND (d.verification_reminded_at IS NULL OR d.verification_reminded_at < $2)
        ORDER BY d.tenant_id
        """,
        verified_before,
        reminded_before,
    )
    return [row["tenant_id"] for row in rows]


async def mark_reminded(
    scope: TenantScope, verified_before: date, reminded_before: datetime
) -> int:
    """How many entries are due; once each, also where two workers ask at once."""
    return await scope.execute(
        """
        UPDATE desks SET verification_reminded_at = $2 WHERE id IN (
          SELECT id FROM desks
          WHERE tenant_id = $1 AND state = 'active' AND coalesce(verified_on, opened_on) < $3
            AND (verification_reminded_at IS NULL OR verification_reminded_at < $4)
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
        """,
        scope.tenant_id,
        scope.now,
        verified_before,
        reminded_before,
    )


async def unverified(
    scope: TenantScope, verified_before: date, membership_id: UUID | None
) -> list[tuple[str, date | None]]:
    """(name, last verified) of active desks, those of a limited membership only where there is one."""
    rows = await scope.fetch(
        """
        SELECT d.name, d.verified_on FROM desks d
        WHERE d.tenant_id = $1 AND d.state = 'active' AND coalesce(d.verified_on, d.opened_on) < $2
          AND ($3::uuid IS NULL OR EXISTS (SELECT FROM memberships m
            WHERE m.tenant_id = d.tenant_id AND m.id = $3 AND (NOT m.limited_to_desks
              OR EXISTS (SELECT FROM membership_desks o WHERE o.tenant_id = m.tenant_id
                AND o.membership_id = m.id AND o.desk_id = d.id))))
        ORDER BY d.name, d.id
        """,
        scope.tenant_id,
        verified_before,
        membership_id,
    )
    return [(row["name"], row["verified_on"]) for row in rows]
