"""An evaluator's own pages: what waits, one application beside the criteria, and submitting for good."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.guards import READERS
from hub.tenants.calls.page_parts import PageRequest
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection import evaluate, evaluations, queries
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.page_parts import WORDS, attachment, dossier, points
from hub.tenants.calls.selection.points import total_of
from hub.tenants.calls.selection.schemas import RECUSED_BY_THE_HUB, Evaluation, Recuse
from hub.web.fields import Integer, Textarea
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import Message, message, see_other

EACH_PAGE = 50

DECLARED = message("conflict-none", N_("Your declaration is recorded. You can give points now."))
RECUSED = message(
    "evaluation-recused", N_("You do not evaluate this application: somebody else gets it.")
)
OWN = message(
    "own-administration",
    N_(
        "You belong to the administration that applies, so you cannot evaluate it: somebody else gets the application."
    ),
    "danger",
)
SAVED = message("points-saved", N_("The points are saved. Nobody else sees them."))
SUBMITTED = message("evaluation-submitted", N_("Your evaluation is submitted."))


class SubmitForm(msgspec.Struct):
    """What was looked at before pressing the button."""

    version: Annotated[int, Integer()]


@get("/evaluations", guards=READERS)
async def list_evaluations(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    query = request.query_params
    given = query.get("state") == "given"
    after = parse_uuid(query["after"]) if "after" in query else None
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await evaluations.my_evaluations(
            scope, actor.membership_id, given=given, after=after, limit=EACH_PAGE + 1
        )
        done, waiting = await evaluations.my_progress(scope, actor.membership_id)
    shown = found[:EACH_PAGE]
    kept = "state=given&" if given else ""
    return page(
        request,
        "tenants/calls/evaluations.html",
        crumbs=[(_("My evaluations"), "/evaluations")],
        evaluations=shown,
        given=given,
        done=done,
        waiting=waiting,
        points=points,
        next_url=f"/evaluations?{kept}after={shown[-1].id}" if len(found) > EACH_PAGE else None,
    )


@get("/evaluations/{evaluation_id:str}", guards=READERS)
async def show_evaluation(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Template:
    return await _shown(request, actor, path_id(evaluation_id))


@get("/evaluations/{evaluation_id:str}/files/{attached_id:str}", guards=READERS)
async def download_attachment(
    actor: NamedDependency[Actor], evaluation_id: FromPath[str], attached_id: FromPath[str]
) -> Response[bytes]:
    """Only after the declaration, as the rest of what the applicant sent."""
    async with tenant_transaction(actor.tenant_id) as scope:
        mine = await evaluations.evaluation(scope, path_id(evaluation_id), actor.membership_id)
        if mine is None or mine.declared_at is None or mine.state == "recused":
            raise NotFound
        return await attachment(scope, mine.application_id, path_id(attached_id))


@post("/evaluations/{evaluation_id:str}/declare", status_code=303, guards=READERS)
async def declare(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Response[None]:
    found = path_id(evaluation_id)
    administrations = await administrations_of(actor.tenant_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        able = await evaluate.declare_no_conflict(scope, actor, found, administrations)
    return _go_on(request, found, DECLARED, able=able)


@post("/evaluations/{evaluation_id:str}/recuse", status_code=200, guards=READERS)
async def recuse(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Template | Response[None]:
    found = path_id(evaluation_id)
    form = await read_form(request, Recuse, prefix="recuse")
    if form.data is None:
        return await _shown(request, actor, found, recusal=form)
    administrations = await administrations_of(actor.tenant_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await evaluate.recuse(scope, actor, found, form.data.reason, administrations)
    return see_other(request, "/evaluations", RECUSED)


@post("/evaluations/{evaluation_id:str}/points", status_code=200, guards=READERS)
async def save_points(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Template | Response[None]:
    """Kept as a draft; the button that goes on asks for every criterion's points."""
    found = path_id(evaluation_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        mine = await evaluations.evaluation(scope, found, actor.membership_id)
        if mine is None:
            raise NotFound
        criteria = await queries.criteria(scope, mine.call_id)
    form = await read_form(request, _asked(criteria, all_of_them=False), prefix="points")
    goes_on = form.value("then") == "submit"
    if goes_on:
        form = await read_form(request, _asked(criteria), prefix="points")
    if form.data is None:
        return await _shown(request, actor, found, scoring=form)
    data: Any = form.data
    given = {
        criterion.id: number
        for criterion in criteria
        if (number := getattr(data, _field(criterion))) is not None
    }
    administrations = await administrations_of(actor.tenant_id)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            able = await evaluate.save_draft(
                scope,
                actor,
                found,
                evaluate.Points(given, data.note),
                data.version,
                administrations,
            )
    except evaluate.ChangedElsewhere as conflict:
        form.refuse(None, _(conflict.message))
        return await _shown(request, actor, found, scoring=form)
    if goes_on and able:
        return see_other(request, f"/evaluations/{found}/submit")
    return _go_on(request, found, SAVED, able=able)


@get("/evaluations/{evaluation_id:str}/submit", guards=READERS)
async def confirm_submitting(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Template | Response[None]:
    return await _confirmation(request, actor, path_id(evaluation_id), None)


@post("/evaluations/{evaluation_id:str}/submit", status_code=200, guards=READERS)
async def submit(
    request: PageRequest, actor: NamedDependency[Actor], evaluation_id: FromPath[str]
) -> Template | Response[None]:
    """A second click finds it submitted."""
    found = path_id(evaluation_id)
    form = await read_form(request, SubmitForm)
    if form.data is None:
        return await _confirmation(request, actor, found, form)
    administrations = await administrations_of(actor.tenant_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        mine = await evaluations.evaluation(scope, found, actor.membership_id)
    if mine is not None and mine.state == "submitted":
        return see_other(request, "/evaluations", SUBMITTED)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            able = await evaluate.submit(scope, actor, found, form.data.version, administrations)
    except (
        evaluate.ChangedElsewhere,
        evaluate.CompletionAwaited,
        evaluate.PointsMissing,
    ) as conflict:
        form.refuse(None, _(conflict.message))
        return await _confirmation(request, actor, found, form)
    return see_other(request, "/evaluations", SUBMITTED if able else OWN)


async def _shown(
    request: PageRequest,
    actor: Actor,
    evaluation_id: UUID,
    *,
    recusal: Form[Recuse] | None = None,
    scoring: Form[Any] | None = None,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        mine = await evaluations.evaluation(scope, evaluation_id, actor.membership_id)
        if mine is None:
            raise NotFound
        found = await dossier(scope, mine.application_id)
        criteria = await queries.criteria(scope, mine.call_id)
        scores = await evaluations.my_scores(scope, mine.id)
    sent = recusal or scoring
    form = scoring or _points_form(mine, criteria)
    # Saved for later, a criterion may stay empty; that it must be filled in is told all the same.
    form.asks = _asked(criteria)
    form.values["version"] = [str(mine.version)]
    return page(
        request,
        "tenants/calls/evaluation.html",
        status_code=200 if sent is None else 409 if sent.problems else 422,
        crumbs=[
            (_("My evaluations"), "/evaluations"),
            (str(found.application.protocol), f"/evaluations/{mine.id}"),
        ],
        mine=mine,
        dossier=found,
        call=found.call,
        application=found.application,
        criteria=criteria,
        scores=scores,
        field_of=_field,
        form=form,
        recusal=recusal or blank(Recuse, prefix="recuse"),
        recused=RECUSED_BY_THE_HUB,
        points=points,
        here=f"/evaluations/{mine.id}",
        **WORDS,
    )


async def _confirmation(
    request: PageRequest, actor: Actor, evaluation_id: UUID, sent: Form[SubmitForm] | None
) -> Template | Response[None]:
    """Where something is missing, or there is nothing to submit, back to the points."""
    async with tenant_transaction(actor.tenant_id) as scope:
        mine = await evaluations.evaluation(scope, evaluation_id, actor.membership_id)
        if mine is None:
            raise NotFound
        found = await dossier(scope, mine.application_id)
        criteria = await queries.criteria(scope, mine.call_id)
    here = f"/evaluations/{mine.id}"
    given = {one.id: mine.draft[str(one.id)] for one in criteria if str(one.id) in mine.draft}
    if not mine.is_open or mine.declared_at is None or len(given) < len(criteria):
        return see_other(request, here)
    form = blank(SubmitForm, version=mine.version)
    form.problems = sent.problems if sent else []
    return page(
        request,
        "tenants/calls/evaluation_submit.html",
        status_code=200 if sent is None else 409 if sent.problems else 422,
        crumbs=[
            (_("My evaluations"), "/evaluations"),
            (str(found.application.protocol), here),
            (_("Submit the evaluation"), f"{here}/submit"),
        ],
        mine=mine,
        dossier=found,
        application=found.application,
        criteria=criteria,
        given=given,
        total=total_of(given, criteria),
        form=form,
        points=points,
        here=here,
    )


def _go_on(
    request: PageRequest, evaluation_id: UUID, said: Message, *, able: bool
) -> Response[None]:
    if not able:
        return see_other(request, "/evaluations", OWN)
    return see_other(request, f"/evaluations/{evaluation_id}", said)


def _field(criterion: Criterion) -> str:
    return f"points_{criterion.position}"


def _asked(criteria: list[Criterion], *, all_of_them: bool = True) -> type[msgspec.Struct]:
    """A form with a field for each criterion, which must be filled in or may wait."""
    fields: list[Any] = []
    for criterion in criteria:
        asked = Integer(criterion.name, maximum=criterion.max_points)
        if all_of_them:
            fields.append((_field(criterion), Annotated[int, asked]))
        else:
            fields.append((_field(criterion), Annotated[int | None, asked], None))
    fields += [
        ("note", Annotated[str, Textarea(N_("Your reasons"), max_length=4000)], ""),
        ("then", str, "save"),
        ("version", Annotated[int, Integer()], -1),
    ]
    return msgspec.defstruct("PointsForm", fields, kw_only=True)


def _points_form(mine: Evaluation, criteria: list[Criterion]) -> Form[Any]:
    form = blank(_asked(criteria), prefix="points", note=mine.note or None)
    for criterion in criteria:
        if (number := mine.draft.get(str(criterion.id))) is not None:
            form.values[_field(criterion)] = [str(number)]
    return form


ROUTES: list[ControllerRouterHandler] = [
    list_evaluations,
    show_evaluation,
    download_attachment,
    declare,
    recuse,
    save_points,
    confirm_submitting,
    submit,
]
