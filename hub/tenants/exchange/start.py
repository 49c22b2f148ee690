"""What a person does with an import: upload it, apply it, take it back."""

from uuid import UUID

from hub import audit, files, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.exchange import queries
from hub.tenants.exchange.schemas import Import
from hub.tenants.exchange.upload import check_spreadsheet
from hub.web.i18n import N_


class CannotApply(Conflict):
    code = "import-not-ready"
    message = N_("This import can no longer be applied: it has errors, or it was applied already.")


class CannotStop(Conflict):
    code = "import-ended"
    message = N_("This import has ended already.")


async def upload(
    scope: TenantScope, actor: Actor, kind: str, name: str, content: bytes, key: UUID | None
) -> UUID:
    """The import's id; a worker reads it. Raises Refused, KeyReused."""
    name, media_type = check_spreadsheet(name, content)
    import_id = uuid7()
    if before := await once(scope, "import.upload", key, import_id):
        return before
    file_id = await files.store(scope, name, media_type, content)
    await queries.add(scope, import_id, kind, file_id, name, actor.membership_id)
    await audit.record(scope, actor, "import.uploaded", "import", import_id, kind=kind)
    await outbox.enqueue(scope, "imports.read", import_id=import_id)
    return import_id


async def apply_it(scope: TenantScope, actor: Actor, import_id: UUID) -> None:
    """A worker does it. Pressed twice it is done once. Raises NotFound, CannotApply."""
    found = await _held(scope, import_id)
    if found.state in ("applying", "done"):
        return
    if not found.can_apply:
        raise CannotApply
    await queries.mark_applying(scope, import_id, actor.membership_id)
    await outbox.enqueue(scope, "imports.apply", import_id=import_id)


async def read_again(scope: TenantScope, actor: Actor, import_id: UUID) -> None:
    """From the file, for a new preview; what is being applied stops and leaves nothing. Raises NotFound, CannotStop."""
    found = await _held(scope, import_id)
    if found.file_id is None or found.state in ("done", "discarded"):
        raise CannotStop
    await queries.read_again(scope, import_id, None)
    await audit.record(scope, actor, "import.read_again", "import", import_id, kind=found.kind)
    await outbox.enqueue(scope, "imports.read", import_id=import_id)


async def discard(scope: TenantScope, actor: Actor, import_id: UUID) -> None:
    """With its rows and its file. Twice is one effect. Raises NotFound, CannotStop."""
    found = await _held(scope, import_id)
    if found.state == "discarded":
        return
    if found.state in ("applying", "done"):
        raise CannotStop
    file_id = await queries.let_go_of_file(scope, import_id)
    await queries.discard(scope, import_id)
    if file_id is not None:
        await files.delete(scope, file_id)
    await audit.record(scope, actor, "import.discarded", "import", import_id, kind=found.kind)


async def _held(scope: TenantScope, import_id: UUID) -> Import:
    found = await queries.find(scope, import_id, lock=True)
    if found is None:
        raise NotFound
    return found
