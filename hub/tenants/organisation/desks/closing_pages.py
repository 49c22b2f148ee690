"""Closing a desk: for a time, with days and a reason, or for good, with a desk that takes over."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.db import TenantScope, tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation.desks import close, service
from hub.tenants.organisation.desks.close import Ending, OpenWorkLeft, TakerNotActive
from hub.tenants.organisation.desks.schemas import AddClosure, Desk
from hub.tenants.organisation.desks.service import DeskClosed
from hub.tenants.organisation.guards import WHOLE_ADMINS
from hub.tenants.rooms import ADMINS, organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

CLOSURE_ADDED = message("desk-closure-added", N_("The closure is announced."))
CLOSURE_REMOVED = message("desk-closure-removed", N_("The closure is removed."))
DESK_CLOSED = message("desk-closed", N_("The desk is closed and no longer in the directory."))

LONGEST_DAYS = 366


@get("/organisation/desks/{desk_id:str}/closures/new", guards=ADMINS)
async def new_closure(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await service.to_change(scope, actor, path_id(desk_id))
    return _closure_page(request, actor, desk, blank(AddClosure))


@post("/organisation/desks/{desk_id:str}/closures/new", guards=ADMINS, status_code=200)
async def add_closure(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, AddClosure)
    _check_days(form)
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await service.to_change(scope, actor, path_id(desk_id))
        if form.data and not await service.add_closure(scope, actor, desk.id, form.data):
            form.refuse("starts_on", _("A closure is announced for one of these days already."))
    if form.failed:
        return _closure_page(request, actor, desk, form, status_code=422)
    return see_other(request, f"/organisation/desks/{desk.id}", CLOSURE_ADDED)


@post(
    "/organisation/desks/{desk_id:str}/closures/{closure_id:str}/remove",
    guards=ADMINS,
    status_code=303,
)
async def remove_closure(
    request: PageRequest,
    actor: NamedDependency[Actor],
    desk_id: FromPath[str],
    closure_id: FromPath[str],
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.remove_closure(scope, actor, path_id(desk_id), path_id(closure_id))
    return see_other(request, f"/organisation/desks/{desk_id}", CLOSURE_REMOVED)


@get("/organisation/desks/{desk_id:str}/close", guards=WHOLE_ADMINS)
async def ask_to_close(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        ending = await _ending(scope, desk_id)
    form = blank(ending.form, choices=_takers(ending), closed_on=clock.today())
    return _close_page(request, actor, ending, form)


@post("/organisation/desks/{desk_id:str}/close", guards=WHOLE_ADMINS, status_code=200)
async def close_desk(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    async with tenant_transaction(actor.tenant_id) as scope:
        ending = await _ending(scope, desk_id)
        form = await read_form(request, ending.form, choices=_takers(ending))
        opened = ending.desk.opened_on
        if form.data and opened and form.data.closed_on < opened:
            form.refuse("closed_on", _("The desk was not open yet on this day."))
        if form.data:
            try:
                await close.close_desk(scope, actor, ending.desk.id, form.data)
            except (OpenWorkLeft, TakerNotActive) as refused:
                form.refuse("taker_id" if ending.takers else None, _(refused.message))
                ending = await _ending(scope, desk_id)
    if form.failed:
        return _close_page(request, actor, ending, form, status_code=422)
    return see_other(request, "/organisation/desks", DESK_CLOSED)


async def _ending(scope: TenantScope, desk_id: str) -> Ending:
    """Without a lock: closing takes those of both desks, in one order."""
    desk = await service.find(scope, path_id(desk_id))
    if desk.state == "closed":
        raise DeskClosed
    return await close.prospect(scope, desk)


def _takers(ending: Ending) -> dict[str, list[tuple[object, str]]]:
    return {"taker_id": [(desk.id, f"{desk.name}, {desk.municipality}") for desk in ending.takers]}


def _check_days(form: Form[AddClosure]) -> None:
    asked = form.data
    if asked is None:
        return
    if asked.ends_on < asked.starts_on:
        form.refuse("ends_on", _("The last day comes before the first."))
    elif (asked.ends_on - asked.starts_on).days > LONGEST_DAYS:
        form.refuse("ends_on", _("This is longer than a year: close the desk for good instead."))


def _closure_page(
    request: PageRequest,
    actor: Actor,
    desk: Desk,
    form: Form[AddClosure],
    *,
    status_code: int = 200,
) -> Template:
    here = f"/organisation/desks/{desk.id}"
    return organisation_page(
        request,
        actor,
        "desks",
        "tenants/organisation/desk_closure.html",
        crumbs=[
            (_("Desks"), "/organisation/desks"),
            (desk.name, here),
            (_("Announce a closure"), f"{here}/closures/new"),
        ],
        status_code=status_code,
        desk=desk,
        form=form,
        here=here,
    )


def _close_page(
    request: PageRequest,
    actor: Actor,
    ending: Ending,
    form: Form[Any],
    *,
    status_code: int = 200,
) -> Template:
    desk = ending.desk
    here = f"/organisation/desks/{desk.id}"
    return organisation_page(
        request,
        actor,
        "desks",
        "tenants/organisation/desk_close.html",
        crumbs=[
            (_("Desks"), "/organisation/desks"),
            (desk.name, here),
            (_("Close the desk"), f"{here}/close"),
        ],
        status_code=status_code,
        ending=ending,
        desk=desk,
        form=form,
        here=here,
    )


ROUTES = [new_closure, add_closure, remove_closure, ask_to_close, close_desk]
