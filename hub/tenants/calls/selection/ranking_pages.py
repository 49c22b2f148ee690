"""The ranking at the Ente: what is still missing, proposing it, and deciding about it; and the minutes."""

import asyncio
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.accounts.queries import colleague_names
from hub.tenants.calls.applications.schemas import EXCLUSION_REASONS
from hub.tenants.calls.guards import READERS, RUNNERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.selection import incoming, minutes, panel, rank, ranked
from hub.tenants.calls.selection.page_parts import TONES, points
from hub.tenants.calls.selection.schemas import OUTCOMES, ApproveRanking, RejectRanking
from hub.web.downloads import download
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

EACH_PAGE = 100

PROPOSED = message(
    "ranking-proposed", N_("The ranking is proposed. A second person has to approve it.")
)
APPROVED = message(
    "ranking-approved", N_("The ranking is approved and published. The applicants are being told.")
)
REJECTED = message("ranking-rejected", N_("The ranking is sent back: the evaluation goes on."))


@get("/selections/{call_id:str}/ranking", guards=READERS)
async def show_ranking(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    return await _shown(request, actor, path_id(call_id))


@post("/selections/{call_id:str}/ranking", status_code=200, guards=RUNNERS)
async def propose(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    call = path_id(call_id)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await rank.propose(scope, actor, call)
    except Conflict as conflict:
        return await _shown(request, actor, call, problem=_(conflict.message))
    return see_other(request, _here(call), PROPOSED)


@post("/selections/{call_id:str}/ranking/approve", status_code=200, guards=RUNNERS)
async def approve(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    call = path_id(call_id)
    form = await read_form(request, ApproveRanking)
    if form.data is None:
        return await _shown(request, actor, call, problem=_("Please load the page again."))
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await rank.approve(scope, actor, call, form.data.ranking_id)
    except Conflict as conflict:
        return await _shown(request, actor, call, problem=_(conflict.message))
    return see_other(request, _here(call), APPROVED)


@post("/selections/{call_id:str}/ranking/reject", status_code=200, guards=RUNNERS)
async def reject(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    call = path_id(call_id)
    form = await read_form(request, RejectRanking, prefix="rejection")
    if form.data is None:
        return await _shown(request, actor, call, rejection=form)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await rank.reject(scope, actor, call, form.data.ranking_id, form.data.note)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _shown(request, actor, call, rejection=form)
    return see_other(request, _here(call), REJECTED)


@get("/selections/{call_id:str}/minutes.pdf", guards=READERS)
async def download_minutes(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Response[bytes]:
    asked = request.query_params.get("part", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5):
        raise NotFound
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        told = await minutes.gathered(scope, call, int(asked))
    paper = await asyncio.to_thread(minutes.minutes_pdf, told)
    part = f"-{told.part}" if told.parts > 1 else ""
    return download(f"verbale-{call.slug}{part}.pdf", "application/pdf", paper)


async def _shown(
    request: PageRequest,
    actor: Actor,
    call_id: UUID,
    *,
    problem: str = "",
    rejection: Form[RejectRanking] | None = None,
) -> Template:
    query = request.query_params
    after = parse_uuid(query["after"]) if "after" in query else None
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, call_id)
        ranking = await ranked.current_ranking(scope, call_id)
        rejected = await ranked.last_rejected(scope, call_id)
        readiness = await panel.readiness(scope, call_id)
        found = (
            await ranked.entries(scope, ranking.id, after=after, limit=EACH_PAGE + 1)
            if ranking
            else []
        )
        tallies = await ranked.tallies(scope, ranking.id) if ranking else []
        counts = await incoming.counts(scope, call_id)
        people = {
            who
            for one in (ranking, rejected)
            if one
            for who in (one.proposed_by, one.decided_by)
            if who
        }
        names = await colleague_names(scope, list(people))
    form = rejection or blank(
        RejectRanking, prefix="rejection", ranking_id=ranking.id if ranking else None
    )
    wrong = problem or (rejection is not None and bool(rejection.problems))
    shown = found[:EACH_PAGE]
    return page(
        request,
        "tenants/calls/ranking_desk.html",
        status_code=409 if wrong else 422 if rejection else 200,
        crumbs=[*crumbs_of(call), (_("Ranking"), _here(call_id))],
        call=call,
        ranking=ranking,
        rejected=rejected,
        readiness=readiness,
        entries=shown,
        tallies=tallies,
        minutes_parts=minutes.parts_of(sum(counts.values())),
        names=names,
        problem=problem,
        form=form,
        may_run=actor.role == "admin",
        is_mine=ranking is not None and ranking.proposed_by == actor.membership_id,
        outcomes=OUTCOMES,
        reasons=EXCLUSION_REASONS,
        tones=TONES,
        points=points,
        here=_here(call_id),
        next_url=f"{_here(call_id)}?after={shown[-1].application_id}"
        if len(found) > EACH_PAGE
        else None,
    )


def _here(call_id: UUID) -> str:
    return f"/selections/{call_id}/ranking"


ROUTES: list[ControllerRouterHandler] = [
    show_ranking,
    propose,
    approve,
    reject,
    download_minutes,
]
