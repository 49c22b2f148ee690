"""The Ente's pages about its network: the board, the organisations, the desks that have fallen silent."""

from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock
from hub.db import network_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.network import queries, service
from hub.tenants.network.organisations import counts_by_standing, organisations
from hub.tenants.network.schemas import (
    KINDS,
    NEAR_DAYS,
    NEEDS,
    REACHES,
    SILENT_DAYS,
    STATES,
    TONES,
    Behind,
    FilterOrganisations,
    ListedOrganisation,
    Narrow,
)
from hub.tenants.onboarding.schemas import OPEN_POINTS
from hub.tenants.rooms import ENTE_READERS, network_page
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.queries import region_names
from hub.web.forms import Form, read_query
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest

EACH_PAGE = 50


@get("/network", guards=ENTE_READERS)
async def show_board(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    async with network_transaction() as scope:
        board = await service.look_at(scope, actor)
    return network_page(
        request,
        actor,
        "board",
        "tenants/network/board.html",
        board=board,
        points=OPEN_POINTS,
        reaches=REACHES,
        kinds=KINDS,
        silent_days=SILENT_DAYS,
        near_days=NEAR_DAYS,
        today=clock.today(),
    )


@get("/network/organisations", guards=ENTE_READERS)
async def list_organisations(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    async with network_transaction() as scope:
        names = await region_names(scope)
        regions = sorted(names.items(), key=lambda pair: pair[1])
        form = read_query(request, FilterOrganisations, choices={"region": regions})
        asked = form.data or FilterOrganisations()
        narrow = Narrow(
            fold(asked.q),
            asked.kind or None,
            asked.region or None,
            asked.need or None,
            clock.day_of(scope.now),
            actor.membership_id,
        )
        counts = await counts_by_standing(scope, narrow)
        found = await organisations(
            scope,
            narrow,
            standing=asked.state or None,
            after=asked.after,
            limit=EACH_PAGE + 1,
        )
    shown = found[:EACH_PAGE]
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/network/organisations.html",
        crumbs=[(_("Organisations"), "/network/organisations")],
        form=form,
        counts=counts,
        total=sum(counts.values()),
        organisations=shown,
        needs=NEEDS,
        points=OPEN_POINTS,
        states=STATES,
        tones=TONES,
        kinds=KINDS,
        next_url=_behind(form, shown) if len(found) > EACH_PAGE else None,
    )


@get("/network/silent", guards=ENTE_READERS)
async def list_silent(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    data = read_query(request, Behind).data
    after = data.after if data else None
    async with network_transaction() as scope:
        today = clock.day_of(scope.now)
        found = await queries.silent_desks(scope, today, after=after, limit=EACH_PAGE + 1)
    shown = found[:EACH_PAGE]
    return network_page(
        request,
        actor,
        "board",
        "tenants/network/silent.html",
        crumbs=[(_("Silent desks"), "/network/silent")],
        desks=shown,
        silent_days=SILENT_DAYS,
        later=after is not None,
        next_url=f"/network/silent?after={shown[-1].id}" if len(found) > EACH_PAGE else None,
    )


def _behind(form: Form[FilterOrganisations], shown: list[ListedOrganisation]) -> str:
    chosen = {name: typed[0] for name, typed in form.values.items() if typed and typed[0]}
    return "/network/organisations?" + urlencode(chosen | {"after": str(shown[-1].id)})


ROUTES: list[ControllerRouterHandler] = [show_board, list_organisations, list_silent]
