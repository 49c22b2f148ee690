"""Statements on coming and going: memberships held while somebody decides about them, begun, and ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.people.schemas import Invitation


@dataclass(frozen=True, slots=True)
class HeldMember:
    id: UUID
    name: str
    role: str
    state: str
    support: bool
    limited_to_desks: bool
    expires_at: datetime | None
    is_active: bool
    """Its state, and its time is not over."""

    @property
    def is_admin(self) -> bool:
        return self.is_active and self.role == "admin" and not self.support

    @property
    def is_lasting_admin(self) -> bool:
        """One who can do everything, and stays."""
        return self.is_admin and self.expires_at is None and not self.limited_to_desks


async def hold(
    scope: TenantScope, ids: Sequence[UUID], *, lock: bool = True
) -> dict[UUID, HeldMember]:
    """The organisation's administrators and these, in one order for everybody, until the transaction ends.

    Without `lock` they are only looked at.
    """
    rows = await scope.fetch(
        f"""
        SELECT id, name, role, state, support, limited_to_desks, expires_at,
          state = 'active' AND (expires_at IS NULL OR expires_at > $3) AS is_active
        FROM memberships
        WHERE tenant_id = $1 AND (id = ANY($2) OR role = 'admin' AND state = 'active')
        ORDER BY id {"FOR UPDATE" if lock else ""}
        """,
        scope.tenant_id,
        list(ids),
        scope.now,
    )
    return {row["id"]: HeldMember(**dict(row)) for row in rows}


async def hold_administrator(
    scope: TenantScope | NetworkScope, tenant_id: UUID, membership_id: UUID
) -> bool:
    """Nobody ends or changes this membership meanwhile; several steps of one person do not wait for each other."""
    row = await scope.fetchrow(
        """
        SELECT role = 'admin' AND state = 'active' AND NOT support AND NOT limited_to_desks
          AND (expires_at IS NULL OR expires_at > $3)
        FROM memberships WHERE tenant_id = $1 AND id = $2 FOR SHARE
        """,
        tenant_id,
        membership_id,
        scope.now,
    )
    return bool(row and row[0])


async def end(scope: TenantScope, membership_id: UUID) -> None:
    """Which desks the person worked at stays to be read."""
    await scope.execute(
        "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1 AND state = 'active'",
        membership_id,
        scope.now,
    )


async def revoke_sent_by(scope: TenantScope, membership_id: UUID) -> None:
    """What somebody sent who may no longer invite: else they could let themselves in again."""
    await scope.execute(
        """
        UPDATE invitations SET state = 'revoked'
        WHERE tenant_id = $1 AND invited_by = $2 AND state = 'open'
        """,
        scope.tenant_id,
        membership_id,
    )


@dataclass(frozen=True, slots=True)
class Taker:
    id: UUID
    name: str
    role: str


async def takers(scope: TenantScope, giver: UUID, desks: Sequence[UUID]) -> Sequence[Taker]:
    """Who may take over what lies at these desks, by name."""
    rows = await scope.fetch(
        """
        SELECT m.id, m.name, m.role FROM memberships m
        WHERE m.tenant_id = $1 AND m.id <> $2 AND m.state = 'active' AND NOT m.support
          AND m.role IN ('operator', 'admin') AND (m.expires_at IS NULL OR m.expires_at > $3)
          AND (NOT m.limited_to_desks OR NOT EXISTS (
            SELECT FROM unnest($4::uuid[]) AS wanted (desk_id)
            WHERE NOT EXISTS (SELECT FROM membership_desks d
              WHERE d.tenant_id = $1 AND d.membership_id = m.id AND d.desk_id = wanted.desk_id)))
        ORDER BY m.name, m.id
        """,
        scope.tenant_id,
        giver,
        scope.now,
        list(desks),
    )
    return [Taker(*row) for row in rows]


async def can_be_joined(scope: NetworkScope, tenant_id: UUID) -> bool:
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM tenants WHERE id = $1 AND state IN ('active', 'suspended'))",
        tenant_id,
    )
    return found


async def works_at_the_ente(scope: NetworkScope, account_id: UUID) -> bool:
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM memberships m
          JOIN tenants t ON t.id = m.tenant_id AND t.state = 'active' AND 'coordinator' = ANY(t.kinds)
          WHERE m.account_id = $1 AND m.state = 'active' AND NOT m.support
            AND (m.expires_at IS NULL OR m.expires_at > $2))
        """,
        account_id,
        scope.now,
    )
    return found


async def account_state(scope: NetworkScope, email: str) -> str | None:
    """None where nobody has an account under this address."""
    found: str | None = await scope.fetchval("SELECT state FROM accounts WHERE email = $1", email)
    return found


