"""Questions about a call at the Ente: those that wait, each with its answer, and those set aside."""

from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.call_text import rendered
from hub.tenants.calls.guards import EXAMINERS, READERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.questions import queries, service
from hub.tenants.calls.questions.schemas import QUESTION_STATES, AnswerQuestion, Question
from hub.tenants.calls.schemas import Call
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

EACH_PAGE = 20

ANSWERED = message("question-answered", N_("The answer is published."))
SET_ASIDE = message("question-set-aside", N_("The question is set aside; nobody sees it."))


@get("/selections/{call_id:str}/questions", guards=READERS)
async def questions(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    query = request.query_params
    state = query.get("state", "open")
    if state not in QUESTION_STATES:
        raise NotFound
    after = path_id(query["after"]) if "after" in query else None
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        counts = await queries.counts(scope, call.id)
        found = await queries.questions_of(
            scope, call.id, state=state, after=after, limit=EACH_PAGE + 1
        )
    here = f"/selections/{call.id}/questions"
    shown = found[:EACH_PAGE]
    following = urlencode({"state": state, "after": str(shown[-1].id)}) if shown else ""
    return page(
        request,
        "tenants/calls/selection_call_questions.html",
        crumbs=[*crumbs_of(call), (_("Questions"), here)],
        call=call,
        here=here,
        questions=shown,
        counts=counts,
        state=state,
        states=QUESTION_STATES,
        rendered=rendered,
        next_url=f"{here}?{following}" if len(found) > EACH_PAGE else None,
    )


@get("/selections/{call_id:str}/questions/{question_id:str}", guards=EXAMINERS)
async def show_question(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    question_id: FromPath[str],
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call, question = await _find(scope, path_id(call_id), path_id(question_id))
    if question.state != "open":
        return see_other(request, f"/selections/{call.id}/questions?state={question.state}")
    form = blank(AnswerQuestion, question=question.question)
    return _question_page(request, call, question, form)


@post("/selections/{call_id:str}/questions/{question_id:str}", status_code=200, guards=EXAMINERS)
async def answer(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    question_id: FromPath[str],
) -> Template | Response[None]:
    form = await read_form(request, AnswerQuestion, once=True)
    async with tenant_transaction(actor.tenant_id) as scope:
        call, question = await _find(scope, path_id(call_id), path_id(question_id))
    if form.data is None:
        return _question_page(request, call, question, form, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.answer_question(
                scope,
                actor,
                question.id,
                question=form.data.question,
                answer=form.data.answer,
                key=form.key,
            )
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return _question_page(request, call, question, form, status_code=409)
    return see_other(request, f"/selections/{call.id}/questions", ANSWERED)


@post(
    "/selections/{call_id:str}/questions/{question_id:str}/set-aside",
    status_code=303,
    guards=EXAMINERS,
)
async def set_aside(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    question_id: FromPath[str],
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        call, question = await _find(scope, path_id(call_id), path_id(question_id))
        await service.set_question_aside(scope, actor, question.id)
    return see_other(request, f"/selections/{call.id}/questions", SET_ASIDE)


async def _find(scope: TenantScope, call_id: UUID, question_id: UUID) -> tuple[Call, Question]:
    """Raises NotFound, also for another call's question."""
    call = await find_call(scope, call_id)
    question = await queries.find(scope, question_id)
    if question is None or question.call_id != call.id:
        raise NotFound
    return call, question


def _question_page(
    request: PageRequest,
    call: Call,
    question: Question,
    form: Form[AnswerQuestion],
    *,
    status_code: int = 200,
) -> Template:
    here = f"/selections/{call.id}/questions"
    return page(
        request,
        "tenants/calls/selection_call_question.html",
        status_code=status_code,
        crumbs=[
            *crumbs_of(call),
            (_("Questions"), here),
            (_("Answer a question"), f"{here}/{question.id}"),
        ],
        call=call,
        question=question,
        form=form,
    )


ROUTES: list[ControllerRouterHandler] = [questions, show_question, answer, set_aside]
