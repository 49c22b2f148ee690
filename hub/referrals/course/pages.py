"""What is recorded on a case's page."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub.db import tenant_transaction
from hub.errors import NotSignedIn
from hub.idempotency import KeyReused
from hub.referrals.button import button_key
from hub.referrals.cases.pages import case_page
from hub.referrals.course import service
from hub.referrals.course.schemas import RecordConsultation, RecordMilestone
from hub.referrals.guards import DESK_READERS, DESK_WRITERS
from hub.referrals.members.standing import NoLongerHere, Suspended
from hub.referrals.not_saved import desk_writer, give_back
from hub.referrals.sent_before import given_back
from hub.tenants.accounts.actor import Actor
from hub.web.forms import read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

CONSULTATION_RECORDED = message("consultation-recorded", N_("The consultation is recorded."))
MILESTONE_RECORDED = message("milestone-recorded", N_("The milestone is recorded."))
CASE_CLOSED = message("case-closed", N_("The case is closed."))
CASE_REOPENED = message("case-reopened", N_("The case is open again."))


@post("/cases/{case_id:str}/consultations", status_code=200)
async def record_consultation(
    request: PageRequest, case_id: FromPath[str]
) -> Template | Response[None]:
    """Without a guard of its own: whoever may not write here any more gets back what was typed."""
    try:
        return await _record_consultation(request, desk_writer(request), path_id(case_id))
    except (NotSignedIn, NoLongerHere, Suspended) as refusal:
        return await give_back(request, refusal, RecordConsultation)


async def _record_consultation(
    request: PageRequest, actor: Actor, wanted: UUID
) -> Template | Response[None]:
    form = await read_form(request, RecordConsultation, prefix="consultation", once=True)
    if form.data is None:
        return await case_page(request, actor, wanted, consultation=form)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.record_consultation(scope, actor, wanted, form.data, form.key)
    except KeyReused:
        return await case_page(request, actor, wanted, consultation=given_back(form))
    return see_other(request, f"/cases/{wanted}", CONSULTATION_RECORDED)


@post("/cases/{case_id:str}/milestones", guards=DESK_WRITERS, status_code=200)
async def record_milestone(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template | Response[None]:
    wanted = path_id(case_id)
    form = await read_form(request, RecordMilestone, prefix="milestone", once=True)
    if form.data is None:
        return await case_page(request, actor, wanted, milestone=form)
    kind = form.data.kind
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.record_milestone(scope, actor, wanted, form.data, form.key)
    except service.BeforeOpening:
        form.refuse("reached_on", _("This is before the day on which the case was opened."))
        return await case_page(request, actor, wanted, milestone=form)
    except KeyReused:
        return await case_page(request, actor, wanted, milestone=given_back(form))
    said = CASE_CLOSED if kind == "closed" else MILESTONE_RECORDED
    return see_other(request, f"/cases/{wanted}", said)


@post("/cases/{case_id:str}/reopen", guards=DESK_WRITERS, status_code=303)
async def reopen_case(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Response[None]:
    wanted = path_id(case_id)
    key = await button_key(request)
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.reopen_case(scope, actor, wanted, key)
    return see_other(request, f"/cases/{wanted}", CASE_REOPENED)


@get(["/cases/{case_id:str}/consultations", "/cases/{case_id:str}/milestones"], guards=DESK_READERS)
async def load_again(request: PageRequest, case_id: FromPath[str]) -> Response[None]:
    """Where a page that answered a form is loaded again without it, as after a change of language."""
    return see_other(request, f"/cases/{path_id(case_id)}")


ROUTES = [record_consultation, record_milestone, reopen_case, load_again]
