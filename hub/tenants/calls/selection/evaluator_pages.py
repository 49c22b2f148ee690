"""Who evaluates a call, and how far they are."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.guards import READERS, RUNNERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.selection import panel
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.commission import (
    OPEN_STATES,
    assign_again,
    name_evaluator,
    remind,
    remove_evaluator,
)
from hub.tenants.calls.selection.schemas import NameEvaluator
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

NAMED = message("evaluator-named", N_("The evaluator is named."))
REMOVED = message(
    "evaluator-removed", N_("The evaluator is removed. What was not given yet goes to the others.")
)
ASSIGNED = message("evaluations-assigned", N_("All evaluations are given out."))
LACKING = message(
    "evaluations-lacking",
    N_("Some applications still lack an evaluator: name further evaluators."),
    "warning",
)
REMINDED = message("evaluator-reminded", N_("The evaluator gets a mail."))


@get("/selections/{call_id:str}/evaluators", guards=READERS)
async def list_evaluators(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    return await _listed(request, actor, path_id(call_id), None)


@post("/selections/{call_id:str}/evaluators", status_code=200, guards=RUNNERS)
async def name(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template | Response[None]:
    call = path_id(call_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await find_call(scope, call)
        people = await panel.colleagues(scope)
    choices = {"membership_id": [(person[0], person[1]) for person in people]}
    form = await read_form(request, NameEvaluator, choices=choices)
    if form.data:
        administrations = await administrations_of(actor.tenant_id)
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await name_evaluator(scope, actor, call, form.data.membership_id, administrations)
            return see_other(request, _here(call), NAMED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _listed(request, actor, call, form)


@post(
    "/selections/{call_id:str}/evaluators/{evaluator_id:str}/remove",
    status_code=303,
    guards=RUNNERS,
)
async def remove(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    evaluator_id: FromPath[str],
) -> Response[None]:
    call, evaluator = path_id(call_id), path_id(evaluator_id)
    administrations = await administrations_of(actor.tenant_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        assigned = await remove_evaluator(scope, actor, call, evaluator, administrations)
    return see_other(request, _here(call), LACKING if assigned.lacking else REMOVED)


@post(
    "/selections/{call_id:str}/evaluators/{evaluator_id:str}/remind",
    status_code=303,
    guards=RUNNERS,
)
async def send_reminder(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    evaluator_id: FromPath[str],
) -> Response[None]:
    call, evaluator = path_id(call_id), path_id(evaluator_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await remind(scope, actor, call, evaluator)
    return see_other(request, _here(call), REMINDED)


@post("/selections/{call_id:str}/evaluators/assign", status_code=303, guards=RUNNERS)
async def give_out(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Response[None]:
    call = path_id(call_id)
    administrations = await administrations_of(actor.tenant_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        assigned = await assign_again(scope, actor, call, administrations)
    return see_other(request, _here(call), LACKING if assigned.lacking else ASSIGNED)


async def _listed(
    request: PageRequest, actor: Actor, call_id: UUID, sent: Form[NameEvaluator] | None
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, call_id)
        evaluators = await panel.evaluators(scope, call_id)
        people = await panel.colleagues(scope)
        readiness = await panel.readiness(scope, call_id)
    named = {one.membership_id for one in evaluators if one.removed_at is None}
    choices = {"membership_id": [(row[0], row[1]) for row in people if row[0] not in named]}
    form = sent or blank(NameEvaluator)
    form.choices = choices
    return page(
        request,
        "tenants/calls/evaluators.html",
        status_code=200 if sent is None else 409 if sent.problems else 422,
        crumbs=[*crumbs_of(call), (_("Evaluators"), _here(call_id))],
        call=call,
        evaluators=evaluators,
        readiness=readiness,
        form=form,
        may_run=actor.role == "admin",
        may_change=actor.role == "admin" and call.state in OPEN_STATES,
        here=_here(call_id),
    )


def _here(call_id: UUID) -> str:
    return f"/selections/{call_id}/evaluators"


ROUTES: list[ControllerRouterHandler] = [
    list_evaluators,
    name,
    remove,
    send_reminder,
    give_out,
]
