"""Statements that find protocols. The rows are the Ente's; an organisation reads its own by the network role."""

from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.tenants.protocols.schemas import Content, Protocol, ProtocolView


async def protocols_of(scope: NetworkScope, organisation_id: UUID) -> list[ProtocolView]:
    """The newest first."""
    rows = await scope.fetch(
        """
        SELECT p.id, p.tenant_id, t.kind, p.year, p.serial, t.title, p.state, p.sent_at, p.uploaded_at,
          p.signed_on, p.expires_on, p.refused_reason, p.document_id, p.signed_file_id, p.version
        FROM protocols p
        JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
        WHERE p.organisation_id = $1 ORDER BY p.created_at DESC, p.id DESC
        """,
        organisation_id,
    )
    return [ProtocolView(**row) for row in rows]


async def find(scope: TenantScope, protocol_id: UUID, *, lock: bool = False) -> Protocol | None:
    """Of the Ente's own. `lock`: whoever decides about it waits here for who decides at the same moment."""
    row = await scope.fetchrow(
        """
        SELECT p.id, p.organisation_id, p.template_id, t.kind, p.year, p.serial, p.state, p.contact_name,
          p.contact_email, p.link_version, p.content, p.document_id, p.document_sha256, p.sent_at,
          p.signed_file_id, p.uploaded_at, p.checked, p.checked_by, p.signed_on, p.expires_on,
          p.refused_reason, p.renews_id, p.created_at, p.version
        FROM protocols p
        JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
        WHERE p.id = $1
        """
        + (" FOR NO KEY UPDATE OF p" if lock else ""),
        protocol_id,
    )
    if row is None:
        return None
    return Protocol(**{**row, "content": msgspec.convert(row["content"], Content)})


async def ente_email(scope: TenantScope) -> str | None:
    """Of the Ente whose scope it is."""
    email: str | None = await scope.fetchval(
        "SELECT email FROM tenants WHERE id = $1", scope.tenant_id
    )
    return email


async def renewal_of(scope: TenantScope, protocol_id: UUID) -> UUID | None:
    """The last that was drawn up in its place and is not cancelled."""
    found: UUID | None = await scope.fetchval(
        """
        SELECT id FROM protocols WHERE tenant_id = $1 AND renews_id = $2 AND state <> 'cancelled'
        ORDER BY created_at DESC LIMIT 1
        """,
        scope.tenant_id,
        protocol_id,
    )
    return found
