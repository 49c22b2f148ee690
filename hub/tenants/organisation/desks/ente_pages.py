"""The Ente's list of an organisation's desks, where it opens a further one of an active organisation."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.page_parts import crumbs_of, find, here
from hub.tenants.organisation.desks import ente, queries
from hub.tenants.organisation.desks.inactivity import is_silent
from hub.tenants.organisation.desks.pages import TONES
from hub.tenants.organisation.desks.schemas import STATES, missing
from hub.tenants.organisation.guards import WHOLE_ADMINS
from hub.tenants.rooms import ENTE_ADMINS, ENTE_READERS, network_page
from hub.web.fields import Identifier
from hub.web.forms import read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

OPENED = message("desk-opened", N_("The desk is open, and in the public directory."))
ASKED = message("desk-opening-asked", N_("The Ente is asked to open the desk."))


class OpenDesk(msgspec.Struct):
    desk_id: Annotated[UUID, Identifier()]


@post("/organisation/desks/{desk_id:str}/ask", guards=WHOLE_ADMINS, status_code=303)
async def ask_to_open(
    request: AnyRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await ente.ask_to_open(scope, actor, path_id(desk_id))
    return see_other(request, f"/organisation/desks/{desk_id}", ASKED)


@get("/network/organisations/{organisation_id:str}/desks", guards=ENTE_READERS)
async def list_desks(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template:
    return await _page(request, actor, path_id(organisation_id))


@post("/network/organisations/{organisation_id:str}/desks", guards=ENTE_ADMINS, status_code=200)
async def open_desk(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, OpenDesk)
    if form.data is None:
        return await _page(request, actor, organisation, _("Please load the page again."))
    try:
        async with network_transaction() as scope:
            await find(scope, organisation)
            await ente.open_desk(scope, actor, organisation, form.data.desk_id)
    except Conflict as conflict:
        return await _page(request, actor, organisation, _(conflict.message))
    return see_other(request, f"{here(organisation)}/desks", OPENED)


async def _page(
    request: AnyRequest, actor: Actor, organisation_id: UUID, problem: str = ""
) -> Template:
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        desks = await queries.desks_of(scope, organisation_id)
        active = await queries.is_active(scope, organisation_id)
    below = f"{here(organisation_id)}/desks"
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/organisation/ente_desks.html",
        status_code=409 if problem else 200,
        crumbs=crumbs_of(organisation, (_("Desks"), below)),
        organisation=organisation,
        rows=[
            (desk, _(STATES[desk.state]), TONES[desk.state], [_(name) for name in missing(desk)])
            for desk in desks
        ],
        active=active,
        silent={desk.id for desk in desks if is_silent(desk, clock.today())} if active else set(),
        below=below,
        problem=problem,
    )


ROUTES = [ask_to_open, list_desks, open_desk]