async def add_account(
    scope: NetworkScope, email: str, name: str, password_hash: str, locale: str
) -> UUID | None:
    """None where there is one under this address by now."""
    found: UUID | None = await scope.fetchval(
        """
        INSERT INTO accounts (id, email, password_hash, name, locale, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING RETURNING id
        """,
        uuid7(),
        email,
        password_hash,
        name,
        locale,
        scope.now,
    )
    return found


async def begin(
    scope: NetworkScope,
    invitation: Invitation,
    account_id: UUID,
    name: str,
    expires_at: datetime | None,
) -> UUID | None:
    """The membership, which for somebody who comes back is the old one. None for an active member."""
    membership_id: UUID | None = await scope.fetchval(
        """
        INSERT INTO memberships AS m (id, tenant_id, account_id, role, name, limited_to_desks, created_at,
          expires_at, support)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, account_id) DO UPDATE
        SET role = excluded.role, name = excluded.name, limited_to_desks = excluded.limited_to_desks,
          expires_at = excluded.expires_at, support = excluded.support, state = 'active', ended_at = NULL,
          expiry_told_at = NULL
        WHERE m.state = 'ended' OR m.expires_at <= $7
        RETURNING id
        """,
        uuid7(),
        invitation.tenant_id,
        account_id,
        invitation.role,
        name,
        invitation.limited_to_desks,
        scope.now,
        expires_at,
        invitation.support,
    )
    if membership_id is None:
        return None
    await scope.execute(
        "DELETE FROM membership_desks WHERE tenant_id = $1 AND membership_id = $2",
        invitation.tenant_id,
        membership_id,
    )
    desks = await scope.fetch(
        "SELECT id FROM desks WHERE tenant_id = $1 AND id = ANY($2)",
        invitation.tenant_id,
        list(invitation.desk_ids),
    )
    await scope.executemany(
        "INSERT INTO membership_desks (id, tenant_id, membership_id, desk_id) VALUES ($1, $2, $3, $4)",
        [(uuid7(), invitation.tenant_id, membership_id, row[0]) for row in desks],
    )
    return membership_id


async def mark_accepted(scope: NetworkScope, invitation_id: UUID, membership_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE invitations SET state = 'accepted', accepted_at = $2, membership_id = $3, code_hash = NULL
        WHERE id = $1
        """,
        invitation_id,
        scope.now,
        membership_id,
    )


async def joined_by(scope: NetworkScope, membership_id: UUID) -> UUID | None:
    """The account of an active membership."""
    found: UUID | None = await scope.fetchval(
        "SELECT account_id FROM memberships WHERE id = $1 AND state = 'active'", membership_id
    )
    return found


@dataclass(frozen=True, slots=True)
class Over:
    id: UUID
    tenant_id: UUID
    support: bool


async def end_what_is_over(scope: NetworkScope, limit: int) -> Sequence[Over]:
    """An administrator beside whom there is no other that stays is kept, from now on without an end."""
    await scope.execute(
        """
        UPDATE memberships m SET expires_at = NULL
        WHERE m.state = 'active' AND m.expires_at <= $1 AND m.role = 'admin' AND NOT m.support
          AND NOT EXISTS (SELECT FROM memberships o
            WHERE o.tenant_id = m.tenant_id AND o.id <> m.id AND o.role = 'admin' AND o.state = 'active'
              AND NOT o.support AND NOT o.limited_to_desks AND o.expires_at IS NULL)
        """,
        scope.now,
    )
    rows = await scope.fetch(
        """
        WITH ended AS MATERIALIZED (
          SELECT id FROM memberships WHERE state = 'active' AND expires_at <= $1
          ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE memberships m SET state = 'ended', ended_at = m.expires_at FROM ended WHERE m.id = ended.id
        RETURNING m.id, m.tenant_id, m.support
        """,
        scope.now,
        limit,
    )
    return [Over(*row) for row in rows]


async def about_to_end(
    scope: NetworkScope, spans: Sequence[timedelta], limit: int
) -> Sequence[tuple[UUID, UUID]]:
    """Membership and organisation, each once for each span before its end; support, which is short, is left out."""
    rows = await scope.fetch(
        """
        UPDATE memberships SET expiry_told_at = $1
        WHERE id IN (
          SELECT m.id FROM memberships m, unnest($2::interval[]) AS span (length)
          WHERE m.state = 'active' AND NOT m.support AND m.expires_at > $1
            AND m.expires_at - span.length <= $1
            AND (m.expiry_told_at IS NULL OR m.expiry_told_at < m.expires_at - span.length)
          LIMIT $3)
        RETURNING id, tenant_id
        """,
        scope.now,
        list(spans),
        limit,
    )
    return [(row[0], row[1]) for row in rows]
