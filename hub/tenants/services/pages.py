"""What one's own organisation offers: today, later, and on any past day."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.clock import day_of
from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict, Forbidden, NotFound
from hub.tenants.accounts.actor import Actor, Connection, actor_of
from hub.tenants.organisation.guards import WHOLE_ADMINS
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.tenants.services import queries, service, wording
from hub.tenants.services.chronicle import chronicle
from hub.tenants.services.errors import Changed, NotOffered
from hub.tenants.services.forms import blank_new, filled_in, stated_in
from hub.tenants.services.schemas import (
    KINDS,
    LOANS,
    ChangeService,
    EndService,
    NewService,
    WithdrawVersion,
    kinds_for,
)
from hub.tenants.services.standing import Service, services
from hub.tenants.territory.queries import region_names
from hub.web.fields import Date
from hub.web.forms import Form, Pairs, blank, read_form, read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import Crumb
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]
LIST = "/organisation/services"
ADDED = message("service-added", N_("The service is in your list."))
CHANGED = message("service-changed", N_("The change is saved."))
ENDED = message("service-ended", N_("The end of the service is saved."))
GOES_ON = message("service-goes-on", N_("The service goes on without an end."))
WITHDRAWN = message("service-withdrawn", N_("What was planned is withdrawn."))


def offers_services(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: lenders and tutors offer services, hosts and the Ente do not. Raises Forbidden."""
    if not kinds_for(actor_of(connection).kinds):
        raise Forbidden


READ = [*MEMBERS, offers_services]
WRITE = [*WHOLE_ADMINS, offers_services]


class OnDay(msgspec.Struct):
    on: Annotated[date | None, Date(N_("What was offered on"))] = None


