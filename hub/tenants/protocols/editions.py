"""Statements on the templates, each kind in numbered versions."""

from uuid import UUID

from hub.db import TenantScope
from hub.tenants.protocols.schemas import ProtocolTemplate

_TEMPLATE = "SELECT id, kind, number, title, text, years, created_at FROM protocol_templates"


async def last_template(scope: TenantScope, kind: str) -> ProtocolTemplate | None:
    row = await scope.fetchrow(
        _TEMPLATE + " WHERE tenant_id = $1 AND kind = $2 ORDER BY number DESC LIMIT 1",
        scope.tenant_id,
        kind,
    )
    return ProtocolTemplate(**row) if row else None


async def find_template(scope: TenantScope, template_id: UUID) -> ProtocolTemplate | None:
    row = await scope.fetchrow(_TEMPLATE + " WHERE id = $1", template_id)
    return ProtocolTemplate(**row) if row else None


async def list_templates(scope: TenantScope) -> list[ProtocolTemplate]:
    """The newest of each kind first."""
    rows = await scope.fetch(
        _TEMPLATE + " WHERE tenant_id = $1 ORDER BY kind, number DESC", scope.tenant_id
    )
    return [ProtocolTemplate(**row) for row in rows]


async def add_template(
    scope: TenantScope,
    template_id: UUID,
    kind: str,
    number: int,
    title: str,
    text: str,
    years: int,
    created_by: UUID | None,
) -> None:
    await scope.execute(
        """
        INSERT INTO protocol_templates
          (id, tenant_id, kind, number, title, text, years, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        template_id,
        scope.tenant_id,
        kind,
        number,
        title,
        text,
        years,
        scope.now,
        created_by,
    )
