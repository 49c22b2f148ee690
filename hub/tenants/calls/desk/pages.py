"""The desk's page: the first that the Ente's people see of their calls."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import standing
from hub.tenants.calls.applications.schemas import APPLICATION_STATES
from hub.tenants.calls.desk.schemas import REACHES, ListDecided
from hub.tenants.calls.desk.service import look_at
from hub.tenants.calls.guards import READERS
from hub.tenants.calls.page_parts import PageRequest
from hub.tenants.calls.standing import standing_of
from hub.web.forms import read_query
from hub.web.i18n import gettext as _
from hub.web.page import page


@get("/selections", guards=READERS)
async def show_desk(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    """A cursor that is none leads to the first page."""
    data = read_query(request, ListDecided).data
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await look_at(scope, actor, data.after if data else None)
    return page(
        request,
        "tenants/calls/desk.html",
        crumbs=[(_("Selections"), "/selections")],
        desk=desk,
        # A later page of decided calls is nothing but that.
        first=data is None or data.after is None,
        next_url=f"/selections?after={desk.more}" if desk.more else None,
        standing_of=standing_of,
        states=APPLICATION_STATES,
        reaches=REACHES,
        words=standing,
    )


ROUTES: list[ControllerRouterHandler] = [show_desk]
