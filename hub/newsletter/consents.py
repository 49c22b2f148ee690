"""Statements on what people have said of our mail: suppressions, consents, and who has left."""

from uuid import UUID

from hub.db import TenantScope
from hub.ids import uuid7


async def suppress(
    scope: TenantScope, email_token: bytes, reason: str, campaign_id: UUID | None
) -> bool:
    """False where the address is suppressed already."""
    return (
        await scope.execute(
            """
        INSERT INTO suppressions (id, tenant_id, email_token, reason, campaign_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, email_token) DO NOTHING
        """,
            uuid7(),
            scope.tenant_id,
            email_token,
            reason,
            campaign_id,
            scope.now,
        )
        == 1
    )


async def is_suppressed(scope: TenantScope, email_token: bytes) -> bool:
    return bool(
        await scope.fetchval(
            "SELECT EXISTS (SELECT FROM suppressions WHERE email_token = $1)", email_token
        )
    )


async def add_consent(
    scope: TenantScope, email_token: bytes, event: str, *, text_version: str, channel: str
) -> None:
    await scope.execute(
        """
        INSERT INTO consents (id, tenant_id, email_token, event, text_version, channel, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        uuid7(),
        scope.tenant_id,
        email_token,
        event,
        text_version,
        channel,
        scope.now,
    )


async def mark_unsubscribed(scope: TenantScope, email_token: bytes) -> None:
    await scope.execute(
        """
        UPDATE subscribers SET state = 'unsubscribed', version = version + 1
        WHERE email_token = $1 AND state <> 'unsubscribed'
        """,
        email_token,
    )


async def email_of(scope: TenantScope, email_token: bytes) -> str | None:
    email: str | None = await scope.fetchval(
        "SELECT email FROM subscribers WHERE email_token = $1", email_token
    )
    return email
