"""Writing a call at the Ente, and looking at it before anybody else does."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.idempotency import KeyReused
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.call_editor import (
    Editing,
    draft_of,
    editing_of,
    new_editing,
    read_editing,
    sum_of_weights,
)
from hub.tenants.calls.guards import READERS, RUNNERS
from hub.tenants.calls.notice import look_at
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.public_pages import call_page
from hub.tenants.calls.questions.schemas import AskQuestion
from hub.tenants.calls.save_call import AddressTaken, create_call, delete_call, save_call
from hub.tenants.calls.schemas import Call
from hub.tenants.territory.queries import region_names
from hub.web.forms import blank
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SAVED = message("call-saved", N_("The call is saved as a draft."))
DELETED = message("call-deleted", N_("The draft of the call is deleted."))
TAKEN = N_(
    "Someone else changed this call in the meantime. Copy what you want to keep, then load the page again."
)


@get("/selections/new", guards=RUNNERS)
async def new_call(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        regions = await region_names(scope)
    return _editor(request, None, new_editing(list(regions.items())))


@post("/selections/new", status_code=200, guards=RUNNERS)
async def create(request: PageRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    return await _edited(request, actor, None)


@get("/selections/weights", guards=RUNNERS)
async def weights(request: PageRequest) -> Template:
    """What the weights make so far, as a part of the editor's page."""
    typed = [
        value for name, value in request.query_params.multi_items() if name.endswith("_weight")
    ]
    return page(request, "tenants/calls/selection_call_weights.html", weights=sum_of_weights(typed))


@get("/selections/{call_id:str}/edit", guards=RUNNERS)
async def edit_call(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        regions = await region_names(scope)
    if call.state != "draft":
        return see_other(request, f"/selections/{call.id}")
    return _editor(request, call, editing_of(call, list(regions.items())))


@post("/selections/{call_id:str}/edit", status_code=200, guards=RUNNERS)
async def edit(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    return await _edited(request, actor, path_id(call_id))


async def _edited(
    request: PageRequest, actor: Actor, call_id: UUID | None
) -> Template | Response[None]:
    """Save the form, or give it back: arranged, or with what is wrong."""
    await request.body()  # A slow sender must not keep a transaction open.
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, call_id) if call_id else None
        regions = await region_names(scope)
    editing = await read_editing(request, list(regions.items()))
    if editing.do == "arranged":
        return _editor(request, call, editing)
    data = editing.form.data
    if data is None:
        return _editor(request, call, editing, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            draft, key = draft_of(data, editing), editing.form.key
            if call_id is None:
                call_id = await create_call(scope, actor, draft, key)
            else:
                await save_call(scope, actor, call_id, draft, data.version, key)
    except AddressTaken as taken:
        editing.form.refuse("slug", _(taken.message))
        return _editor(request, call, editing, status_code=422)
    except Conflict as conflict:
        reused = isinstance(conflict, KeyReused)
        editing.form.refuse(None, _(conflict.message if reused else TAKEN))
        return _editor(request, call, editing, status_code=409)
    where = "/preview" if editing.do == "preview" else ""
    return see_other(request, f"/selections/{call_id}{where}", SAVED)


def _editor(
    request: PageRequest, call: Call | None, editing: Editing, *, status_code: int = 200
) -> Template:
    if call:
        title, action = _("Edit the call"), f"/selections/{call.id}/edit"
        crumbs = [*crumbs_of(call), (title, action)]
    else:
        title, action = _("New call"), "/selections/new"
        crumbs = [(_("Selections"), "/selections"), (title, action)]
    return page(
        request,
        "tenants/calls/selection_call_edit.html",
        fragment="tenants/calls/selection_call_editor.html",
        status_code=status_code,
        crumbs=crumbs,
        title=title,
        action=action,
        back=f"/selections/{call.id}" if call else "/selections",
        editing=editing,
        form=editing.form,
        weights=editing.weights,
    )


@get("/selections/{call_id:str}/preview", guards=READERS)
async def preview_call(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    """The page as everybody will see it."""
    async with tenant_transaction(actor.tenant_id) as scope:
        notice = await look_at(scope, path_id(call_id))
    here = f"/selections/{notice.call.id}/preview"
    return call_page(
        request,
        notice,
        blank(AskQuestion, prefix="ask"),
        preview=True,
        crumbs=[*crumbs_of(notice.call), (_("Preview"), here)],
    )


@get("/selections/{call_id:str}/delete", guards=RUNNERS)
async def confirm_deleting(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
    here = f"/selections/{call.id}"
    if call.state != "draft":
        return see_other(request, here)
    return page(
        request,
        "tenants/calls/selection_call_delete.html",
        crumbs=[*crumbs_of(call), (_("Delete the draft"), f"{here}/delete")],
        call=call,
    )


@post("/selections/{call_id:str}/delete", status_code=303, guards=RUNNERS)
async def delete(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await delete_call(scope, actor, path_id(call_id))
    return see_other(request, "/selections", DELETED)


ROUTES: list[ControllerRouterHandler] = [
    new_call,
    create,
    weights,
    edit_call,
    edit,
    preview_call,
    confirm_deleting,
    delete,
]