@get(LIST, guards=READ)
async def show_services(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    asked = read_query(request, OnDay, prefix="services")
    day = asked.data.on if asked.data else None
    async with tenant_transaction(actor.tenant_id) as scope:
        today = day_of(scope.now)
        every = services(await queries.all_versions(scope, actor.tenant_id), today)
        regions = await region_names(scope)
    return organisation_page(
        request,
        actor,
        "services",
        "tenants/services/list.html",
        crumbs=[(_("Services"), LIST)],
        status_code=200 if asked.data else 422,
        asked=asked,
        day=day,
        then=[one for one in every if one.on(day)] if day else [],
        by_state={
            state: [one for one in every if one.state == state]
            for state in ("offered", "planned", "ended")
        },
        regions=regions,
        kinds=KINDS,
        words=wording,
    )


@get(f"{LIST}/new", guards=WRITE)
async def new_service(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        regions = await region_names(scope)
        today = day_of(scope.now)
    chosen = request.query_params.get("kind", "")
    form = blank_new(_kinds(actor), list(regions.items()), today, chosen)
    return _new_page(request, actor, form)


@post(f"{LIST}/new", status_code=200, guards=WRITE)
async def add_service(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    await request.body()  # A slow sender must not keep a transaction open.
    async with tenant_transaction(actor.tenant_id) as scope:
        regions = await region_names(scope)
    choices: Mapping[str, Pairs] = {"kind": _kinds(actor), "regions": list(regions.items())}
    form = await read_form(request, NewService, choices=choices, prefix="service", once=True)
    stated = stated_in(form, form.parsed.get("kind"), regions)
    data = form.data
    if data is None or stated is None:
        return _new_page(request, actor, form, 422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            service_id = await service.add(
                scope, actor, stated, data.valid_from, data.valid_to, key=form.key
            )
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return _new_page(request, actor, form, 409)
    return see_other(request, f"{LIST}/{service_id}", ADDED)


@get(f"{LIST}/{{service_id:str}}", guards=READ)
async def show_service(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
        regions = await region_names(scope)
    return _service_page(
        request,
        actor,
        found,
        "tenants/services/service.html",
        regions=regions,
        history=chronicle(found, regions),
        words=wording,
    )


@get(f"{LIST}/{{service_id:str}}/change", guards=WRITE)
async def edit_service(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
        regions = await region_names(scope)
    if found.state == "ended":
        return see_other(request, f"{LIST}/{found.id}")
    return _change_page(request, actor, found, filled_in(found, list(regions.items())))


@post(f"{LIST}/{{service_id:str}}/change", status_code=200, guards=WRITE)
async def change_service(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
        regions = await region_names(scope)
    choices = {"regions": list(regions.items())}
    form = await read_form(request, ChangeService, choices=choices, prefix="service", once=True)
    stated = stated_in(form, found.shown.kind, regions)
    data = form.data
    if data is None or stated is None:
        return _change_page(request, actor, found, form, 422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.change(
                scope, actor, found.id, stated, data.valid_from, seen=data.version, key=form.key
            )
    except NotOffered as refused:
        form.refuse("valid_from", _(refused.message))
        return _change_page(request, actor, found, form, 422)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return _change_page(request, actor, found, form, 409)
    return see_other(request, f"{LIST}/{found.id}", CHANGED)


@get(f"{LIST}/{{service_id:str}}/end", guards=WRITE)
async def plan_end(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
    if found.state == "ended":
        return see_other(request, f"{LIST}/{found.id}")
    form = blank(EndService, prefix="service", last_day=found.ends, version=found.version)
    return _end_page(request, actor, found, form)


@post(f"{LIST}/{{service_id:str}}/end", status_code=200, guards=WRITE)
async def end_service(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
    form = await read_form(request, EndService, prefix="service", once=True)
    if form.data and form.data.last_day is None and found.ends is None:
        form.refuse("last_day", _("Fill in this field."))
    data = form.data
    if data is None:
        return _end_page(request, actor, found, form, 422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.end(
                scope, actor, found.id, data.last_day, seen=data.version, key=form.key
            )
    except NotOffered as refused:
        form.refuse("last_day", _(refused.message))
        return _end_page(request, actor, found, form, 422)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return _end_page(request, actor, found, form, 409)
    return see_other(request, f"{LIST}/{found.id}", ENDED if data.last_day else GOES_ON)


@post(f"{LIST}/{{service_id:str}}/withdraw", status_code=200, guards=WRITE)
async def withdraw_version(
    request: PageRequest, actor: NamedDependency[Actor], service_id: FromPath[str]
) -> Response[None]:
    """Raises Begun and Changed, and NotFound also for a version that is none of this service's."""
    form = await read_form(request, WithdrawVersion)
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, service_id)
        if form.data is None:
            raise Changed
        data = form.data
        left = await service.withdraw(scope, actor, found.id, data.version_id, seen=data.version)
    return see_other(request, f"{LIST}/{found.id}" if left else LIST, WITHDRAWN)


async def _find(scope: TenantScope, service_id: str) -> Service:
    """Raises NotFound."""
    versions = await queries.versions_of(scope, scope.tenant_id, path_id(service_id))
    if not versions:
        raise NotFound
    return Service(versions, day_of(scope.now))


def _kinds(actor: Actor) -> Pairs:
    return [(kind, _(KINDS[kind])) for kind in kinds_for(actor.kinds)]


def _new_page(
    request: PageRequest, actor: Actor, form: Form[NewService], status_code: int = 200
) -> Template:
    return organisation_page(
        request,
        actor,
        "services",
        "tenants/services/edit.html",
        crumbs=[(_("Services"), LIST), (_("Offer a service"), f"{LIST}/new")],
        status_code=status_code,
        form=form,
        service=None,
        with_amounts=any(kind in LOANS for kind, _label in _kinds(actor)),
    )


def _change_page(
    request: PageRequest,
    actor: Actor,
    found: Service,
    form: Form[ChangeService],
    status_code: int = 200,
) -> Template:
    return _service_page(
        request,
        actor,
        found,
        "tenants/services/edit.html",
        (_("Change"), f"{LIST}/{found.id}/change"),
        status_code=status_code,
        form=form,
        with_amounts=found.shown.kind in LOANS,
    )


def _end_page(
    request: PageRequest,
    actor: Actor,
    found: Service,
    form: Form[EndService],
    status_code: int = 200,
) -> Template:
    return _service_page(
        request,
        actor,
        found,
        "tenants/services/end.html",
        (_("End"), f"{LIST}/{found.id}/end"),
        status_code=status_code,
        form=form,
    )


def _service_page(
    request: PageRequest,
    actor: Actor,
    found: Service,
    template: str,
    *below: Crumb,
    **context: Any,
) -> Template:
    return organisation_page(
        request,
        actor,
        "services",
        template,
        crumbs=[(_("Services"), LIST), (found.shown.name, f"{LIST}/{found.id}"), *below],
        service=found,
        kinds=KINDS,
        **context,
    )


ROUTES: list[ControllerRouterHandler] = [
    show_services,
    new_service,
    add_service,
    show_service,
    edit_service,
    change_service,
    plan_end,
    end_service,
    withdraw_version,
]
