"""Opening a case: of a new citizen, or of one who is known."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub.db import TenantScope, tenant_transaction
from hub.errors import NotSignedIn
from hub.idempotency import KeyReused
from hub.referrals.cases import queries, service
from hub.referrals.cases.schemas import OpenCase, OpenCaseFor
from hub.referrals.citizens.codice_fiscale import is_born_on
from hub.referrals.citizens.queries import KnownCitizen
from hub.referrals.citizens.service import PersonKnown, visible_citizen
from hub.referrals.guards import DESK_WRITERS
from hub.referrals.members.standing import NoLongerHere, Suspended
from hub.referrals.not_saved import desk_writer, give_back
from hub.referrals.sent_before import given_back
from hub.tenants.accounts.actor import Actor
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality, region_names
from hub.web.forms import Form, Pairs, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

CASE_OPENED = message("case-opened", N_("The case is open."))


@get("/cases/municipalities", guards=DESK_WRITERS)
async def suggest_municipalities(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    """Options for the field's list while a person types."""
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await naming.suggest(scope, request.query_params.get("municipality", "")[:80])
    names = [naming.label_of(one) for one in found]
    return page(request, "referrals/municipality_options.html", names=names)


@get("/cases/new", guards=DESK_WRITERS)
async def new_case(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    _refuse_suspended(actor)
    async with tenant_transaction(actor.tenant_id) as scope:
        choices, known = await _opening_choices(scope, actor)
    return _new_case_page(request, blank(OpenCase, choices=choices, **known))


@post("/cases/new", status_code=200)
async def open_case(request: PageRequest) -> Template | Response[None]:
    """Without a guard of its own: whoever may not open one here any more gets back what was typed."""
    try:
        return await _open_case(request, desk_writer(request))
    except (NotSignedIn, NoLongerHere, Suspended) as refusal:
        return await give_back(request, refusal, OpenCase)


async def _open_case(request: PageRequest, actor: Actor) -> Template | Response[None]:
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    form = blank(OpenCase)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            choices, _known = await _opening_choices(scope, actor)
            form = await read_form(request, OpenCase, choices=choices, once=True)
            municipality, places = await _check_person(scope, form)
            if form.data is None:
                return _new_case_page(request, form, places=places)
            case_id = await service.open_case(scope, actor, form.data, form.key, municipality)
    except PersonKnown as found:
        return _new_case_page(request, form, known=found.citizens, sure=found.sure)
    except KeyReused:
        return _new_case_page(request, given_back(form))
    except service.DeskClosed as refusal:
        form.refuse("desk_id", _(refusal.message))
        return _new_case_page(request, form)
    return see_other(request, f"/cases/{case_id}", CASE_OPENED)


@get("/citizens/{citizen_id:str}/cases/new", guards=DESK_WRITERS)
async def new_case_of(
    request: PageRequest, actor: NamedDependency[Actor], citizen_id: FromPath[str]
) -> Template:
    _refuse_suspended(actor)
    async with tenant_transaction(actor.tenant_id) as scope:
        citizen = await visible_citizen(scope, actor, path_id(citizen_id))
        choices, known = await _opening_choices(scope, actor)
    form = blank(OpenCaseFor, choices=choices, **known)
    return _new_case_page(request, form, citizen=citizen)


@post("/citizens/{citizen_id:str}/cases/new", status_code=200)
async def open_case_of(
    request: PageRequest, citizen_id: FromPath[str]
) -> Template | Response[None]:
    try:
        return await _open_case_of(request, desk_writer(request), path_id(citizen_id))
    except (NotSignedIn, NoLongerHere, Suspended) as refusal:
        return await give_back(request, refusal, OpenCaseFor)


async def _open_case_of(
    request: PageRequest, actor: Actor, citizen_id: UUID
) -> Template | Response[None]:
    await request.body()
    async with tenant_transaction(actor.tenant_id) as scope:
        citizen = await visible_citizen(scope, actor, citizen_id)
        choices, _known = await _opening_choices(scope, actor)
    form = await read_form(request, OpenCaseFor, choices=choices, once=True)
    if form.data is None:
        return _new_case_page(request, form, citizen=citizen)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            case_id = await service.open_case_of(scope, actor, citizen.id, form.data, form.key)
    except KeyReused:
        return _new_case_page(request, given_back(form), citizen=citizen)
    except service.DeskClosed as refusal:
        form.refuse("desk_id", _(refusal.message))
        return _new_case_page(request, form, citizen=citizen)
    return see_other(request, f"/cases/{case_id}", CASE_OPENED)


def _refuse_suspended(actor: Actor) -> None:
    """Before anyone types into a form that could not be saved."""
    if actor.is_suspended("host"):
        raise Suspended(
            message=N_(
                "For the time being no case of a real citizen can be opened here. Your organisation’s page “Set-up” says"
                " since when and why."
            )
        )


def _new_case_page(
    request: PageRequest,
    form: Form[Any],
    *,
    citizen: KnownCitizen | None = None,
    known: Sequence[KnownCitizen] = (),
    sure: bool = False,
    places: Sequence[FoundMunicipality] = (),
) -> Template:
    """`citizen` is whom a further case is for; `known` whom a new citizen may be; `places` what a name may mean."""
    return page(
        request,
        "referrals/case_new.html",
        status_code=422 if form.failed or known else 200,
        crumbs=[(_("Cases"), "/cases"), (_("New case"), request.scope["path"])],
        form=form,
        citizen=citizen,
        known=known,
        sure=sure,
        places=[(place.istat_code, naming.label_of(place)) for place in places],
    )


async def _check_person(
    scope: TenantScope, form: Form[OpenCase]
) -> tuple[str | None, Sequence[FoundMunicipality]]:
    """What no field can tell alone. The municipality's code, or the municipalities that its name may mean."""
    asked = form.data
    if asked is None:
        return None, ()
    code, day = asked.codice_fiscale, asked.birth_date
    if code and day and not is_born_on(code, day):
        form.refuse("birth_date", _("The codice fiscale says another date of birth."))
    if asked.municipality is None:
        return None, ()
    resolved = await naming.resolve(scope, asked.municipality, asked.municipality_code)
    if resolved.one is None:
        several = _("Several municipalities begin like this: choose one of them.")
        none = _("No municipality begins like this. Please check the name.")
        form.refuse("municipality", several if resolved.candidates else none)
        return None, resolved.candidates
    # Should the form come back for another reason, this need not be asked again.
    form.values["municipality"] = [naming.label_of(resolved.one)]
    return resolved.one.istat_code, ()


async def _opening_choices(
    scope: TenantScope, actor: Actor
) -> tuple[dict[str, Pairs], dict[str, Any]]:
    """What can be chosen in the form, and what need not be, because there is only one."""
    desks = [
        desk
        for desk in await queries.desks_to_choose(scope, actor.desk_ids)
        if desk["state"] == "active"
    ]
    regions = await region_names(scope)
    home = {desk["region_code"] for desk in desks}
    choices: dict[str, Pairs] = {
        "desk_id": [(desk["id"], desk["name"]) for desk in desks],
        "region_code": list(regions.items()),
    }
    known: dict[str, Any] = {
        "desk_id": desks[0]["id"] if len(desks) == 1 else None,
        "region_code": home.pop() if len(home) == 1 else None,
        "kind": "enterprise_loan",
    }
    return choices, known


ROUTES = [
    suggest_municipalities,
    new_case,
    open_case,
    new_case_of,
    open_case_of,
]
