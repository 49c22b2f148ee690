"""A file is handed in as the signed document: looked at outside any transaction, since that takes a moment."""

import asyncio
import logging
from datetime import date
from uuid import UUID

from hub import files
from hub.db import network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.logs import describe
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.refresh import refresh
from hub.tenants.protocols import queries
from hub.tenants.protocols.compare import how_countersigned, how_signed
from hub.tenants.protocols.receive import (
    NOT_AWAITED,
    NOT_SIGNED,
    NotAwaited,
    receive,
    take_countersigned,
)
from hub.tenants.protocols.schemas import Protocol, SignedFile
from hub.uploads import check_upload

log = logging.getLogger(__name__)


async def hand_in(
    tenant_id: UUID,
    actor: Actor | None,
    protocol_id: UUID,
    name: str,
    content: bytes,
    signed_on: date,
    *,
    link_version: int | None = None,
) -> Protocol:
    """`tenant_id` is the Ente's. Raises BadUpload and whatever `receive` raises."""
    async with tenant_transaction(tenant_id) as scope:
        protocol = await queries.find(scope, protocol_id)
        if protocol is None:
            raise NotFound
        if protocol.state != "sent" or protocol.document_id is None:
            raise NotAwaited(message=NOT_AWAITED.get(protocol.state))
        sent = await files.content(scope, protocol.document_id)
    file = await asyncio.to_thread(_looked_at, sent, name, content)
    async with tenant_transaction(tenant_id) as scope:
        came = await receive(scope, actor, protocol_id, file, signed_on, link_version=link_version)
    if came.state == "signed":
        await _refresh_now(came.organisation_id)
    return came


async def _refresh_now(organisation_id: UUID) -> None:
    """A task does so, too; but whoever hands it in looks at the checklist next."""
    try:
        async with network_transaction() as network:
            await refresh(network, [organisation_id])
    except Exception as error:  # noqa: BLE001  # the file is kept, and the task comes: nobody need send it again
        log.warning("checklist not refreshed at once: %s", describe(error))


async def countersign(
    tenant_id: UUID, actor: Actor, protocol_id: UUID, name: str, content: bytes
) -> None:
    """A copy that the Ente has signed, too, takes the place of the signed file. Raises NotFound, NotAwaited, BadUpload."""
    async with tenant_transaction(tenant_id) as scope:
        protocol = await queries.find(scope, protocol_id)
        if protocol is None:
            raise NotFound
        if protocol.state != "signed" or not protocol.signed_file_id or not protocol.checked:
            raise NotAwaited(message=NOT_SIGNED)
        came = await files.content(scope, protocol.signed_file_id)
    file = await asyncio.to_thread(_countersigned, came, protocol.checked, name, content)
    async with tenant_transaction(tenant_id) as scope:
        await take_countersigned(scope, actor, protocol, file)


def _countersigned(came: bytes, checked_before: str, name: str, content: bytes) -> SignedFile:
    checked = check_upload(name, content)
    how = how_countersigned(came, checked_before, checked, content)
    return SignedFile(checked.name, checked.media_type, content, how)


def _looked_at(sent: bytes, name: str, content: bytes) -> SignedFile:
    checked = check_upload(name, content)
    return SignedFile(checked.name, checked.media_type, content, how_signed(sent, checked, content))
