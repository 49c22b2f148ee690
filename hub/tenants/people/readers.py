"""Statements on whom a letter about an organisation's people goes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.db import NetworkScope


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter goes to."""

    email: str
    name: str
    locale: str


async def administrators(
    scope: NetworkScope, tenant_id: UUID, *, apart_from: UUID | None = None
) -> Sequence[UUID]:
    """Their memberships; support does not count."""
    rows = await scope.fetch(
        """
        SELECT id FROM memberships
        WHERE tenant_id = $1 AND role = 'admin' AND state = 'active' AND NOT support
          AND (expires_at IS NULL OR expires_at > $2) AND id IS DISTINCT FROM $3
        ORDER BY id
        """,
        tenant_id,
        scope.now,
        apart_from,
    )
    return [row[0] for row in rows]


async def reader(scope: NetworkScope, membership_id: UUID) -> Reader | None:
    """None for somebody who has left."""
    row = await scope.fetchrow(
        """
        SELECT a.email, m.name, a.locale
        FROM memberships m JOIN accounts a ON a.id = m.account_id AND a.state = 'active'
        WHERE m.id = $1 AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $2)
        """,
        membership_id,
        scope.now,
    )
    return Reader(*row) if row else None


async def former_reader(scope: NetworkScope, membership_id: UUID) -> Reader | None:
    """None for somebody who has come back since, or whose account is closed."""
    row = await scope.fetchrow(
        """
        SELECT a.email, m.name, a.locale
        FROM memberships m JOIN accounts a ON a.id = m.account_id AND a.state = 'active'
        WHERE m.id = $1 AND m.state = 'ended'
        """,
        membership_id,
    )
    return Reader(*row) if row else None


async def belongs_to(scope: NetworkScope, membership_id: UUID, tenant_id: UUID) -> bool:
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM memberships WHERE id = $1 AND tenant_id = $2)",
        membership_id,
        tenant_id,
    )
    return found


async def leader_of(scope: NetworkScope, tenant_id: UUID) -> UUID | None:
    """The Ente that leads, or led, its set-up."""
    found: UUID | None = await scope.fetchval(
        "SELECT coordinator_id FROM setups WHERE tenant_id = $1 ORDER BY started_at DESC LIMIT 1",
        tenant_id,
    )
    return found


async def member_name(scope: NetworkScope, membership_id: UUID) -> str:
    found: str | None = await scope.fetchval(
        "SELECT name FROM memberships WHERE id = $1", membership_id
    )
    return found or ""
