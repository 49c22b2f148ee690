"""Running a call at the Ente: how it stands, and its steps, each with a page that says what it does."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import standing
from hub.tenants.calls.close_call import close_call
from hub.tenants.calls.documents import queries as document_queries
from hub.tenants.calls.extend_call import NotLater, extend_call
from hub.tenants.calls.guards import READERS, RUNNERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.publish_call import missing_of, publish_call
from hub.tenants.calls.questions import queries as question_queries
from hub.tenants.calls.schemas import HOST_KINDS, Call
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.territory.queries import region_names
from hub.web.fields import Integer, LocalMoment, Textarea
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PUBLISHED = message("call-published", N_("The call is published."))
EXTENDED = message("call-extended", N_("The call is extended."))
CLOSED = message("call-closed", N_("The call is closed, and the evaluation begins."))


class PublishForm(msgspec.Struct, frozen=True):
    """What was looked at before pressing the button."""

    version: Annotated[int, Integer()]


class ExtendForm(msgspec.Struct, frozen=True):
    closes_at: Annotated[
        datetime, LocalMoment(N_("Closes from now on"), N_("Day and time in Rome."))
    ]
    reason: Annotated[
        str,
        Textarea(N_("Reason"), N_("Everybody reads it on the page of the call."), max_length=1000),
    ]
    version: Annotated[int, Integer()]


class CloseForm(msgspec.Struct, frozen=True):
    pass


@get("/selections/{call_id:str}", guards=READERS)
async def show_selection(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        documents = await document_queries.documents_of(scope, call.id)
        questions = await question_queries.counts(scope, call.id)
        regions = await region_names(scope)
        now = scope.now
    return page(
        request,
        "tenants/calls/selection_call.html",
        crumbs=crumbs_of(call),
        call=call,
        standing=standing.standing_of(call, now),
        missing=missing_of(call, now) if call.state == "draft" else [],
        documents=documents,
        questions=questions,
        regions=regions,
        host_kinds=HOST_KINDS,
        now=now,
        words=standing,
    )


@get("/selections/{call_id:str}/publish", guards=RUNNERS)
async def confirm_publishing(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    return await _publishing(request, actor, call_id, None)


@post("/selections/{call_id:str}/publish", status_code=200, guards=RUNNERS)
async def publish(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, PublishForm, once=True)
    if form.data is None:
        return await _publishing(request, actor, call_id, form, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await publish_call(scope, actor, path_id(call_id), form.data.version, form.key)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _publishing(request, actor, call_id, form, status_code=409)
    return see_other(request, f"/selections/{call_id}", PUBLISHED)


async def _publishing(
    request: PageRequest,
    actor: Actor,
    call_id: str,
    sent: Form[PublishForm] | None,
    status_code: int = 200,
) -> Template | Response[None]:
    """What everybody will see, or all that is missing."""
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        regions, now = await region_names(scope), scope.now
    here = f"/selections/{call.id}"
    if sent is None and call.state != "draft":
        return see_other(request, here)
    form = blank(PublishForm, version=call.version)
    form.problems = sent.problems if sent else []
    return page(
        request,
        "tenants/calls/selection_call_publish.html",
        status_code=status_code,
        crumbs=[*crumbs_of(call), (_("Publish the call"), f"{here}/publish")],
        call=call,
        form=form,
        missing=missing_of(call, now) if call.state == "draft" else [],
        regions=regions,
        now=now,
        words=standing,
    )


@get("/selections/{call_id:str}/extend", guards=RUNNERS)
async def confirm_extending(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call, now = await find_call(scope, path_id(call_id)), scope.now
    if standing.standing_of(call, now) not in ("soon", "open"):
        return see_other(request, f"/selections/{call.id}")
    form = blank(ExtendForm, closes_at=call.closes_at, version=call.version)
    return _extending(request, call, form, now)


@post("/selections/{call_id:str}/extend", status_code=200, guards=RUNNERS)
async def extend(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, ExtendForm, once=True)
    status_code = 422
    if data := form.data:
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await extend_call(
                    scope,
                    actor,
                    path_id(call_id),
                    closes_at=data.closes_at,
                    reason=data.reason,
                    version=data.version,
                    key=form.key,
                )
            return see_other(request, f"/selections/{call_id}", EXTENDED)
        except NotLater as earlier:
            form.refuse("closes_at", _(earlier.message))
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
            status_code = 409
    async with tenant_transaction(actor.tenant_id) as scope:
        call, now = await find_call(scope, path_id(call_id)), scope.now
    if status_code == 409:
        # What was typed may stand, now that they see what holds.
        form.values["version"] = [str(call.version)]
    return _extending(request, call, form, now, status_code)


def _extending(
    request: PageRequest, call: Call, form: Form[ExtendForm], now: datetime, status_code: int = 200
) -> Template:
    return page(
        request,
        "tenants/calls/selection_call_extend.html",
        status_code=status_code,
        crumbs=[*crumbs_of(call), (_("Extend the call"), f"/selections/{call.id}/extend")],
        call=call,
        form=form,
        now=now,
        words=standing,
    )


@get("/selections/{call_id:str}/close", guards=RUNNERS)
async def confirm_closing(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call, now = await find_call(scope, path_id(call_id)), scope.now
    if standing.standing_of(call, now) != "closed":
        return see_other(request, f"/selections/{call.id}")
    return _closing(request, call, blank(CloseForm))


@post("/selections/{call_id:str}/close", status_code=200, guards=RUNNERS)
async def close(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, CloseForm, once=True)
    status_code = 422
    if form.data is not None:
        administrations = await administrations_of(actor.tenant_id)
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await close_call(scope, actor, path_id(call_id), administrations, form.key)
            return see_other(request, f"/selections/{call_id}", CLOSED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
            status_code = 409
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
    return _closing(request, call, form, status_code)


def _closing(
    request: PageRequest, call: Call, form: Form[CloseForm], status_code: int = 200
) -> Template:
    return page(
        request,
        "tenants/calls/selection_call_close.html",
        status_code=status_code,
        crumbs=[*crumbs_of(call), (_("Close the call"), f"/selections/{call.id}/close")],
        call=call,
        form=form,
        words=standing,
    )


ROUTES: list[ControllerRouterHandler] = [
    show_selection,
    confirm_publishing,
    publish,
    confirm_extending,
    extend,
    confirm_closing,
    close,
]
