"""What a lender or tutor offers, for the Ente's people: today, and on any past day. They read; it is not theirs to change."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.clock import day_of
from hub.db import network_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.page_parts import crumbs_of, find, here
from hub.tenants.rooms import ENTE_READERS, network_page
from hub.tenants.services import queries, wording
from hub.tenants.services.pages import OnDay
from hub.tenants.services.schemas import KINDS
from hub.tenants.services.standing import services
from hub.tenants.territory.queries import region_names
from hub.web.forms import read_query
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id


@get("/network/organisations/{organisation_id:str}/services", guards=ENTE_READERS)
async def show_services_of(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template:
    organisation_key = path_id(organisation_id)
    asked = read_query(request, OnDay, prefix="services")
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_key)
        today = day_of(scope.now)
        every = services(await queries.all_versions(scope, organisation_key), today)
        regions = await region_names(scope)
    day = (asked.data.on if asked.data else None) or today
    place = f"{here(organisation_key)}/services"
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/services.html",
        status_code=200 if asked.data else 422,
        crumbs=crumbs_of(organisation, (_("Services"), place)),
        organisation=organisation,
        place=place,
        asked=asked,
        day=day,
        today=today,
        then=[one for one in every if one.on(day)],
        every=every,
        regions=regions,
        kinds=KINDS,
        words=wording,
    )


ROUTES: list[ControllerRouterHandler] = [show_services_of]
