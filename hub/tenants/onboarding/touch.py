"""Telling the checklist that something it watches may have changed."""

from uuid import UUID

from hub import outbox
from hub.db import NetworkScope, TenantScope


async def touch(scope: TenantScope | NetworkScope, organisation_id: UUID) -> None:
    """The points of that organisation's set-up are looked at again once this transaction is committed."""
    await outbox.enqueue(scope, "onboarding.refresh", organisation_id=organisation_id)
