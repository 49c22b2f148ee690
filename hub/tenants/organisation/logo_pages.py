"""The organisation's logo: sent, taken away, and shown to everyone."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import files
from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation import logo, queries
from hub.tenants.organisation.guards import WHOLE_ADMINS
from hub.tenants.organisation.pages import details_page
from hub.tenants.organisation.schemas import SendLogo
from hub.uploads import BadUpload
from hub.web import csrf
from hub.web.forms import blank
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

LOGO_CHANGED = message("logo-changed", N_("This is your logo from now on."))
LOGO_REMOVED = message("logo-removed", N_("The logo is removed."))


@post(
    "/organisation/logo",
    guards=WHOLE_ADMINS,
    status_code=200,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def send_logo(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    upload = await read_upload(request)
    try:
        if not upload.name:
            raise BadUpload("no-file", N_("Choose a file first."))
        # In a thread: decoding a large picture takes a second.
        picture = await asyncio.to_thread(logo.drawn, upload.content)
    except BadUpload as refused:
        form = blank(SendLogo)
        form.refuse("file", _(refused.message))
        return await details_page(request, actor, status_code=422, form=form)
    async with tenant_transaction(actor.tenant_id) as scope:
        await logo.replace(scope, actor, picture)
    return see_other(request, "/organisation", LOGO_CHANGED)


@post("/organisation/logo/remove", guards=WHOLE_ADMINS, status_code=303)
async def remove_logo(request: PageRequest, actor: NamedDependency[Actor]) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await logo.replace(scope, actor, None)
    return see_other(request, "/organisation", LOGO_REMOVED)


@get("/organisations/{organisation_id:str}/logo", opt={"public": True})
async def show_logo(request: PageRequest, organisation_id: FromPath[str]) -> Response[bytes]:
    async with tenant_transaction(path_id(organisation_id)) as scope:
        found = await queries.organisation(scope, scope.tenant_id)
        file = found and found.logo_id and await files.find(scope, found.logo_id)
        if not file:
            raise NotFound
        tag = f'"{file.sha256.hex()}"'
        headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers, media_type=logo.PNG)
        content = await files.content(scope, file.id)
    return Response(content, headers=headers, media_type=logo.PNG)


ROUTES = [send_logo, remove_logo, show_logo]
