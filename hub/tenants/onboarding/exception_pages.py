"""Exceptions to points of a checklist, at the Ente: one person asks, another agrees or refuses and says why."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import network_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import checklist, queries
from hub.tenants.onboarding.asking import AskException, DecideException, RefuseException
from hub.tenants.onboarding.page_parts import (
    all_points,
    crumbs_of,
    find,
    here,
    page_of,
    point_pairs,
    running,
)
from hub.tenants.onboarding.schemas import POINTS
from hub.tenants.rooms import ENTE_ADMINS, network_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

ASKED = message(
    "exception-asked", N_("The exception is asked for. A second person has to agree to it.")
)
DECIDED = {
    "agreed": message("exception-agreed", N_("The exception is agreed.")),
    "withdrawn": message("exception-withdrawn", N_("The exception is withdrawn.")),
}
REFUSED = message("exception-refused", N_("The exception is refused: the point stays open."))


@get("/network/organisations/{organisation_id:str}/exception", guards=ENTE_ADMINS)
async def exception_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _asking(request, actor, path_id(organisation_id), None)


@post("/network/organisations/{organisation_id:str}/exception", status_code=200, guards=ENTE_ADMINS)
async def ask_exception(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    async with network_transaction() as scope:
        await find(scope, organisation)
    form = await read_form(request, AskException, choices={"point": all_points()})
    if data := form.data:
        try:
            async with network_transaction() as scope:
                await checklist.ask_exception(scope, actor, organisation, data.point, data.reason)
            return see_other(request, here(organisation), ASKED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _asking(request, actor, organisation, form)


@post(
    "/network/organisations/{organisation_id:str}/exception/decide",
    status_code=200,
    guards=ENTE_ADMINS,
)
async def decide_exception(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, DecideException)
    if form.data is None:
        return await page_of(request, actor, organisation, _("Please load the page again."))
    exception_id, outcome = form.data.exception_id, form.data.outcome
    act = {"agreed": checklist.agree_exception, "withdrawn": checklist.withdraw_exception}[outcome]
    try:
        async with network_transaction() as scope:
            await act(scope, actor, organisation, exception_id)
    except Conflict as conflict:
        return await page_of(request, actor, organisation, _(conflict.message))
    return see_other(request, here(organisation), DECIDED[outcome])


@get("/network/organisations/{organisation_id:str}/exception/refuse", guards=ENTE_ADMINS)
async def refuse_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _refusing(request, actor, path_id(organisation_id), None)


@post(
    "/network/organisations/{organisation_id:str}/exception/refuse",
    status_code=200,
    guards=ENTE_ADMINS,
)
async def refuse_exception(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, RefuseException)
    if data := form.data:
        try:
            async with network_transaction() as scope:
                await checklist.refuse_exception(
                    scope, actor, organisation, data.exception_id, data.reason
                )
        except Conflict as conflict:
            return await page_of(request, actor, organisation, _(conflict.message))
        return see_other(request, here(organisation), REFUSED)
    return await _refusing(request, actor, organisation, form)


async def _asking(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[AskException] | None
) -> Template | Response[None]:
    organisation, setup = await running(organisation_id)
    if setup is None:
        return see_other(request, here(organisation_id))
    offered = point_pairs([point.code for point in setup.blocking if point.exception is None])
    if form is None:
        form = blank(AskException, point=request.query_params.get("point"))
    form.choices = {"point": offered}
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/exception.html",
        status_code=422 if form.failed else 200,
        crumbs=crumbs_of(
            organisation, (_("Ask for an exception"), f"{here(organisation_id)}/exception")
        ),
        organisation=organisation,
        form=form,
        here=here(organisation_id),
    )


async def _refusing(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[RefuseException] | None
) -> Template | Response[None]:
    """Of the point that is asked for; the organisation's page where somebody was faster, or it is one's own."""
    organisation, setup = await running(organisation_id)
    point = request.query_params.get("point")
    asked = next(
        (
            one.exception
            for one in (setup.points if setup else ())
            if one.code == point and one.exception and one.exception.state == "asked"
        ),
        None,
    )
    if asked is None or asked.asked_by == actor.membership_id:
        return see_other(request, here(organisation_id))
    async with network_transaction() as scope:
        names = await queries.names_of(scope, [asked.asked_by])
    place = f"{here(organisation_id)}/exception/refuse?point={asked.code}"
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/refuse_exception.html",
        status_code=422 if form else 200,
        crumbs=crumbs_of(organisation, (_("Refuse the exception"), place)),
        organisation=organisation,
        asked=asked,
        point=_(POINTS[asked.code]),
        asked_by=names.get(asked.asked_by, _("somebody of the Ente")),
        form=form or blank(RefuseException, exception_id=asked.id),
        place=place,
        here=here(organisation_id),
    )


ROUTES: list[ControllerRouterHandler] = [
    exception_form,
    ask_exception,
    decide_exception,
    refuse_form,
    refuse_exception,
]
