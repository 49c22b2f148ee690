"""Leaving the newsletter: one POST, from every message, for ever (RFC 8058).

The link is signed and holds the tenant, the campaign and the address's fingerprint, so it needs no row: it works when
the campaign is gone, when the subscriber was deleted, and after the address was imported again.
"""

from dataclasses import dataclass
from uuid import UUID

from hub import audit, tokens
from hub.db import TenantScope
from hub.newsletter import consents

PURPOSE = "unsubscribe"
# The words on the page and in the messages when they were written; consents refer to them.
TEXT_VERSION = "unsubscribe-2026-11"
ONE_CLICK, PAGE = "one_click", "page"

_UUID_BYTES = 16
_FINGERPRINT_BYTES = 32  # HMAC-SHA-256


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who wants to leave what; `email_token` stands for the address."""

    tenant_id: UUID
    campaign_id: UUID
    email_token: bytes


def unsubscribe_tokens(tenant_id: UUID, campaign_id: UUID) -> tokens.Signer:
    """Signs each recipient's `email_token`."""
    return tokens.Signer(PURPOSE, tenant_id.bytes + campaign_id.bytes)


def read_token(token: str) -> Leaving:
    """Raises BadToken."""
    subject = tokens.verify(PURPOSE, token)
    if len(subject) != 2 * _UUID_BYTES + _FINGERPRINT_BYTES:
        raise tokens.BadToken
    return Leaving(
        UUID(bytes=subject[:_UUID_BYTES]),
        UUID(bytes=subject[_UUID_BYTES : 2 * _UUID_BYTES]),
        subject[2 * _UUID_BYTES :],
    )


async def unsubscribe(scope: TenantScope, leaving: Leaving, channel: str) -> None:
    """Repeating it changes nothing. Deliveries that wait already are dropped when a worker claims them."""
    new = await consents.suppress(scope, leaving.email_token, "unsubscribed", leaving.campaign_id)
    await consents.mark_unsubscribed(scope, leaving.email_token)
    if new:
        await consents.add_consent(
            scope, leaving.email_token, "withdrawn", text_version=TEXT_VERSION, channel=channel
        )
        await audit.record(
            scope, None, "subscriber.unsubscribed", "campaign", leaving.campaign_id, channel=channel
        )
