"""Adding a document, also to a call that is published; taking one away while it is not."""

from hashlib import sha256
from uuid import UUID

from hub import audit, files
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries as call_queries
from hub.tenants.calls.documents import queries
from hub.uploads import CheckedFile
from hub.web.i18n import N_

MOST_DOCUMENTS = 30


class Published(Conflict):
    code = "document-published"
    message = N_("What is published is not taken back. Add a corrected document beside it.")


class TooMany(Conflict):
    code = "too-many-documents"
    message = N_("A call holds at most 30 documents.")


async def add_document(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    title: str,
    file: CheckedFile,
    content: bytes,
    key: UUID,
) -> None:
    """Raises NotFound, TooMany, KeyReused."""
    asked = (call_id, title, sha256(content).hexdigest())
    if await once(scope, "call.add_document", key, uuid7(), content=asked):
        return
    if await call_queries.find_for_update(scope, call_id) is None:
        raise NotFound
    if len(await queries.documents_of(scope, call_id)) >= MOST_DOCUMENTS:
        raise TooMany
    file_id = await files.store(scope, file.name, file.media_type, content)
    document_id = await queries.insert(scope, call_id, file_id, title)
    await audit.record(scope, actor, "call.document_added", "call", call_id, id=str(document_id))


async def remove_document(
    scope: TenantScope, actor: Actor, call_id: UUID, document_id: UUID
) -> None:
    """Raises NotFound, Published."""
    call = await call_queries.find_for_update(scope, call_id)
    document = await queries.find(scope, call_id, document_id)
    if call is None or document is None:
        raise NotFound
    if call.state != "draft":
        raise Published
    await queries.delete(scope, document_id)
    await files.delete(scope, document.file_id)
    await audit.record(scope, actor, "call.document_removed", "call", call_id, id=str(document_id))
