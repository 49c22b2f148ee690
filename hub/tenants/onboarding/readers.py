"""Statements on who reads the letters about a set-up, and on the Ente that they come from."""

from uuid import UUID

from hub.db import NetworkScope
from hub.tenants.onboarding.schemas import Reader


async def readers_of(scope: NetworkScope, organisation_id: UUID) -> list[UUID]:
    """Whom to write to about a set-up: the organisation's admins, as memberships, and its contact, as the set-up."""
    rows = await scope.fetch(
        """
        WITH admins AS (
          SELECT m.id, a.email FROM memberships m JOIN accounts a ON a.id = m.account_id
          WHERE m.tenant_id = $1 AND m.role = 'admin' AND m.state = 'active' AND NOT m.support
            AND a.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $2)
        ), contact AS (
          SELECT id, contact_email FROM setups WHERE tenant_id = $1
          ORDER BY state = 'running' DESC, started_at DESC, id DESC LIMIT 1
        )
        SELECT id FROM admins
        UNION ALL
        SELECT id FROM contact WHERE contact_email NOT IN (SELECT email FROM admins)
        """,
        organisation_id,
        scope.now,
    )
    return [row[0] for row in rows]


async def leaders_of(scope: NetworkScope, organisation_id: UUID) -> list[UUID]:
    """The admins of the Ente that leads its set-up, as memberships."""
    rows = await scope.fetch(
        """
        SELECT m.id FROM memberships m
        WHERE m.tenant_id = (SELECT coordinator_id FROM setups WHERE tenant_id = $1
            ORDER BY state = 'running' DESC, started_at DESC, id DESC LIMIT 1)
          AND m.role = 'admin' AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $2)
        ORDER BY m.id
        """,
        organisation_id,
        scope.now,
    )
    return [row[0] for row in rows]


async def reader(scope: NetworkScope, reader_id: UUID) -> Reader | None:
    """Of a membership that still is one, or that a set-up's end has ended; or of a set-up's contact."""
    row = await scope.fetchrow(
        """
        SELECT a.email, m.name, a.locale, m.tenant_id, false FROM memberships m
        JOIN accounts a ON a.id = m.account_id
        WHERE m.id = $1 AND a.state = 'active' AND (m.state = 'active' OR EXISTS (
          SELECT FROM setups s WHERE s.tenant_id = m.tenant_id
            AND s.state = 'abandoned' AND s.ended_at = m.ended_at))
        UNION ALL
        SELECT contact_email, contact_name, locale, tenant_id, true FROM setups WHERE id = $1
        """,
        reader_id,
    )
    return Reader(*row) if row else None


async def ente_of(scope: NetworkScope, organisation_id: UUID) -> tuple[str, str]:
    """Name and e-mail address, which may be empty, of the Ente that leads its set-up."""
    row = await scope.fetchrow(
        """
        SELECT name, coalesce(email, '') FROM tenants
        WHERE id = (SELECT coordinator_id FROM setups WHERE tenant_id = $1
          ORDER BY state = 'running' DESC, started_at DESC, id DESC LIMIT 1)
        """,
        organisation_id,
    )
    return (row[0], row[1]) if row else ("", "")
