"""What lenders and tutors offer, for everyone: a page to read and a list for programs.

Organisations that are not active, and those that answer test referrals only, are in neither.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.api.open_data import answer
from hub.api.parameters import Cursor, read_parameters
from hub.clock import day_of
from hub.db import network_transaction
from hub.tenants.services import queries, wording
from hub.tenants.services.queries import Public
from hub.tenants.services.schemas import KINDS
from hub.tenants.territory.parameters import check_codes
from hub.tenants.territory.queries import region_names
from hub.web.fields import Choice, Date, Integer, Text
from hub.web.forms import read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page

AnyRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}
PAGE = 50
REGION_CODE = msgspec.Meta(pattern=r"^[0-9]{2}$")


class SearchServices(msgspec.Struct):
    region: Annotated[str, Choice(N_("Region"))] = ""
    kind: Annotated[str, Choice(N_("What is offered"), options=KINDS)] = ""
    page: Annotated[int, Integer(minimum=1, maximum=1000)] = 1


class ListServices(msgspec.Struct):
    """The API's parameters; without `on`, what is offered today."""

    on: Annotated[date | None, Date()] = None
    region: Annotated[str, Text(), REGION_CODE] = ""
    kind: Annotated[str, Choice(options=KINDS)] = ""
    cursor: Annotated[UUID | None, Cursor()] = None
    limit: Annotated[int, Integer(minimum=1, maximum=100)] = 50


class OrganisationItem(msgspec.Struct):
    id: UUID
    name: str
    website: str | None


class ServiceItem(msgspec.Struct):
    """Amounts in cents; `regions` are ISTAT's codes; `answer_days` are working days; `valid_to` is the last day."""

    id: UUID
    kind: str
    name: str
    description: str
    organisation: OrganisationItem
    regions: list[str]
    min_amount_cents: int | None
    max_amount_cents: int | None
    currency: str
    beneficiaries: list[str]
    capacity_per_month: int | None
    answer_days: int | None
    valid_from: date
    valid_to: date | None


class ServicePage(msgspec.Struct):
    on: date
    items: list[ServiceItem]
    next_cursor: UUID | None


@get("/services", opt=PUBLIC)
async def public_services(request: AnyRequest) -> Template:
    async with network_transaction() as scope:
        regions = await region_names(scope)
        choices = {"region": sorted(regions.items(), key=lambda one: one[1])}
        form = read_query(request, SearchServices, choices=choices, prefix="services")
        data = form.data or SearchServices()
        found = await queries.services_by_name(
            scope,
            day_of(scope.now),
            kind=data.kind or None,
            region_code=data.region or None,
            offset=(data.page - 1) * PAGE,
            limit=PAGE + 1,
        )
    return page(
        request,
        "tenants/services/public.html",
        status_code=200 if form.data else 422,
        crumbs=[(_("What is offered"), "/services")],
        form=form,
        data=data,
        found=found[:PAGE],
        next_page=data.page + 1 if len(found) > PAGE else None,
        regions=regions,
        kinds=KINDS,
        words=wording,
    )


@get("/api/v1/services", opt=PUBLIC)
async def list_services(request: AnyRequest) -> Response[bytes]:
    """In a stable order; `next_cursor` is null on the last page. A past or a future day is answered, too."""
    asked = read_parameters(request, ListServices)
    async with network_transaction() as scope:
        await check_codes(scope, region=asked.region)
        on = asked.on or day_of(scope.now)
        found = await queries.public_services(
            scope,
            on,
            kind=asked.kind or None,
            region_code=asked.region or None,
            after=asked.cursor,
            limit=asked.limit + 1,
        )
    shown = found[: asked.limit]
    cursor = shown[-1].offered.service_id if len(found) > asked.limit else None
    return answer(request, ServicePage(on, [_item(one) for one in shown], cursor))


def _item(public: Public) -> ServiceItem:
    offered = public.offered
    return ServiceItem(
        id=offered.service_id,
        kind=offered.kind,
        name=offered.name,
        description=offered.description,
        organisation=OrganisationItem(public.organisation_id, public.organisation, public.website),
        regions=list(offered.regions),
        min_amount_cents=offered.min_amount_cents,
        max_amount_cents=offered.max_amount_cents,
        currency=offered.currency,
        beneficiaries=list(offered.beneficiaries),
        capacity_per_month=offered.capacity,
        answer_days=offered.answer_days,
        valid_from=offered.valid_from,
        valid_to=offered.valid_to,
    )


ROUTES: list[ControllerRouterHandler] = [public_services, list_services]
