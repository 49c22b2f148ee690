"""The files of an application: while it is prepared, and with the answer to a request."""

from uuid import UUID

from hub import files
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.schemas import Application, Attached
from hub.tenants.calls.terms import in_time
from hub.uploads import CheckedFile
from hub.web.i18n import N_

COMPLETION = "completion"
MOST_FILES = 40
# Of all files of one application: whoever has a mail box can begin one.
MOST_OCTETS = 100 * 1024**2


class NoDraft(Conflict):
    code = "submitted-already"
    message = N_("This application has been submitted, so its files are not changed any more.")


class TooManyFiles(Conflict):
    code = "too-many-files"
    message = N_("There are too many files. Please put several documents into one.")


class TooMuch(Conflict):
    code = "files-too-large"
    message = N_(
        "The files of an application make at most 100 MB together. Please make this one smaller."
    )


async def attach(
    scope: TenantScope,
    application_id: UUID,
    kind: str,
    checked: CheckedFile,
    content: bytes,
    completion_id: UUID | None = None,
) -> UUID:
    """Of each kind there is one: a second file takes the place of the first. An answer may bring several.

    `kind` is one of the call's. Raises TermOver, NotOpenYet, NoDraft, TooManyFiles and TooMuch.
    """
    application = await _locked(scope, application_id)
    if completion_id is None and application.state != "draft":
        raise NoDraft
    present = await queries.files_of(scope, application_id)
    if len(present) >= MOST_FILES:
        raise TooManyFiles
    replaced = [
        old
        for old in present
        if completion_id is None and old.completion_id is None and old.kind == kind
    ]
    kept = sum(file.size for file in present) - sum(file.size for file in replaced)
    if kept + len(content) > MOST_OCTETS:
        raise TooMuch
    file_id = await files.store(scope, checked.name, checked.media_type, content)
    async with in_time():
        attached_id = await queries.attach(scope, application_id, kind, file_id, completion_id)
    for old in replaced:
        await _remove(scope, old)
    return attached_id


async def detach(scope: TenantScope, application_id: UUID, attached_id: UUID) -> None:
    """Raises NotFound, NoDraft."""
    application = await _locked(scope, application_id)
    present = await queries.files_of(scope, application_id)
    found = next((file for file in present if file.id == attached_id), None)
    if found is None:
        raise NotFound
    if application.state != "draft" and not await _awaited(scope, application_id, found):
        raise NoDraft
    await _remove(scope, found)


async def _awaited(scope: TenantScope, application_id: UUID, file: Attached) -> bool:
    """It belongs to an answer that is not given yet."""
    completions = await queries.completions_of(scope, application_id)
    return any(each.id == file.completion_id and not each.answered_at for each in completions)


async def _locked(scope: TenantScope, application_id: UUID) -> Application:
    """So that no file comes or goes while the application is being submitted."""
    application = await queries.find(scope, application_id, lock=True)
    if application is None:
        raise NotFound
    return application


async def _remove(scope: TenantScope, attached: Attached) -> None:
    await queries.detach(scope, attached.id)
    await files.delete(scope, attached.file_id)
