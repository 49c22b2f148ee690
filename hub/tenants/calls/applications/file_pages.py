"""What an applicant attaches, replaces, removes and downloads again."""

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import files
from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.access import PageRequest, enter, granted
from hub.tenants.calls.applications.attach_file import attach, detach
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.applications.room import room_of
from hub.tenants.calls.applications.step_pages import Shown, step_template
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.terms import NotOpenYet, TermOver
from hub.uploads import BadUpload, CheckedFile, check_upload
from hub.web import csrf
from hub.web.downloads import download
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, Upload, read_upload
from hub.web.page import page, wants_fragment
from hub.web.params import path_id
from hub.web.redirects import message, see_other

FILE_ADDED = message("application-file-added", N_("The file was taken, whole."))
FILE_REMOVED = message("application-file-removed", N_("The file was removed."))


@post(
    "/uploads/{kind:str}",
    status_code=200,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def add_file(
    request: PageRequest, application_id: FromPath[str], kind: FromPath[str]
) -> Template | Response[None]:
    """One file for each thing to attach; another takes its place."""
    grant = granted(request, application_id)
    upload = await read_upload(request)
    try:
        checked = await checked_upload(upload)
        async with tenant_transaction(grant.tenant_id) as scope:
            room = await room_of(scope, await enter(scope, request, grant))
            _check_kind(room.call, kind)
            await attach(scope, grant.application_id, kind, checked, upload.content)
    except (BadUpload, Conflict) as refused:
        return await _refused(request, grant, kind, refused)
    return see_other(request, f"/applications/{application_id}/attachments", FILE_ADDED)


async def checked_upload(upload: Upload) -> CheckedFile:
    """In a thread, since looking into ten megabytes takes long. Raises BadUpload."""
    if not upload.name:
        raise BadUpload("no-file", N_("Choose a file first."))
    return await asyncio.to_thread(check_upload, upload.name, upload.content)


@post("/files/{attached_id:str}/remove", status_code=303)
async def remove_file(
    request: PageRequest, application_id: FromPath[str], attached_id: FromPath[str]
) -> Response[None]:
    grant = granted(request, application_id)
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant, lock=True))
        if room.application.state == "draft" and not room.is_open:
            raise TermOver
        await detach(scope, grant.application_id, path_id(attached_id))
    base = f"/applications/{application_id}"
    place = f"{base}/attachments" if room.application.state == "draft" else base
    return see_other(request, place, FILE_REMOVED)


@get("/files/{attached_id:str}")
async def download_file(
    request: PageRequest, application_id: FromPath[str], attached_id: FromPath[str]
) -> Response[bytes]:
    grant, wanted = granted(request, application_id), path_id(attached_id)
    async with tenant_transaction(grant.tenant_id) as scope:
        application = await enter(scope, request, grant)
        for file in await queries.files_of(scope, application.id):
            if file.id == wanted:
                content = await files.content(scope, file.file_id)
                return download(file.name, file.media_type, content)
    raise NotFound


@get("/receipt")
async def download_receipt(request: PageRequest, application_id: FromPath[str]) -> Response[bytes]:
    grant = granted(request, application_id)
    async with tenant_transaction(grant.tenant_id) as scope:
        application = await enter(scope, request, grant)
        receipt = application.receipt_id and await files.find(scope, application.receipt_id)
        if not receipt:
            raise NotFound
        return download(receipt.name, receipt.media_type, await files.content(scope, receipt.id))


def _check_kind(call: Call, kind: str) -> None:
    if kind not in {asked.code for asked in call.required_files}:
        raise NotFound


async def _refused(
    request: PageRequest, grant: Grant, kind: str, refused: BadUpload | Conflict
) -> Template | Response[None]:
    """The page as it was, with the reason where the file was to go."""
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
    _check_kind(room.call, kind)
    if room.application.state != "draft":
        raise refused
    status_code = 409 if isinstance(refused, TermOver | NotOpenYet) else 422
    reasons = {kind: _(refused.message)}
    if wants_fragment(request):
        asked = next(asked for asked in room.call.required_files if asked.code == kind)
        return page(
            request,
            "tenants/calls/application_file.html",
            status_code=422,
            asked=asked,
            file=room.prepared.file_of(kind),
            reason=reasons[kind],
            base=f"/applications/{room.application.id}",
        )
    shown = Shown("attachments", None)
    return step_template(request, room, shown, status_code=status_code, refused=reasons)


ROUTES: list[ControllerRouterHandler] = [add_file, remove_file, download_file, download_receipt]
