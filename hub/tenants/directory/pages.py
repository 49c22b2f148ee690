"""The home page, the search for a desk, and a page for each desk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Template

from hub.clock import day_of
from hub.db import NetworkScope, network_transaction
from hub.errors import NotFound
from hub.tenants.directory import queries, service
from hub.tenants.directory.drawing import Drawing, draw
from hub.tenants.directory.offers import OFFERS
from hub.tenants.directory.opening import Opening, opening_at
from hub.tenants.directory.schemas import Found, Overview, PublicDesk, SearchDesks
from hub.tenants.organisation import hours
from hub.tenants.organisation.queries import calendars
from hub.web.forms import Form, read_query
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id

PageRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}
# Everybody who comes sees the same map; a few seconds of age spare the database a crowd.
KEPT_FOR = timedelta(seconds=5)
NEXT_CLOSURES = 5


@get("/", opt=PUBLIC)
async def home(request: PageRequest) -> Template:
    async with network_transaction() as scope:
        overview = await _overview(scope, request)
    drawing = draw(overview.regions, overview.places)
    return page(request, "tenants/home.html", overview=overview, drawing=drawing)


@get("/desks", opt=PUBLIC)
async def search_desks(request: PageRequest) -> Template:
    async with network_transaction() as scope:
        overview = await _overview(scope, request)
        regions = [(region.code, region.name) for region in overview.regions]
        form = read_query(request, SearchDesks, choices={"region": regions}, prefix="desks")
        found = await service.search(scope, form.data) if form.data else Found()
        openings = await _openings(scope, [*found.desks, *(one.desk for one in found.near)])
    return page(
        request,
        "tenants/desks.html",
        status_code=200 if form.data else 422,
        crumbs=[(_("Desks"), "/desks")],
        form=form,
        found=found,
        openings=openings,
        overview=overview,
        drawing=_map_of_search(overview, form, found),
        most=service.MOST_CANDIDATES,
    )


@get("/desks/{desk_id:str}", opt=PUBLIC)
async def show_desk(request: PageRequest, desk_id: FromPath[str]) -> Template:
    async with network_transaction() as scope:
        desk = await queries.find_desk(scope, path_id(desk_id))
        if desk is None:
            raise NotFound
        overview = await _overview(scope, request)
        today = scope.now.astimezone(ZoneInfo(desk.time_zone)).date()
        calendar = (await calendars(scope, [desk.id], today))[desk.id]
        provinces = await queries.province_names(scope, desk.provinces)
        opening = opening_at(desk.hours, calendar, scope.now, desk.time_zone)
    at = (desk.latitude, desk.longitude)
    return page(
        request,
        "tenants/desk.html",
        crumbs=[(_("Desks"), "/desks"), (desk.name, f"/desks/{desk.id}")],
        desk=desk,
        opening=opening,
        hours=hours.lines(desk.hours),
        closed=hours.days_without(desk.hours),
        closures=calendar.next_closures(
            today, NEXT_CLOSURES, weekdays=hours.weekdays(desk.hours) or None
        ),
        offers=[_(OFFERS[code]) for code in desk.offers],
        provinces=provinces,
        drawing=draw(overview.regions, overview.places, chosen=desk.region_code, marker=at),
    )


async def _openings(scope: NetworkScope, desks: Sequence[PublicDesk]) -> dict[UUID, Opening]:
    """Of those that have stated their hours; one query for all."""
    known = [desk for desk in desks if desk.hours]
    if not known:
        return {}
    closed = await calendars(scope, [desk.id for desk in known], day_of(scope.now))
    found = {
        desk.id: opening_at(desk.hours, closed[desk.id], scope.now, desk.time_zone)
        for desk in known
    }
    return {desk_id: opening for desk_id, opening in found.items() if opening}


async def _overview(scope: NetworkScope, request: PageRequest) -> Overview:
    state: State = request.app.state
    kept: tuple[datetime, Overview] | None = state.get("directory_overview")
    if kept and timedelta(0) <= scope.now - kept[0] < KEPT_FOR:
        return kept[1]
    overview = await service.overview(scope)
    state["directory_overview"] = (scope.now, overview)
    return overview


def _map_of_search(overview: Overview, form: Form[SearchDesks], found: Found) -> Drawing:
    """Close to the place that was found, else to the region that was chosen, else all of Italy."""
    chosen, marker = form.data.region if form.data else None, None
    if found.postal_code and found.candidates:
        chosen = found.candidates[0].municipality.region_code
    if found.place:
        chosen = found.place.region_code
        marker = (found.place.latitude, found.place.longitude)
    return draw(overview.regions, overview.places, chosen=chosen or None, marker=marker)


ROUTES = [home, search_desks, show_desk]
