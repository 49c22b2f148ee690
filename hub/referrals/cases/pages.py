"""The desk's pages: its cases, opening one, and what is recorded on it. No personal data stands in an address."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.api.paging import from_cursor, to_cursor
from hub.db import TenantScope, tenant_transaction
from hub.errors import NotFound
from hub.referrals import labels
from hub.referrals.button import button_key
from hub.referrals.cases import course, queries, residence, service
from hub.referrals.cases.codice_fiscale import is_born_on, masked
from hub.referrals.cases.find import MOST, Found, find
from hub.referrals.cases.queries import CaseRow, KnownCitizen
from hub.referrals.cases.schemas import (
    FilterCases,
    FindCase,
    OpenCase,
    OpenCaseFor,
    RecordConsultation,
    RecordMilestone,
)
from hub.referrals.labels import MILESTONES
from hub.referrals.offers import queries as offers
from hub.referrals.offers.reasons import ADVICE, REASONS
from hub.referrals.roles import READERS, WRITERS
from hub.tenants.accounts.actor import Actor, requires
from hub.tenants.territory.queries import FoundMunicipality, region_names
from hub.web.forms import Form, Pairs, blank, read_form, read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]
READS = [requires("host", roles=READERS)]
WRITES = [requires("host", roles=WRITERS)]
PAGE_SIZE = 25

CASE_OPENED = message("case-opened", N_("The case is open."))
CONSULTATION_RECORDED = message("consultation-recorded", N_("The consultation is recorded."))
MILESTONE_RECORDED = message("milestone-recorded", N_("The milestone is recorded."))
CASE_CLOSED = message("case-closed", N_("The case is closed."))
CASE_REOPENED = message("case-reopened", N_("The case is open again."))


@get("/cases", guards=READS)
async def list_cases(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    after = from_cursor(request.query_params.get("after", ""))
    async with tenant_transaction(actor.tenant_id) as scope:
        counts = await queries.count_cases(scope, actor.desk_ids)
        desks = await queries.desks_to_choose(scope, actor.desk_ids)
        form = read_query(request, FilterCases, choices=_filters(counts, desks))
        cases = await queries.list_cases(
            scope, actor.desk_ids, form.data or FilterCases(), after=after, limit=PAGE_SIZE + 1
        )
    shown = cases[:PAGE_SIZE] if form.data else []
    return page(
        request,
        "referrals/cases.html",
        status_code=200 if form.data else 422,
        crumbs=[(_("Cases"), "/cases")],
        cases=shown,
        next_url=_behind(form, shown[-1]) if len(cases) > len(shown) > 0 else None,
        later=after is not None,
        form=form,
        search=blank(FindCase, prefix="find"),
        totals=_totals(counts),
        labels=labels,
        desks=desks,
        may_write=actor.role in WRITERS,
    )


@post("/cases/search", guards=READS, status_code=200)
async def search_cases(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    """By POST, since a name in an address would stay in histories and logs."""
    form = await read_form(request, FindCase, prefix="find")
    found = Found("name")
    if form.data:
        async with tenant_transaction(actor.tenant_id) as scope:
            found = await find(scope, actor, form.data.sought)
        if found.case_id:
            return see_other(request, f"/cases/{found.case_id}")
        if found.problem == "wrong_number":
            form.refuse("sought", _("No case has this number: one of its digits is wrong."))
        elif found.problem == "wrong_code":
            form.refuse(
                "sought", _("This codice fiscale is not valid. Please check each character.")
            )
    return page(
        request,
        "referrals/search.html",
        status_code=200 if form.data else 422,
        crumbs=[(_("Cases"), "/cases"), (_("Search"), "/cases/search")],
        search=form,
        found=found,
        cases=found.cases[:MOST],
        more=len(found.cases) > MOST,
        labels=labels,
        may_write=actor.role in WRITERS,
    )


@get("/cases/search", guards=READS)
async def search_again(request: PageRequest) -> Response[None]:
    """Where a search is loaded again without its form, as after a change of language."""
    return see_other(request, "/cases")


@get("/cases/municipalities", guards=WRITES)
async def suggest_municipalities(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    """Options for the field's list while a person types."""
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await residence.suggest(scope, request.query_params.get("municipality", "")[:80])
    names = [residence.label_of(one) for one in found]
    return page(request, "referrals/municipality_options.html", names=names)


