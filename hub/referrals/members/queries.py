"""Statements of the people who work on cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.db import RoutingScope, TenantScope
from hub.referrals.desks import Desks


@dataclass(frozen=True, slots=True)
class Membership:
    """As it is now, whatever the session said when the request began."""

    role: str
    active: bool
    support: bool
    desks: Desks
    tenant_state: str
    coming_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Colleague:
    id: UUID
    name: str


async def hold_membership(scope: TenantScope, membership_id: UUID) -> Membership | None:
    """Nobody ends or changes it until the transaction is over; waits for whoever is doing so."""
    return await _membership(scope, membership_id, "FOR SHARE OF m")


async def hold_memberships(scope: TenantScope, ids: Sequence[UUID]) -> None:
    """Several, in the order in which whoever ends memberships locks them, too."""
    await scope.fetch(
        "SELECT FROM memberships WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR SHARE",
        scope.tenant_id,
        list(ids),
    )


async def see_membership(scope: RoutingScope, membership_id: UUID) -> Membership | None:
    """Without a lock, which the router has no right to take."""
    return await _membership(scope, membership_id, "")


async def _membership(
    scope: TenantScope | RoutingScope, membership_id: UUID, lock: str
) -> Membership | None:
    row = await scope.fetchrow(
        f"""
        SELECT m.role, m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $3), m.support,
               m.limited_to_desks, t.state, t.coming_kinds
        FROM memberships m JOIN tenants t ON t.id = m.tenant_id
        WHERE m.tenant_id = $1 AND m.id = $2 {lock}
        """,
        scope.tenant_id,
        membership_id,
        scope.now,
    )
    if row is None:
        return None
    # Apart, since a statement that has waited for a row sees the others as they were before.
    desks = await _desks_of(scope, membership_id) if row["limited_to_desks"] else None
    return Membership(row[0], row[1], row[2], desks, row[4], tuple(row[5]))


async def _desks_of(scope: TenantScope | RoutingScope, membership_id: UUID) -> frozenset[UUID]:
    rows = await scope.fetch(
        "SELECT desk_id FROM membership_desks WHERE tenant_id = $1 AND membership_id = $2",
        scope.tenant_id,
        membership_id,
    )
    return frozenset(row["desk_id"] for row in rows)


async def colleagues_at(scope: TenantScope, desk_id: UUID) -> list[Colleague]:
    """Whoever may work on the cases of a desk."""
    rows = await scope.fetch(
        """
        SELECT m.id, m.name FROM memberships m
        WHERE m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $2) AND NOT m.support
          AND m.role IN ('admin', 'operator')
          AND (NOT m.limited_to_desks OR EXISTS (SELECT FROM membership_desks d
            WHERE d.tenant_id = m.tenant_id AND d.membership_id = m.id AND d.desk_id = $1))
        ORDER BY m.name, m.id
        """,
        desk_id,
        scope.now,
    )
    return [Colleague(*row) for row in rows]
