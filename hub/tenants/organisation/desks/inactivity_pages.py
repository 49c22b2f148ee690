"""The Ente announces the closing of a silent desk, and takes it back."""

from datetime import timedelta
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.db import network_transaction
from hub.errors import Conflict
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.page_parts import crumbs_of, find, here
from hub.tenants.onboarding.schemas import OrganisationView
from hub.tenants.organisation.desks import inactivity, queries
from hub.tenants.organisation.desks.ente_pages import OpenDesk
from hub.tenants.organisation.desks.inactivity import OtherNotice, TakerMissing, takers_of
from hub.tenants.organisation.desks.schemas import AnnounceClosing, Desk
from hub.tenants.rooms import ENTE_ADMINS, network_page
from hub.web.forms import Form, Pairs, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

ANNOUNCED = message(
    "desk-closing-announced",
    N_("The closing is announced: the host’s administrators get a letter."),
)
WITHDRAWN = message("desk-closing-withdrawn", N_("The closing is taken back. The desk stays open."))
GONE = message(
    "desk-gone", N_("This desk is closed by now, or no desk of this organisation."), "warning"
)
USUAL_NOTICE = timedelta(days=30)

DESKS = "/network/organisations/{organisation_id:str}/desks"


@get(f"{DESKS}/close", guards=ENTE_ADMINS)
async def closing_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    known, desks = await _look(organisation)
    desk = _chosen(desks, parse_uuid(request.query_params.get("desk", "")))
    if desk is None:
        return see_other(request, f"{here(organisation)}/desks", GONE)
    form = blank(
        AnnounceClosing,
        choices=_takers(desk, desks),
        desk_id=desk.id,
        closing_on=clock.today() + USUAL_NOTICE,
    )
    return _page(request, actor, known, desk, desks, form)


@post(f"{DESKS}/close", guards=ENTE_ADMINS, status_code=200)
async def announce_closing(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    known, desks = await _look(organisation)
    form = await read_form(request, AnnounceClosing, choices=_takers(None, desks))
    desk = _chosen(desks, parse_uuid((form.values.get("desk_id") or [""])[0]))
    if desk is None:
        return see_other(request, f"{here(organisation)}/desks", GONE)
    form.choices = _takers(desk, desks)
    if form.data:
        try:
            async with network_transaction() as scope:
                await inactivity.announce(scope, actor, organisation, form.data)
            return see_other(request, f"{here(organisation)}/desks", ANNOUNCED)
        except OtherNotice as refused:
            form.refuse("closing_on", _(refused.message))
        except TakerMissing as refused:
            form.refuse("taker_id", _(refused.message))
        except Conflict as refused:
            form.refuse(None, _(refused.message))
    return _page(request, actor, known, desk, desks, form)


@post(f"{DESKS}/close/withdraw", guards=ENTE_ADMINS, status_code=303)
async def withdraw_closing(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, OpenDesk)
    async with network_transaction() as scope:
        await find(scope, organisation)
        if form.data is None:
            return see_other(request, f"{here(organisation)}/desks", GONE)
        await inactivity.withdraw(scope, actor, organisation, form.data.desk_id)
    return see_other(request, f"{here(organisation)}/desks", WITHDRAWN)


async def _look(organisation_id: UUID) -> tuple[OrganisationView, list[Desk]]:
    async with network_transaction() as scope:
        return await find(scope, organisation_id), await queries.desks_of(scope, organisation_id)


def _chosen(desks: list[Desk], desk_id: UUID | None) -> Desk | None:
    return next((one for one in desks if one.id == desk_id), None)


def _takers(desk: Desk | None, desks: list[Desk]) -> dict[str, Pairs]:
    """Without a desk, every open one: what is chosen is looked at again under a lock."""
    offered = takers_of(desk, desks) if desk else desks
    return {"taker_id": [(one.id, f"{one.name}, {one.municipality}") for one in offered]}


def _page(
    request: AnyRequest,
    actor: Actor,
    organisation: OrganisationView,
    desk: Desk,
    desks: list[Desk],
    form: Form[AnnounceClosing],
) -> Template:
    below = f"{here(organisation.id)}/desks"
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/organisation/ente_close.html",
        status_code=422 if form.failed else 200,
        crumbs=crumbs_of(
            organisation,
            (_("Desks"), below),
            (_("Close for inactivity"), f"{below}/close?desk={desk.id}"),
        ),
        desk=desk,
        has_takers=bool(takers_of(desk, desks)),
        form=form,
        below=below,
    )


ROUTES = [closing_form, announce_closing, withdraw_closing]
