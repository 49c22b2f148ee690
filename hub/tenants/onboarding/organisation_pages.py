"""One organisation at the Ente: how it stands, its activation, and its days."""

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
from hub.tenants.onboarding.activate import AlreadyEnded, activate
from hub.tenants.onboarding.asking import (
    WHOLE,
    Activate,
    ChangeTerm,
)
from hub.tenants.onboarding.page_parts import (
    all_points,
    crumbs_of,
    find,
    here,
    page_of,
    point_pairs,
    running,
)
from hub.tenants.rooms import ENTE_ADMINS, ENTE_READERS, network_page
from hub.web.formats import format_datetime
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

ACTIVATED = message("organisation-activated", N_("The organisation is active."))
POSTPONED = message("setup-postponed", N_("The new day is noted."))


@get("/network/organisations/{organisation_id:str}", guards=ENTE_READERS)
async def show_organisation(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template:
    return await page_of(request, actor, path_id(organisation_id))


@get(
    [
        f"/network/organisations/{{organisation_id:str}}/{step}"
        for step in ("activate", "resume", "exception/decide")
    ],
    guards=ENTE_READERS,
)
async def back_from_a_step(request: AnyRequest, organisation_id: FromPath[str]) -> Response[None]:
    """Where a step that could not be taken was said: whoever opens that address again comes back."""
    return see_other(request, here(path_id(organisation_id)))


@post("/network/organisations/{organisation_id:str}/activate", status_code=200, guards=ENTE_ADMINS)
async def activate_organisation(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, Activate)
    if form.data is None:
        return await page_of(request, actor, organisation, _("Please load the page again."))
    try:
        async with network_transaction() as scope:
            await activate(scope, actor, organisation, form.data.setup_id)
    except AlreadyEnded as ended:
        return await page_of(request, actor, organisation, await _who_was_faster(ended))
    except Conflict as conflict:
        return await page_of(request, actor, organisation, _(conflict.message))
    return see_other(request, here(organisation), ACTIVATED)


async def _who_was_faster(ended: AlreadyEnded) -> str:
    async with network_transaction() as scope:
        names = await queries.names_of(scope, [ended.by] if ended.by else [])
    words = {
        "name": names.get(ended.by, _("the hub")) if ended.by else _("the hub"),
        "when": format_datetime(ended.at, "long"),
    }
    if ended.state == "active":
        return _("%(name)s was faster, and activated it on %(when)s.", **words)
    return _("%(name)s was faster, and abandoned the set-up on %(when)s.", **words)


@get("/network/organisations/{organisation_id:str}/term", guards=ENTE_ADMINS)
async def term_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _postponing(request, actor, path_id(organisation_id), None)


@post("/network/organisations/{organisation_id:str}/term", status_code=200, guards=ENTE_ADMINS)
async def change_term(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    async with network_transaction() as scope:
        await find(scope, organisation)
    form = await read_form(request, ChangeTerm, choices={"point": [_whole(), *all_points()]})
    if form.parsed.get("point") == WHOLE and not form.parsed.get("reason"):
        form.refuse("reason", _("Fill in this field."))
    if data := form.data:
        try:
            async with network_transaction() as scope:
                if data.point != WHOLE:
                    await checklist.postpone_point(
                        scope, actor, organisation, data.point, data.due_on
                    )
                else:
                    await checklist.postpone(scope, actor, organisation, data.due_on, data.reason)
            return see_other(request, here(organisation), POSTPONED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _postponing(request, actor, organisation, form)


async def _postponing(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[ChangeTerm] | None
) -> Template | Response[None]:
    organisation, setup = await running(organisation_id)
    if setup is None:
        return see_other(request, here(organisation_id))
    days = {point.code: point.due_on for point in setup.points}
    asked = request.query_params.get("point", WHOLE)
    if form is None:
        form = blank(ChangeTerm, point=asked, due_on=days.get(asked, setup.due_on))
    blocking = point_pairs([point.code for point in setup.points if point.blocks])
    form.choices = {"point": [_whole(), *blocking]}
    form.notes = {"reason": _("needed where the whole set-up is postponed")}
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/term.html",
        status_code=422 if form.failed else 200,
        crumbs=crumbs_of(organisation, (_("Change the term"), f"{here(organisation_id)}/term")),
        organisation=organisation,
        setup=setup,
        form=form,
        here=here(organisation_id),
    )


def _whole() -> tuple[str, str]:
    return WHOLE, _("The whole set-up")


ROUTES: list[ControllerRouterHandler] = [
    show_organisation,
    back_from_a_step,
    activate_organisation,
    term_form,
    change_term,
]
