"""Statements on what happens to a protocol, from its document to its end. Whoever decides holds its row."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.protocols.schemas import Protocol


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


async def keep_countersigned(
    scope: TenantScope, protocol_id: UUID, file_id: UUID, checked: str
) -> None:
    await scope.execute(
        """
        UPDATE protocols SET signed_file_id = $2, checked = $3, version = version + 1 WHERE id = $1
        """,
        protocol_id,
        file_id,
        checked,
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


async def put_back(scope: TenantScope, protocol: Protocol) -> UUID | None:
    """The one whose place it took is in force again, until its own end; None where it took nobody's."""
    found: UUID | None = await scope.fetchval(
        """
        UPDATE protocols SET state = 'signed', version = version + 1
        WHERE id = (
          SELECT p.id FROM protocols p
          JOIN protocol_templates t ON t.tenant_id = p.tenant_id AND t.id = p.template_id
          WHERE p.tenant_id = $1 AND p.organisation_id = $2 AND t.kind = $3 AND p.state = 'replaced'
          ORDER BY p.uploaded_at DESC, p.id DESC LIMIT 1)
        RETURNING id
        """,
        scope.tenant_id,
        protocol.organisation_id,
        protocol.kind,
    )
    return found


async def send_back(scope: TenantScope, protocol_id: UUID, reason: str) -> None:
    """To be signed again, by a new link; what came is let go."""
    await scope.execute(
        """
        UPDATE protocols SET state = 'sent', refused_reason = $2, signed_file_id = NULL, signed_on = NULL,
          uploaded_at = NULL, checked = NULL, checked_by = NULL, expires_on = NULL, reminded_at = NULL,
          link_version = link_version + 1, version = version + 1
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
