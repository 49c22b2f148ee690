"""Statements on whom a protocol concerns: the organisation that signs, and the people who see to it."""

from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.tenants.protocols.schemas import ProtocolParty


async def party(
    scope: TenantScope, organisation_id: UUID, contact_name: str, contact_email: str, locale: str
) -> ProtocolParty | None:
    """The organisation as the directory knows it today."""
    row = await scope.fetchrow(
        """
        SELECT o.name, o.fiscal_code, concat_ws(', ', nullif(o.address, ''),
            nullif(concat_ws(' ', o.postal_code, m.name, '(' || nullif(v.name, m.name) || ')'), '')) AS address,
          array(SELECT d.name FROM desks d WHERE d.tenant_id = o.id AND d.state IN ('active', 'setting_up')
            ORDER BY d.name) AS desks
        FROM tenants o
        LEFT JOIN municipalities m ON m.istat_code = o.municipality_code
        LEFT JOIN provinces v ON v.code = m.province_code
        WHERE o.id = $1
        """,
        organisation_id,
    )
    if row is None:
        return None
    return ProtocolParty(
        organisation_id,
        row["name"],
        row["fiscal_code"] or "",
        row["address"],
        contact_name,
        contact_email,
        tuple(row["desks"]),
        locale,
    )


async def name_of(scope: TenantScope | NetworkScope, organisation_id: UUID) -> str:
    name: str | None = await scope.fetchval(
        "SELECT name FROM tenants WHERE id = $1", organisation_id
    )
    return name or ""


async def name_of_member(scope: NetworkScope, membership_id: UUID) -> str | None:
    """Also of one who has left."""
    name: str | None = await scope.fetchval(
        """
        SELECT a.name FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.id = $1
        """,
        membership_id,
    )
    return name


async def coordinators(scope: NetworkScope) -> list[UUID]:
    rows = await scope.fetch(
        "SELECT id FROM tenants WHERE 'coordinator' = ANY(kinds) AND state = 'active' ORDER BY id"
    )
    return [row["id"] for row in rows]


async def admins(scope: TenantScope) -> list[UUID]:
    rows = await scope.fetch(
        "SELECT id FROM memberships WHERE role = 'admin' AND state = 'active' ORDER BY id"
    )
    return [row["id"] for row in rows]
