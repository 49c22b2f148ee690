"""Writing a call before it is published."""

import re
from uuid import UUID

import msgspec

from hub import audit, files
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries
from hub.tenants.calls.documents import queries as document_queries
from hub.tenants.calls.schemas import CallDraft
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_

LONGEST_SLUG = 80


class AddressTaken(Conflict):
    code = "address-taken"
    message = N_("Another call has this address already.")


async def create_call(scope: TenantScope, actor: Actor, draft: CallDraft, key: UUID) -> UUID:
    """Raises AddressTaken, KeyReused."""
    call_id = uuid7()
    if before := await once(scope, "call.create", key, call_id, content=draft):
        return before
    draft = await _addressed(scope, call_id, draft)
    await queries.insert(scope, call_id, draft, actor.membership_id)
    await audit.record(scope, actor, "call.created", "call", call_id)
    return call_id


async def save_call(
    scope: TenantScope, actor: Actor, call_id: UUID, draft: CallDraft, version: int, key: UUID
) -> None:
    """Raises AddressTaken; Conflict where someone else saved in the meantime, or it is published; KeyReused."""
    if await once(scope, "call.save", key, call_id, content=(call_id, version, draft)):
        return
    draft = await _addressed(scope, call_id, draft)
    if not await queries.update_draft(scope, call_id, draft, version):
        if await queries.find(scope, call_id) is None:
            raise NotFound
        raise Conflict
    await audit.record(scope, actor, "call.saved", "call", call_id)


async def delete_call(scope: TenantScope, actor: Actor, call_id: UUID) -> None:
    """Of a draft, with its documents. Deleting it again is no error. Raises Conflict for one that is published."""
    call = await queries.find_for_update(scope, call_id)
    if call is None:
        return
    if call.state != "draft":
        raise Conflict
    documents = await document_queries.documents_of(scope, call_id)
    await queries.delete_draft(scope, call_id)
    for document in documents:
        await files.delete(scope, document.file_id)
    await audit.record(scope, actor, "call.deleted", "call", call_id)


async def _addressed(scope: TenantScope, call_id: UUID, draft: CallDraft) -> CallDraft:
    """With an address that no other call of the Ente has. Raises AddressTaken for one that was typed."""
    wanted = draft.slug or slug_of(draft.title)
    await queries.lock_address(scope, wanted)
    taken = await queries.addresses_like(scope, wanted, besides=call_id)
    if wanted in taken and draft.slug:
        raise AddressTaken
    free = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    slug = next(one for one in (wanted, *free) if one not in taken)
    return msgspec.structs.replace(draft, slug=slug)


def slug_of(title: str) -> str:
    """Letters and digits of the title, cut where a word ends; short enough to take a number."""
    words = re.sub("[^a-z0-9]+", "-", fold(title)).strip("-")
    if len(words) > LONGEST_SLUG - 4:
        words = words[: LONGEST_SLUG - 4].rpartition("-")[0] or words[: LONGEST_SLUG - 4]
    return words or "avviso"
