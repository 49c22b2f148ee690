"""The desk's cases: the list, the search, and one case's page. No personal data stands in an address."""

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
from hub.db import tenant_transaction
from hub.referrals import labels
from hub.referrals.cases import handover, queries, service
from hub.referrals.cases.find import MOST, Found, find
from hub.referrals.cases.queries import CaseDetails, CaseRow
from hub.referrals.cases.schemas import TEST, AssignCase, FilterCases, FindCase
from hub.referrals.citizens.codice_fiscale import masked
from hub.referrals.course import timeline
from hub.referrals.course.queries import consultations_of, milestones_of
from hub.referrals.course.schemas import RecordConsultation, RecordMilestone
from hub.referrals.guards import DESK_READERS, WRITERS
from hub.referrals.labels import MILESTONES
from hub.referrals.members.queries import Colleague, colleagues_at
from hub.referrals.offers import queries as offers
from hub.referrals.routing.queries import events_of
from hub.referrals.routing.reasons import ADVICE, REASONS
from hub.tenants.accounts.actor import Actor
from hub.web.forms import Form, Pairs, blank, read_form, read_query
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import see_other

PageRequest = Request[Any, Any, Any]
PAGE_SIZE = 25


@get("/cases", guards=DESK_READERS)
async def list_cases(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    after = from_cursor(request.query_params.get("after", ""))
    async with tenant_transaction(actor.tenant_id) as scope:
        counts = await queries.count_cases(scope, actor.desk_ids)
        desks = await queries.desks_to_choose(scope, actor.desk_ids)
        form = read_query(request, FilterCases, choices=_filters(counts, desks))
        wanted = form.data or FilterCases()
        cases = await queries.list_cases(
            scope,
            actor.desk_ids,
            wanted,
            in_charge=actor.membership_id if wanted.mine else None,
            after=after,
            limit=PAGE_SIZE + 1,
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
        may_open=actor.role in WRITERS and not actor.is_suspended("host"),
        may_test=may_test(actor, desks, among_tests=wanted.state == TEST),
        suspended=actor.is_suspended("host"),
        stopped=actor.stopped,
    )


def may_test(actor: Actor, desks: Sequence[Any], *, among_tests: bool) -> bool:
    """Offered while something is being set up; beside real work only to who looks at the tests."""
    coming = any(desk["state"] == "setting_up" for desk in desks)
    return actor.role in WRITERS and (actor.is_suspended("host") or coming or among_tests)


@post("/cases/search", guards=DESK_READERS, status_code=200)
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
        may_open=actor.role in WRITERS and not actor.is_suspended("host"),
    )


@get("/cases/search", guards=DESK_READERS)
async def search_again(request: PageRequest) -> Response[None]:
    """Where a search is loaded again without its form, as after a change of language."""
    return see_other(request, "/cases")


@get("/cases/{case_id:str}", guards=DESK_READERS)
async def show_case(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template:
    return await case_page(request, actor, path_id(case_id))


@post("/cases/{case_id:str}/codice-fiscale", guards=DESK_READERS, status_code=200)
async def reveal_codice_fiscale(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template:
    return await case_page(request, actor, path_id(case_id), reveal=True)


@get("/cases/{case_id:str}/codice-fiscale", guards=DESK_READERS)
async def conceal_again(request: PageRequest, case_id: FromPath[str]) -> Response[None]:
    """Loaded again, as after a change of language, the page shows no more than it did before."""
    return see_other(request, f"/cases/{path_id(case_id)}")


async def case_page(
    request: PageRequest,
    actor: Actor,
    case_id: UUID,
    *,
    consultation: Form[RecordConsultation] | None = None,
    milestone: Form[RecordMilestone] | None = None,
    assign: Form[AssignCase] | None = None,
    reveal: bool = False,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        case = await service.read_case(scope, actor, case_id)
        code = await service.codice_fiscale(scope, actor, case, clear=reveal)
        consultations = await consultations_of(scope, case_id)
        milestones = await milestones_of(scope, case_id)
        referrals = await offers.referrals_of_case(scope, case_id)
        ids = [referral.id for referral in referrals]
        case_offers = await offers.offers_of(scope, ids) if ids else []
        events = await events_of(scope, ids) if ids else []
        hands = await handover.hands_of(scope, case_id)
        others = await queries.cases_of_citizen(scope, actor.desk_ids, case.citizen_id)
        colleagues = await colleagues_at(scope, case.desk_id)
    moments = timeline.moments(
        case,
        consultations=consultations,
        milestones=milestones,
        referrals=referrals,
        offers=case_offers,
        events=events,
        hands=hands,
    )
    forms = [form for form in (consultation, milestone, assign) if form]
    may_write = actor.role in WRITERS and (case.is_test or not actor.is_suspended("host"))
    return page(
        request,
        "referrals/case.html",
        status_code=422 if any(form.failed for form in forms) else 200,
        crumbs=[(_("Cases"), "/cases"), (case.number, f"/cases/{case.id}")],
        case=case,
        code=code if reveal or code is None else masked(code),
        revealed=reveal,
        steps=timeline.steps(milestones, referrals, case_offers),
        moments=moments,
        zone=actor.time_zone,
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
        assign=assign or blank(AssignCase, prefix="assign", choices=takers_of(case, colleagues)),
        mine=case.assigned_to == actor.membership_id,
        key=uuid4(),
        labels=labels,
        reasons=REASONS,
        advice=ADVICE,
        may_write=may_write,
        suspended=actor.is_suspended("host"),
        stopped=actor.stopped,
        may_refer=all(referral.state in ("exhausted", "withdrawn") for referral in referrals),
    )


def takers_of(case: CaseDetails, colleagues: Sequence[Colleague]) -> dict[str, Pairs]:
    """Whom the case can be given to: all who may work at its desk, except who has it already."""
    return {"taker": [(one.id, one.name) for one in colleagues if one.id != case.assigned_to]}


def _filters(counts: dict[tuple[str, str], int], desks: Sequence[Any]) -> dict[str, Pairs]:
    reached = {
        kind: sum(count for (state, at), count in counts.items() if at == kind and state != TEST)
        for kind in MILESTONES
    }
    return {
        "milestone": [(kind, f"{_(MILESTONES[kind])} ({reached[kind]})") for kind in MILESTONES],
        "desk": [(desk["id"], desk["name"]) for desk in desks],
    }


def _totals(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    totals = {
        state: sum(count for (found, _kind), count in counts.items() if found == state)
        for state in ("open", "closed", TEST)
    }
    return totals | {"": totals["open"] + totals["closed"]}


def _behind(form: Form[FilterCases], last: CaseRow) -> str:
    chosen = {name: typed[0] for name, typed in form.values.items() if typed and typed[0]}
    return "/cases?" + urlencode(chosen | {"after": to_cursor(last.position)})


ROUTES = [
    list_cases,
    search_cases,
    search_again,
    show_case,
    reveal_codice_fiscale,
    conceal_again,
]
