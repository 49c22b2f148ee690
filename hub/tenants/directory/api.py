"""The open list of desks, for other administrations' sites and for anyone."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from hub.api.open_data import answer
from hub.api.parameters import read_parameters
from hub.clock import day_of
from hub.db import NetworkScope, network_transaction
from hub.errors import NotFound
from hub.tenants.directory import queries
from hub.tenants.directory.schemas import (
    ClosureItem,
    DeskItem,
    DeskPage,
    HostItem,
    HoursItem,
    ListDesks,
    MunicipalityItem,
    PublicDesk,
)
from hub.tenants.organisation.closing import Calendar
from hub.tenants.organisation.hours import weekdays
from hub.tenants.organisation.queries import calendars
from hub.tenants.territory.parameters import check_codes
from hub.web import i18n
from hub.web.params import path_id

ApiRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}
NEXT_CLOSURES = 10


@get("/api/v1/desks", opt=PUBLIC)
async def list_desks(request: ApiRequest) -> Response[bytes]:
    """Active desks in a stable order; `next_cursor` is null on the last page."""
    asked = read_parameters(request, ListDesks)
    async with network_transaction() as scope:
        await check_codes(scope, region=asked.region, municipality=asked.municipality)
        desks = await queries.desks_by_id(
            scope,
            region_code=asked.region or None,
            municipality_code=asked.municipality or None,
            postal_code=asked.postal_code or None,
            offer=asked.offers or None,
            after=asked.cursor,
            limit=asked.limit + 1,
        )
        items = await _items(scope, request, desks[: asked.limit])
    cursor = items[-1].id if len(desks) > asked.limit else None
    return answer(request, DeskPage(items, cursor))


@get("/api/v1/desks/{desk_id:str}", opt=PUBLIC)
async def show_desk(request: ApiRequest, desk_id: FromPath[str]) -> Response[bytes]:
    async with network_transaction() as scope:
        desk = await queries.find_desk(scope, path_id(desk_id))
        if desk is None:
            raise NotFound
        (item,) = await _items(scope, request, [desk])
    return answer(request, item)


async def _items(
    scope: NetworkScope, request: ApiRequest, desks: list[PublicDesk]
) -> list[DeskItem]:
    """Reasons of closures are in Italian, whoever asks: the same address holds the same for everyone."""
    base_url: str = request.app.state.settings.base_url
    closed = await calendars(scope, [desk.id for desk in desks], day_of(scope.now))
    with i18n.reading_in("it"):
        return [
            _item(desk, _closures(scope, desk, closed[desk.id]), base_url.rstrip("/"))
            for desk in desks
        ]


def _closures(scope: NetworkScope, desk: PublicDesk, calendar: Calendar) -> list[ClosureItem]:
    coming = calendar.next_closures(
        day_of(scope.now), NEXT_CLOSURES, weekdays=weekdays(desk.hours) or None
    )
    return [ClosureItem(one.first, one.last, one.kind, one.reason) for one in coming]


def _item(desk: PublicDesk, closures: list[ClosureItem], base_url: str) -> DeskItem:
    return DeskItem(
        id=desk.id,
        name=desk.name,
        host=HostItem(
            desk.host_id, desk.host, desk.website, desk.accessibility_url, desk.feedback_email
        ),
        municipality=MunicipalityItem(
            desk.municipality_code,
            desk.municipality,
            desk.province_code,
            desk.region_code,
            desk.region,
        ),
        address=desk.address,
        postal_code=desk.postal_code,
        latitude=desk.latitude,
        longitude=desk.longitude,
        phone=desk.phone or None,
        email=desk.email or None,
        hours=[
            HoursItem(day, f"{opens:%H:%M}", f"{closes:%H:%M}") for day, opens, closes in desk.hours
        ],
        opening_hours=desk.opening_hours or None,
        time_zone=desk.time_zone,
        closures=closures,
        how_to_reach=desk.how_to_reach,
        offers=list(desk.offers),
        provinces=list(desk.provinces),
        opened_on=desk.opened_on,
        verified_on=desk.verified_on,
        url=f"{base_url}/desks/{desk.id}",
    )


ROUTES = [list_desks, show_desk]
