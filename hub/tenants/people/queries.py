"""Statements on the people of an organisation and on its invitations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.people.schemas import Invitation, Invite

_INVITATION = """id, tenant_id, email, name, role, support, limited_to_desks, desk_ids, membership_hours,
    membership_until, locale, state, link_version, created_at, invited_by, sent_at, expires_at, accepted_at,
    membership_id, code_hash, code_sent_at, code_attempts, codes_sent, asked_again_at"""


def _invitation(row: Any) -> Invitation:
    values = dict(row)
    return Invitation(**{**values, "desk_ids": tuple(values["desk_ids"])})


async def add_invitation(
    scope: TenantScope | NetworkScope,
    tenant_id: UUID,
    invited_by: UUID | None,
    asked: Invite,
    expires_at: datetime,
) -> UUID | None:
    """None where there is an open one for this address already."""
    found: UUID | None = await scope.fetchval(
        """
        INSERT INTO invitations (id, tenant_id, email, name, role, support, limited_to_desks, desk_ids,
          membership_hours, membership_until, locale, created_at, invited_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (tenant_id, email) WHERE state = 'open' DO NOTHING
        RETURNING id
        """,
        uuid7(),
        tenant_id,
        asked.email,
        asked.name,
        asked.role,
        asked.support,
        asked.limited_to_desks,
        list(asked.desk_ids),
        asked.membership_hours,
        asked.membership_until,
        asked.locale,
        scope.now,
        invited_by,
        expires_at,
    )
    return found


async def revoke_expired(scope: TenantScope | NetworkScope, tenant_id: UUID, email: str) -> None:
    """Its place is wanted for a new one."""
    await scope.execute(
        """
        UPDATE invitations SET state = 'revoked'
        WHERE tenant_id = $1 AND email = $2 AND state = 'open' AND expires_at <= $3
        """,
        tenant_id,
        email,
        scope.now,
    )


async def is_member(scope: TenantScope | NetworkScope, tenant_id: UUID, email: str) -> bool:
    """The tenant itself knows only who came by an invitation of its own; accounts are the network's."""
    if isinstance(scope, TenantScope):
        came = "i.membership_id = m.id AND i.tenant_id = m.tenant_id AND i.email = $2"
        source = f"JOIN invitations i ON {came}"
    else:
        source = "JOIN accounts a ON a.id = m.account_id AND a.email = $2"
    found: bool = await scope.fetchval(
        f"""
        SELECT EXISTS (SELECT FROM memberships m {source}
          WHERE m.tenant_id = $1 AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $3))
        """,
        tenant_id,
        email,
        scope.now,
    )
    return found


async def open_desks(scope: TenantScope | NetworkScope, tenant_id: UUID) -> list[tuple[UUID, str]]:
    """Those that people can be limited to, by name."""
    rows = await scope.fetch(
        "SELECT id, name FROM desks WHERE tenant_id = $1 AND state <> 'closed' ORDER BY name, id",
        tenant_id,
    )
    return [(row[0], row[1]) for row in rows]


async def invitation(
    scope: TenantScope | NetworkScope, invitation_id: UUID, *, lock: bool = False
) -> Invitation | None:
    row = await scope.fetchrow(
        f"SELECT {_INVITATION} FROM invitations WHERE id = $1 {'FOR UPDATE' if lock else ''}",
        invitation_id,
    )
    return _invitation(row) if row else None


async def open_invitations(scope: TenantScope, limit: int = 500) -> Sequence[Invitation]:
    """The expired ones too, the newest first."""
    rows = await scope.fetch(
        f"""
        SELECT {_INVITATION} FROM invitations WHERE tenant_id = $1 AND state = 'open'
        ORDER BY created_at DESC, id DESC LIMIT $2
        """,
        scope.tenant_id,
        limit,
    )
    return [_invitation(row) for row in rows]


async def mark_sent(scope: TenantScope | NetworkScope, invitation_id: UUID) -> None:
    await scope.execute(
        "UPDATE invitations SET sent_at = $2 WHERE id = $1", invitation_id, scope.now
    )


async def organisation_name(scope: TenantScope | NetworkScope, tenant_id: UUID) -> str:
    found: str = await scope.fetchval("SELECT name FROM tenants WHERE id = $1", tenant_id)
    return found
