"""Statements on the Ente's register: the next number, and the list."""

from datetime import date
from uuid import UUID

from hub.db import TenantScope
from hub.ids import uuid7
from hub.tenants.protocols.schemas import (
    UNFINISHED,
    Content,
    Listed,
    ProtocolParty,
    ProtocolTemplate,
)


async def lock_register(scope: TenantScope) -> None:
    """One at a time takes the next number of protocols and templates: there are no gaps, and no two of one kind."""
    await scope.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{scope.tenant_id}/protocols"
    )


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


# Which rows come behind the one with the number $7 and $8, and in which order.
_BY_NUMBER = "(p.year, p.serial) < ($7, $8::int)", "p.year DESC, p.serial DESC"
_BY_END = (
    """
    (p.expires_on, p.year, p.serial) > (SELECT last.expires_on, last.year, last.serial
      FROM protocols last WHERE last.tenant_id = $1 AND last.year = $7 AND last.serial = $8::int)
    """,
    "p.expires_on, p.year, p.serial",
)


async def list_protocols(
    scope: TenantScope,
    *,
    which: str = "",
    kind: str = "",
    name: str = "",
    today: date,
    until: date,
    before: tuple[int, int] | None = None,
    limit: int,
) -> list[Listed]:
    """By number, the last first, from below `before` on; those near their end, or past it, by that end.

    `which` is one of WHICH; `name` is folded. `until` is the last day that counts as near.
    """
    behind, order = _BY_END if which in ("ending", "expired") else _BY_NUMBER
    rows = await scope.fetch(
        f"""
        SELECT p.id, o.name AS organisation, t.kind, p.year, p.serial, p.state, p.sent_at, p.uploaded_at,
          p.signed_on, p.expires_on, EXISTS (SELECT FROM protocols n WHERE n.tenant_id = p.tenant_id
            AND n.renews_id = p.id AND n.state = ANY($10)) AS renewing
        FROM protocols p
        JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
        JOIN tenants o ON o.id = p.organisation_id
        WHERE p.tenant_id = $1 AND ($2 = '' OR CASE $2
            WHEN 'to_sign' THEN p.state IN ('preparing', 'sent')
            WHEN 'signed' THEN p.state = 'signed' AND p.expires_on >= $5
            WHEN 'ending' THEN p.state = 'signed' AND p.expires_on BETWEEN $5 AND $6
            WHEN 'expired' THEN p.state = 'signed' AND p.expires_on < $5
            ELSE p.state = $2 END)
          AND ($3 = '' OR t.kind = $3) AND ($4 = '' OR strpos(o.name_search, $4) > 0)
          AND ($7::int IS NULL OR {behind})
        ORDER BY {order} LIMIT $9
        """,
        scope.tenant_id,
        which,
        kind,
        name,
        today,
        until,
        *(before or (None, None)),
        limit,
        UNFINISHED,
    )
    return [Listed(**row) for row in rows]


async def count_protocols(scope: TenantScope, *, today: date, until: date) -> dict[str, int]:
    row = await scope.fetchrow(
        """
        SELECT count(*) AS all, count(*) FILTER (WHERE state IN ('preparing', 'sent')) AS to_sign,
          count(*) FILTER (WHERE state = 'to_check') AS to_check,
          count(*) FILTER (WHERE state = 'signed' AND expires_on >= $2) AS signed,
          count(*) FILTER (WHERE state = 'signed' AND expires_on BETWEEN $2 AND $3) AS ending,
          count(*) FILTER (WHERE state = 'signed' AND expires_on < $2) AS expired
        FROM protocols WHERE tenant_id = $1
        """,
        scope.tenant_id,
        today,
        until,
    )
    return dict(row) if row else {}
