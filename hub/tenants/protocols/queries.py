"""Statements on templates and protocols. The rows are the Ente's; an organisation reads its own by the network role."""

from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.protocols.schemas import (
    UNFINISHED,
    Content,
    ProtocolParty,
    ProtocolTemplate,
    ProtocolView,
)

_TEMPLATE = "SELECT id, kind, number, title, text, years, created_at FROM protocol_templates"
_VIEW = """
    SELECT p.id, p.tenant_id, p.organisation_id, t.kind, p.year, p.serial, t.title,
      t.number AS template_number, p.state, p.created_at, p.sent_at, p.uploaded_at, p.checked, p.signed_on,
      p.expires_on, p.refused_reason, p.renews_id, p.document_id, p.signed_file_id, p.version
    FROM protocols p
    JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
"""


async def protocols_of(scope: NetworkScope, organisation_id: UUID) -> list[ProtocolView]:
    """The newest first."""
    rows = await scope.fetch(
        _VIEW + " WHERE p.organisation_id = $1 ORDER BY p.created_at DESC, p.id DESC",
        organisation_id,
    )
    return [ProtocolView(**row) for row in rows]


async def lock_register(scope: TenantScope) -> None:
    """One at a time takes the next number of protocols and templates: there are no gaps, and no two of one kind."""
    await scope.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{scope.tenant_id}/protocols"
    )


async def last_template(scope: TenantScope, kind: str) -> ProtocolTemplate | None:
    row = await scope.fetchrow(
        _TEMPLATE + " WHERE tenant_id = $1 AND kind = $2 ORDER BY number DESC LIMIT 1",
        scope.tenant_id,
        kind,
    )
    return ProtocolTemplate(**row) if row else None


async def add_template(
    scope: TenantScope,
    kind: str,
    number: int,
    title: str,
    text: str,
    years: int,
    created_by: UUID | None,
) -> UUID:
    template_id = uuid7()
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
    return template_id


async def unfinished(scope: TenantScope, organisation_id: UUID, kind: str) -> UUID | None:
    found: UUID | None = await scope.fetchval(
        """
        SELECT p.id FROM protocols p
        JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
        WHERE p.tenant_id = $1 AND p.organisation_id = $2 AND t.kind = $3 AND p.state = ANY($4)
        """,
        scope.tenant_id,
        organisation_id,
        kind,
        UNFINISHED,
    )
    return found


async def name_of(scope: TenantScope | NetworkScope, organisation_id: UUID) -> str:
    name: str | None = await scope.fetchval(
        "SELECT name FROM tenants WHERE id = $1", organisation_id
    )
    return name or ""


async def add_protocol(
    scope: TenantScope,
    party: ProtocolParty,
    template: ProtocolTemplate,
    content: Content,
    renews_id: UUID | None,
    created_by: UUID | None,
) -> UUID:
    """With the next number of its year; `lock_register` came before."""
    protocol_id = uuid7()
    await scope.execute(
        """
        INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state, contact_name,
          contact_email, content, renews_id, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5,
          (SELECT coalesce(max(serial), 0) + 1 FROM protocols WHERE tenant_id = $2 AND year = $5),
          'preparing', $6, $7, $8, $9, $10, $11)
        """,
        protocol_id,
        scope.tenant_id,
        party.organisation_id,
        template.id,
        content.issued_on.year,
        party.contact_name,
        party.contact_email,
        content,
        renews_id,
        scope.now,
        created_by,
    )
    return protocol_id
