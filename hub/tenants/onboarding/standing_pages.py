"""An organisation's standing, decided by the Ente: suspend it, let it go on, abandon its set-up."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import network_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import deciding, queries
from hub.tenants.onboarding.abandon import abandon
from hub.tenants.onboarding.asking import Abandon, Suspend
from hub.tenants.onboarding.page_parts import crumbs_of, find, here, page_of
from hub.tenants.onboarding.suspend import resume, suspend
from hub.tenants.rooms import ENTE_ADMINS, network_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SUSPENDED = message("organisation-suspended", N_("The organisation is suspended."))
RESUMED = message("organisation-resumed", N_("The suspension is lifted."))
ABANDONED = message("setup-abandoned", N_("The set-up is abandoned."))


@get("/network/organisations/{organisation_id:str}/suspend", guards=ENTE_ADMINS)
async def suspend_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _suspending(request, actor, path_id(organisation_id), blank(Suspend))


@post("/network/organisations/{organisation_id:str}/suspend", status_code=200, guards=ENTE_ADMINS)
async def suspend_organisation(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, Suspend)
    if data := form.data:
        try:
            async with network_transaction() as scope:
                await suspend(scope, actor, organisation, data.reason, data.note)
            return see_other(request, here(organisation), SUSPENDED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _suspending(request, actor, organisation, form)


@post("/network/organisations/{organisation_id:str}/resume", status_code=200, guards=ENTE_ADMINS)
async def resume_organisation(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    try:
        async with network_transaction() as scope:
            await resume(scope, actor, organisation)
    except Conflict as conflict:
        return await page_of(request, actor, organisation, _(conflict.message))
    return see_other(request, here(organisation), RESUMED)


@get("/network/organisations/{organisation_id:str}/abandon", guards=ENTE_ADMINS)
async def abandon_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _abandoning(request, actor, path_id(organisation_id), None)


@post("/network/organisations/{organisation_id:str}/abandon", status_code=200, guards=ENTE_ADMINS)
async def abandon_setup(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, Abandon)
    if data := form.data:
        async with network_transaction() as scope:
            await abandon(scope, actor, organisation, reason=data.reason, setup_id=data.setup_id)
        return see_other(request, here(organisation), ABANDONED)
    return await _abandoning(request, actor, organisation, form)


async def _suspending(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[Suspend]
) -> Template | Response[None]:
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        desks, people, cases = await deciding.what_stops(scope, organisation_id)
    if not form.failed and organisation.state not in ("active", "suspended"):
        return see_other(request, here(organisation_id))
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/suspend.html",
        status_code=422 if form.failed else 200,
        crumbs=crumbs_of(organisation, (_("Suspend"), f"{here(organisation_id)}/suspend")),
        organisation=organisation,
        desks=desks,
        people=people,
        cases=cases,
        form=form,
        here=here(organisation_id),
    )


async def _abandoning(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[Abandon] | None
) -> Template | Response[None]:
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        setup = await queries.setup_of(scope, organisation_id)
    if setup is None or setup.state != "running":
        return see_other(request, here(organisation_id))
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/abandon.html",
        status_code=422 if form else 200,
        crumbs=crumbs_of(
            organisation, (_("Abandon the set-up"), f"{here(organisation_id)}/abandon")
        ),
        organisation=organisation,
        form=form or blank(Abandon, setup_id=setup.id),
        here=here(organisation_id),
    )


ROUTES: list[ControllerRouterHandler] = [
    suspend_form,
    suspend_organisation,
    resume_organisation,
    abandon_form,
    abandon_setup,
]
