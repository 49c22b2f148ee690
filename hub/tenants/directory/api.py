"""The open list of desks, for other administrations' sites and for anyone."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from hub.api.parameters import read_parameters
from hub.db import network_transaction
from hub.errors import NotFound
from hub.tenants.directory import queries
from hub.tenants.directory.schemas import (
    DeskItem,
    DeskPage,
    HostItem,
    ListDesks,
    MunicipalityItem,
    PublicDesk,
)
from hub.web.params import path_id

ApiRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}
# Desks change a few times a year; a minute spares the database a site that asks at every visit.
HEADERS = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}


@get("/api/v1/desks", opt=PUBLIC)
async def list_desks(request: ApiRequest) -> Response[DeskPage]:
    """Active desks in a stable order; `next_cursor` is null on the last page."""
    asked = read_parameters(request, ListDesks)
    async with network_transaction() as scope:
        desks = await queries.desks_by_id(
            scope,
            region_code=asked.region or None,
            municipality_code=asked.municipality or None,
            after=asked.cursor,
            limit=asked.limit + 1,
        )
    shown = desks[: asked.limit]
    cursor = shown[-1].id if len(desks) > asked.limit else None
    body = DeskPage([_item(request, desk) for desk in shown], cursor)
    return Response(body, headers=HEADERS)


@get("/api/v1/desks/{desk_id:str}", opt=PUBLIC)
async def show_desk(request: ApiRequest, desk_id: FromPath[str]) -> Response[DeskItem]:
    async with network_transaction() as scope:
        desk = await queries.find_desk(scope, path_id(desk_id))
    if desk is None:
        raise NotFound
    return Response(_item(request, desk), headers=HEADERS)


def _item(request: ApiRequest, desk: PublicDesk) -> DeskItem:
    base_url: str = request.app.state.settings.base_url
    return DeskItem(
        id=desk.id,
        name=desk.name,
        host=HostItem(desk.host_id, desk.host, desk.website),
        municipality=MunicipalityItem(
            desk.municipality_code,
            desk.municipality,
            desk.province_code,
            desk.region_code,
            desk.region,
        ),
        address=desk.address,
        latitude=desk.latitude,
        longitude=desk.longitude,
        phone=desk.phone,
        email=desk.email,
        opening_hours=desk.opening_hours,
        opened_on=desk.opened_on,
        verified_on=desk.verified_on,
        url=f"{base_url.rstrip('/')}/desks/{desk.id}",
    )


ROUTES = [list_desks, show_desk]
