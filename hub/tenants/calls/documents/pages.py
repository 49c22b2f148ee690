"""The documents of a call at the Ente: uploading, looking at them, taking them away from a draft."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import files
from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.documents import queries, service
from hub.tenants.calls.documents.schemas import AddDocument
from hub.tenants.calls.guards import READERS, RUNNERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.uploads import BadUpload, CheckedFile, check_upload
from hub.web import csrf
from hub.web.downloads import download
from hub.web.forms import KEY, Form, blank, filled
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, Upload, read_upload
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

ADDED = message("document-added", N_("The document is added."))
REMOVED = message("document-removed", N_("The document is removed."))


@get("/selections/{call_id:str}/documents", guards=READERS)
async def documents(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    return await _documents(request, actor, call_id, blank(AddDocument, prefix="document"))


@post(
    "/selections/{call_id:str}/documents",
    status_code=200,
    guards=RUNNERS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def add(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await find_call(scope, path_id(call_id))
    upload = await read_upload(request)
    form, file = _read(upload)
    if form.data is None or file is None:
        return await _documents(request, actor, call_id, form, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.add_document(
                scope, actor, path_id(call_id), form.data.title, file, upload.content, form.key
            )
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _documents(request, actor, call_id, form, status_code=409)
    return see_other(request, f"/selections/{call_id}/documents", ADDED)


def _read(upload: Upload) -> tuple[Form[AddDocument], CheckedFile | None]:
    """The form, and the file if it may be taken."""
    sent = {name: [value] for name, value in upload.fields.items()}
    key = parse_uuid(sent.pop(KEY, [""])[0])
    form = filled(AddDocument, {**sent, "file": [upload.name]}, prefix="document")
    if key is None:
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
        return form, None
    form.key = key
    if not upload.name:
        return form, None
    try:
        return form, check_upload(upload.name, upload.content)
    except BadUpload as bad:
        form.refuse("file", _(bad.message))
        return form, None


async def _documents(
    request: PageRequest,
    actor: Actor,
    call_id: str,
    form: Form[AddDocument],
    *,
    status_code: int = 200,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        found = await queries.documents_of(scope, call.id)
    return page(
        request,
        "tenants/calls/selection_call_documents.html",
        status_code=status_code,
        crumbs=[*crumbs_of(call), (_("Documents"), f"/selections/{call.id}/documents")],
        call=call,
        documents=found,
        form=form,
    )


@post(
    "/selections/{call_id:str}/documents/{document_id:str}/remove",
    status_code=303,
    guards=RUNNERS,
)
async def remove(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    document_id: FromPath[str],
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.remove_document(scope, actor, path_id(call_id), path_id(document_id))
    return see_other(request, f"/selections/{call_id}/documents", REMOVED)


@get("/selections/{call_id:str}/documents/{document_id:str}", guards=READERS)
async def own_document(
    actor: NamedDependency[Actor], call_id: FromPath[str], document_id: FromPath[str]
) -> Response[bytes]:
    """Also of a draft."""
    async with tenant_transaction(actor.tenant_id) as scope:
        document = await queries.find(scope, path_id(call_id), path_id(document_id))
        if document is None:
            raise NotFound
        content = await files.content(scope, document.file_id)
    return download(document.name, document.media_type, content)


ROUTES: list[ControllerRouterHandler] = [documents, add, remove, own_document]