@get("/cases/new", guards=WRITES)
async def new_case(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        choices, known = await _opening_choices(scope, actor)
    return _new_case_page(request, blank(OpenCase, choices=choices, **known))


@post("/cases/new", guards=WRITES, status_code=200)
async def open_case(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
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
    except service.PersonKnown as found:
        return _new_case_page(request, form, known=found.citizens, sure=found.sure)
    return see_other(request, f"/cases/{case_id}", CASE_OPENED)


@get("/citizens/{citizen_id:str}/cases/new", guards=WRITES)
async def new_case_of(
    request: PageRequest, actor: NamedDependency[Actor], citizen_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        citizen = await _citizen(scope, actor, citizen_id)
        choices, known = await _opening_choices(scope, actor)
    form = blank(OpenCaseFor, choices=choices, **known)
    return _new_case_page(request, form, citizen=citizen)


@post("/citizens/{citizen_id:str}/cases/new", guards=WRITES, status_code=200)
async def open_case_of(
    request: PageRequest, actor: NamedDependency[Actor], citizen_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()
    async with tenant_transaction(actor.tenant_id) as scope:
        citizen = await _citizen(scope, actor, citizen_id)
        choices, _known = await _opening_choices(scope, actor)
        form = await read_form(request, OpenCaseFor, choices=choices, once=True)
        if form.data is None:
            return _new_case_page(request, form, citizen=citizen)
        case_id = await service.open_case_of(scope, actor, citizen.id, form.data, form.key)
    return see_other(request, f"/cases/{case_id}", CASE_OPENED)


@get("/cases/{case_id:str}", guards=READS)
async def show_case(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template:
    return await _case_page(request, actor, path_id(case_id))


@post("/cases/{case_id:str}/codice-fiscale", guards=READS, status_code=200)
async def reveal_codice_fiscale(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template:
    return await _case_page(request, actor, path_id(case_id), reveal=True)


@post("/cases/{case_id:str}/consultations", guards=WRITES, status_code=200)
async def record_consultation(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template | Response[None]:
    wanted = path_id(case_id)
    form = await read_form(request, RecordConsultation, prefix="consultation", once=True)
    if form.data is None:
        return await _case_page(request, actor, wanted, consultation=form)
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.record_consultation(scope, actor, wanted, form.data, form.key)
    return see_other(request, f"/cases/{wanted}", CONSULTATION_RECORDED)


@post("/cases/{case_id:str}/milestones", guards=WRITES, status_code=200)
async def record_milestone(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template | Response[None]:
    wanted = path_id(case_id)
    form = await read_form(request, RecordMilestone, prefix="milestone", once=True)
    if form.data is None:
        return await _case_page(request, actor, wanted, milestone=form)
    kind = form.data.kind
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.record_milestone(scope, actor, wanted, form.data, form.key)
    except service.BeforeOpening:
        form.refuse("reached_on", _("This is before the day on which the case was opened."))
        return await _case_page(request, actor, wanted, milestone=form)
    said = CASE_CLOSED if kind == "closed" else MILESTONE_RECORDED
    return see_other(request, f"/cases/{wanted}", said)


@post("/cases/{case_id:str}/reopen", guards=WRITES, status_code=303)
async def reopen_case(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Response[None]:
    wanted = path_id(case_id)
    key = await button_key(request)
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.reopen_case(scope, actor, wanted, key)
    return see_other(request, f"/cases/{wanted}", CASE_REOPENED)


@get(
    [
        "/cases/{case_id:str}/codice-fiscale",
        "/cases/{case_id:str}/consultations",
        "/cases/{case_id:str}/milestones",
    ],
    guards=READS,
)
async def back_to_case(request: PageRequest, case_id: FromPath[str]) -> Response[None]:
    """Where a page that answered a form is loaded again without it, as after a change of language."""
    return see_other(request, f"/cases/{path_id(case_id)}")


async def _case_page(
    request: PageRequest,
    actor: Actor,
    case_id: UUID,
    *,
    consultation: Form[RecordConsultation] | None = None,
    milestone: Form[RecordMilestone] | None = None,
    reveal: bool = False,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        case = await service.read_case(scope, actor, case_id)
        code = await service.codice_fiscale(scope, actor, case, clear=reveal)
        consultations = await queries.consultations_of(scope, case_id)
        milestones = await queries.milestones_of(scope, case_id)
        referrals = await offers.referrals_of_case(scope, case_id)
        ids = [referral.id for referral in referrals]
        case_offers = await offers.offers_of(scope, ids) if ids else []
        events = await offers.events_of(scope, ids) if ids else []
        others = await queries.cases_of_citizen(scope, actor.desk_ids, case.citizen_id)
    moments = course.moments(
        case,
        consultations=consultations,
        milestones=milestones,
        referrals=referrals,
        offers=case_offers,
        events=events,
    )
    failed = bool((consultation and consultation.failed) or (milestone and milestone.failed))
    return page(
        request,
        "referrals/case.html",
        status_code=422 if failed else 200,
        crumbs=[(_("Cases"), "/cases"), (case.number, f"/cases/{case.id}")],
        case=case,
        code=code if reveal or code is None else masked(code),
        revealed=reveal,
        steps=course.steps(milestones),
        moments=moments,
        referrals=referrals,
        offers=case_offers,
        other_cases=[other for other in others if other.id != case.id],
        consultation=consultation
        or blank(
            RecordConsultation,
            prefix="consultation",
            held_on=clock.today(),
            channel="in_person",
        ),
        milestone=milestone or blank(RecordMilestone, prefix="milestone"),
        key=uuid4(),
        labels=labels,
        reasons=REASONS,
        advice=ADVICE,
        may_write=actor.role in WRITERS,
        may_refer=all(referral.state in ("exhausted", "withdrawn") for referral in referrals),
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
        places=[(place.istat_code, residence.label_of(place)) for place in places],
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
    resolved = await residence.resolve(scope, asked.municipality, asked.municipality_code)
    if resolved.one is None:
        several = _("Several municipalities begin like this: choose one of them.")
        none = _("No municipality begins like this. Please check the name.")
        form.refuse("municipality", several if resolved.candidates else none)
        return None, resolved.candidates
    # Should the form come back for another reason, this need not be asked again.
    form.values["municipality"] = [residence.label_of(resolved.one)]
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


async def _citizen(scope: TenantScope, actor: Actor, citizen_id: str) -> KnownCitizen:
    citizen = await queries.known_citizen(scope, actor.desk_ids, path_id(citizen_id))
    if citizen is None or not citizen.visible:
        raise NotFound
    return citizen


def _filters(counts: dict[tuple[str, str], int], desks: Sequence[Any]) -> dict[str, Pairs]:
    reached = {
        kind: sum(count for (_state, at), count in counts.items() if at == kind)
        for kind in MILESTONES
    }
    return {
        "milestone": [(kind, f"{_(MILESTONES[kind])} ({reached[kind]})") for kind in MILESTONES],
        "desk": [(desk["id"], desk["name"]) for desk in desks],
    }


def _totals(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    totals = {
        state: sum(count for (found, _kind), count in counts.items() if found == state)
        for state in ("open", "closed")
    }
    return totals | {"": sum(totals.values())}


def _behind(form: Form[FilterCases], last: CaseRow) -> str:
    chosen = {name: typed[0] for name, typed in form.values.items() if typed and typed[0]}
    return "/cases?" + urlencode(chosen | {"after": to_cursor(last.position)})


ROUTES = [
    list_cases,
    search_cases,
    search_again,
    suggest_municipalities,
    new_case,
    open_case,
    new_case_of,
    open_case_of,
    show_case,
    reveal_codice_fiscale,
    record_consultation,
    record_milestone,
    reopen_case,
    back_to_case,
]
