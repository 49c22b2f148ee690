"""Statements on templates and protocols. The rows are the Ente's; an organisation reads its own by the network role."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.protocols.schemas import (
    UNFINISHED,
    Content,
    Listed,
    Protocol,
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


async def name_of_member(scope: NetworkScope, membership_id: UUID) -> str | None:
    """Also of one who has left."""
    name: str | None = await scope.fetchval(
        """
        SELECT a.name FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.id = $1
        """,
        membership_id,
    )
    return name


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
    """By number, the last first, from below `before` on. `which` is one of WHICH; `name` is folded.

    `until` is the last day that counts as near.
    """
    rows = await scope.fetch(
        """
        SELECT p.id, o.name AS organisation, t.kind, p.year, p.serial, p.state, p.sent_at, p.uploaded_at,
          p.signed_on, p.expires_on
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
          AND ($7::int IS NULL OR (p.year, p.serial) < ($7, $8::int))
        ORDER BY p.year DESC, p.serial DESC LIMIT $9
        """,
        scope.tenant_id,
        which,
        kind,
        name,
        today,
        until,
        *(before or (None, None)),
        limit,
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


async def keep_document(
    scope: TenantScope, protocol_id: UUID, document_id: UUID, sha256: bytes
) -> bool:
    """The document is there, and with it the protocol is sent. False where that was done, or it is cancelled."""
    return bool(
        await scope.execute(
            """
            UPDATE protocols SET state = 'sent', document_id = $2, document_sha256 = $3, sent_at = $4,
              version = version + 1
            WHERE id = $1 AND state = 'preparing'
            """,
            protocol_id,
            document_id,
            sha256,
            scope.now,
        )
    )


async def keep_signed(
    scope: TenantScope, protocol_id: UUID, file_id: UUID, signed_on: date
) -> None:
    """To be compared by a person, unless it is signed in the same transaction."""
    await scope.execute(
        """
        UPDATE protocols SET state = 'to_check', signed_file_id = $2, signed_on = $3, uploaded_at = $4,
          refused_reason = NULL, version = version + 1
        WHERE id = $1
        """,
        protocol_id,
        file_id,
        signed_on,
        scope.now,
    )


async def sign(
    scope: TenantScope, protocol_id: UUID, checked: str, checked_by: UUID | None, expires_on: date
) -> None:
    await scope.execute(
        """
        UPDATE protocols SET state = 'signed', checked = $2, checked_by = $3, expires_on = $4,
          version = version + 1
        WHERE id = $1
        """,
        protocol_id,
        checked,
        checked_by,
        expires_on,
    )


async def replace_older(scope: TenantScope, protocol: Protocol) -> list[UUID]:
    """Those of the same organisation and kind that were in force, or would still be: one is at a time."""
    rows = await scope.fetch(
        """
        UPDATE protocols p SET state = 'replaced', version = p.version + 1
        FROM protocol_templates t
        WHERE t.tenant_id = p.tenant_id AND t.id = p.template_id AND t.kind = $3
          AND p.tenant_id = $1 AND p.organisation_id = $2 AND p.state = 'signed' AND p.id <> $4
        RETURNING p.id
        """,
        scope.tenant_id,
        protocol.organisation_id,
        protocol.kind,
        protocol.id,
    )
    return [row["id"] for row in rows]


async def send_back(scope: TenantScope, protocol_id: UUID, reason: str) -> None:
    """To be signed again, by a new link; what came is let go."""
    await scope.execute(
        """
        UPDATE protocols SET state = 'sent', refused_reason = $2, signed_file_id = NULL, signed_on = NULL,
          uploaded_at = NULL, link_version = link_version + 1, version = version + 1
        WHERE id = $1
        """,
        protocol_id,
        reason,
    )


async def renew_link(scope: TenantScope, protocol_id: UUID, name: str, email: str) -> None:
    await scope.execute(
        """
        UPDATE protocols SET contact_name = $2, contact_email = $3, link_version = link_version + 1,
          version = version + 1
        WHERE id = $1
        """,
        protocol_id,
        name,
        email,
    )


async def cancel(scope: TenantScope, protocol_id: UUID) -> None:
    await scope.execute(
        """
        UPDATE protocols SET state = 'cancelled', link_version = link_version + 1, version = version + 1
        WHERE id = $1
        """,
        protocol_id,
    )


async def remind(
    scope: TenantScope, before: Sequence[int], today: date, *, limit: int
) -> list[tuple[UUID, UUID, date]]:
    """(protocol, organisation, last day) of those of whose end it is time to remind, written down as reminded.

    `before` are days before the end; minus one is the day after it. Rows that somebody holds wait for the next minute.
    """
    rows = await scope.fetch(
        """
        WITH due AS MATERIALIZED (
          SELECT p.id FROM protocols p JOIN tenants o ON o.id = p.organisation_id AND o.state <> 'closed'
          WHERE p.tenant_id = $1 AND p.state = 'signed' AND p.expires_on <= $3::date + $6::int AND EXISTS (
            SELECT FROM unnest($4::int[]) AS early
            WHERE p.expires_on - early <= $3::date
              AND (p.reminded_at IS NULL
                OR (p.reminded_at AT TIME ZONE 'Europe/Rome')::date < p.expires_on - early))
          ORDER BY p.id LIMIT $5 FOR NO KEY UPDATE OF p SKIP LOCKED
        )
        UPDATE protocols p SET reminded_at = $2 FROM due WHERE p.id = due.id
        RETURNING p.id, p.organisation_id, p.expires_on
        """,
        scope.tenant_id,
        scope.now,
        today,
        before,
        limit,
        max(before),
    )
    return [(row["id"], row["organisation_id"], row["expires_on"]) for row in rows]


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


async def account_of(scope: NetworkScope, membership_id: UUID) -> tuple[str, str, str] | None:
    """E-mail, name and locale; None where the person left."""
    row = await scope.fetchrow(
        """
        SELECT a.email, a.name, a.locale FROM memberships m JOIN accounts a ON a.id = m.account_id
        WHERE m.id = $1 AND m.state = 'active'
        """,
        membership_id,
    )
    return (row[0], row[1], row[2]) if row else None


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
    kind: str,
    number: int,
    title: str,
    text: str,
    years: int,
    created_by: UUID | None,
    *,
    template_id: UUID | None = None,
) -> UUID:
    template_id = template_id or uuid7()
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
