"""Statements on the people of an organisation and on its invitations; joining and leaving are in `passages.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.people.schemas import Invitation, Invite, Member, Training

_INVITATION = """id, tenant_id, email, name, role, support, limited_to_desks, desk_ids, membership_hours,
    membership_until, locale, state, link_version, created_at, invited_by, sent_at, expires_at, accepted_at,
    membership_id, code_hash, code_sent_at, code_attempts, codes_sent, asked_again_at"""


def _invitation(row: Any) -> Invitation:
    values = dict(row)
    return Invitation(**{**values, "desk_ids": tuple(values["desk_ids"])})


async def add_invitation(
    scope: TenantScope | NetworkScope,
    invitation_id: UUID,
    tenant_id: UUID,
    invited_by: UUID | None,
    asked: Invite,
    expires_at: datetime,
) -> bool:
    """False where there is an open one for this address, or this one, already."""
    found: UUID | None = await scope.fetchval(
        """
        INSERT INTO invitations (id, tenant_id, email, name, role, support, limited_to_desks, desk_ids,
          membership_hours, membership_until, locale, created_at, invited_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        invitation_id,
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
    return found is not None


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


async def hold_open_desks(scope: TenantScope, desk_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them that are not closed, nor will be until the transaction is over."""
    rows = await scope.fetch(
        """
        SELECT id FROM desks WHERE tenant_id = $1 AND id = ANY($2) AND state <> 'closed'
        ORDER BY id FOR KEY SHARE
        """,
        scope.tenant_id,
        list(desk_ids),
    )
    return {row["id"] for row in rows}


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


async def time_zone(scope: NetworkScope, tenant_id: UUID) -> str:
    """Of the hours that its letters say."""
    found: str = await scope.fetchval("SELECT time_zone FROM tenants WHERE id = $1", tenant_id)
    return found


_MEMBER = """SELECT m.id, m.account_id, m.name, m.role, m.state, m.support, m.limited_to_desks, m.created_at,
    m.ended_at, m.expires_at,
    array(SELECT d.desk_id FROM membership_desks d
      WHERE d.tenant_id = m.tenant_id AND d.membership_id = m.id) AS desk_ids,
    (SELECT max(t.completed_on) FROM trainings t
      WHERE t.tenant_id = m.tenant_id AND t.membership_id = m.id) AS last_training
    FROM memberships m"""


def _member(row: Any) -> Member:
    values = dict(row)
    limited, desk_ids = values.pop("limited_to_desks"), values.pop("desk_ids")
    return Member(**values, desk_ids=tuple(desk_ids) if limited else None)


async def members(scope: TenantScope) -> Sequence[Member]:
    """The former ones too, by name."""
    rows = await scope.fetch(
        f"{_MEMBER} WHERE m.tenant_id = $1 ORDER BY m.name, m.id", scope.tenant_id
    )
    return [_member(row) for row in rows]


async def member(scope: TenantScope, membership_id: UUID) -> Member | None:
    row = await scope.fetchrow(
        f"{_MEMBER} WHERE m.tenant_id = $1 AND m.id = $2", scope.tenant_id, membership_id
    )
    return _member(row) if row else None


async def emails(scope: NetworkScope, tenant_id: UUID) -> dict[UUID, str]:
    """Of each of the organisation's people, by membership."""
    rows = await scope.fetch(
        """
        SELECT m.id, a.email FROM memberships m JOIN accounts a ON a.id = m.account_id
        WHERE m.tenant_id = $1
        """,
        tenant_id,
    )
    return {row[0]: row[1] for row in rows}


async def renew_link(
    scope: TenantScope, invitation_id: UUID, expires_at: datetime, inviter: UUID
) -> None:
    """Older links are out of use, and so is a code that was sent for one."""
    await scope.execute(
        """
        UPDATE invitations SET link_version = link_version + 1, expires_at = $2, invited_by = $3,
          sent_at = NULL, code_hash = NULL, asked_again_at = NULL
        WHERE id = $1
        """,
        invitation_id,
        expires_at,
        inviter,
    )


async def revoke(scope: TenantScope, invitation_id: UUID) -> None:
    await scope.execute("UPDATE invitations SET state = 'revoked' WHERE id = $1", invitation_id)


async def desk_names(scope: TenantScope) -> dict[UUID, str]:
    rows = await scope.fetch("SELECT id, name FROM desks WHERE tenant_id = $1", scope.tenant_id)
    return {row[0]: row[1] for row in rows}


async def set_role(scope: TenantScope, membership_id: UUID, role: str) -> None:
    await scope.execute("UPDATE memberships SET role = $2 WHERE id = $1", membership_id, role)


async def set_end(scope: TenantScope, membership_id: UUID, expires_at: datetime | None) -> None:
    await scope.execute(
        "UPDATE memberships SET expires_at = $2 WHERE id = $1", membership_id, expires_at
    )


async def set_desks(
    scope: TenantScope, membership_id: UUID, desk_ids: Sequence[UUID] | None
) -> None:
    """None: the person works at all of them."""
    await scope.execute(
        "UPDATE memberships SET limited_to_desks = $2 WHERE id = $1",
        membership_id,
        desk_ids is not None,
    )
    await scope.execute(
        "DELETE FROM membership_desks WHERE tenant_id = $1 AND membership_id = $2",
        scope.tenant_id,
        membership_id,
    )
    await scope.executemany(
        "INSERT INTO membership_desks (id, tenant_id, membership_id, desk_id) VALUES ($1, $2, $3, $4)",
        [(uuid7(), scope.tenant_id, membership_id, desk_id) for desk_id in desk_ids or ()],
    )


async def trainings_of(scope: TenantScope, membership_id: UUID) -> Sequence[Training]:
    """The latest first."""
    rows = await scope.fetch(
        """
        SELECT t.id, t.membership_id, t.course, t.completed_on, t.certificate_id, f.name AS certificate_name
        FROM trainings t JOIN files f ON f.tenant_id = t.tenant_id AND f.id = t.certificate_id
        WHERE t.tenant_id = $1 AND t.membership_id = $2
        ORDER BY t.completed_on DESC, t.id DESC
        """,
        scope.tenant_id,
        membership_id,
    )
    return [Training(**dict(row)) for row in rows]


async def add_training(scope: TenantScope, training: Training, recorded_by: UUID) -> None:
    await scope.execute(
        """
        INSERT INTO trainings
          (id, tenant_id, membership_id, course, completed_on, certificate_id, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        training.id,
        scope.tenant_id,
        training.membership_id,
        training.course,
        training.completed_on,
        training.certificate_id,
        scope.now,
        recorded_by,
    )


async def remove_training(scope: TenantScope, training_id: UUID) -> None:
    await scope.execute("DELETE FROM trainings WHERE id = $1", training_id)


async def lock_organisations(scope: NetworkScope, organisation_ids: Sequence[UUID]) -> None:
    """In one order."""
    await scope.fetch(
        "SELECT FROM tenants WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        list(organisation_ids),
    )


async def administrations(
    scope: NetworkScope, organisation_ids: Sequence[UUID]
) -> list[tuple[UUID, bool, datetime | None]]:
    """(organisation, whether somebody decides there about its people, until when somebody is invited to).

    An invitation of this very transaction does not count; one that was committed while it waited does.
    """
    rows = await scope.fetch(
        """
        SELECT t.id,
          EXISTS (SELECT FROM memberships m WHERE m.tenant_id = t.id AND m.role = 'admin'
            AND m.state = 'active' AND NOT m.support AND NOT m.limited_to_desks
            AND (m.expires_at IS NULL OR m.expires_at > $2)),
          (SELECT max(i.expires_at) FROM invitations i WHERE i.tenant_id = t.id AND i.role = 'admin'
            AND i.state = 'open' AND NOT i.support AND i.expires_at > $2 AND i.created_at <> $2)
        FROM tenants t WHERE t.id = ANY($1)
        """,
        list(organisation_ids),
        scope.now,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def renew_of_ente(
    scope: NetworkScope, organisation_id: UUID, expires_at: datetime, renewed_before: datetime
) -> list[UUID]:
    """Open invitations as administrator that nobody of the organisation sent, with new links.

    Not one that was renewed so lately that it would end at `renewed_before` or later.
    """
    rows = await scope.fetch(
        """
        UPDATE invitations SET link_version = link_version + 1, expires_at = $2, sent_at = NULL,
          code_hash = NULL, asked_again_at = NULL
        WHERE tenant_id = $1 AND role = 'admin' AND state = 'open' AND NOT support
          AND invited_by IS NULL AND (link_version = 1 OR expires_at < $3)
        RETURNING id
        """,
        organisation_id,
        expires_at,
        renewed_before,
    )
    return [row["id"] for row in rows]


async def revoke_of_ente(scope: NetworkScope, organisation_id: UUID) -> list[UUID]:
    """Open invitations as administrator that nobody of the organisation sent."""
    rows = await scope.fetch(
        """
        UPDATE invitations SET state = 'revoked'
        WHERE tenant_id = $1 AND role = 'admin' AND state = 'open' AND NOT support
          AND invited_by IS NULL
        RETURNING id
        """,
        organisation_id,
    )
    return [row["id"] for row in rows]
