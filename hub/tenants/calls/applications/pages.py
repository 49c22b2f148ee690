"""The application itself: its summary and submission, and everything that becomes of it for its applicant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.tenants.calls import standing
from hub.tenants.calls.applications import file_pages, queries, start_pages, step_pages
from hub.tenants.calls.applications.access import (
    NoAccess,
    PageRequest,
    RenewCookie,
    enter,
    granted,
)
from hub.tenants.calls.applications.asking import AnswerRequest, Withdraw
from hub.tenants.calls.applications.attach_file import COMPLETION, attach
from hub.tenants.calls.applications.complete_application import answer_completion
from hub.tenants.calls.applications.file_pages import checked_upload
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.applications.room import room_of
from hub.tenants.calls.applications.schemas import (
    APPLICATION_STATES,
    DECLARATIONS,
    EXCLUSION_REASONS,
    LEGAL_BASES,
    Completion,
)
from hub.tenants.calls.applications.step_pages import Shown, crumbs_of, step_template
from hub.tenants.calls.applications.submit_application import Changed, submit
from hub.tenants.calls.applications.timeline import timeline_of
from hub.tenants.calls.applications.withdraw_application import WITHDRAWABLE, withdraw
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.calls.selection.ranked import entry_of
from hub.tenants.calls.selection.schemas import Entry
from hub.tenants.territory.queries import municipality_names, region_names
from hub.uploads import BadUpload
from hub.web import csrf
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SUBMITTED = message(
    "application-submitted",
    N_("The application is submitted. Its receipt is on the way to you by e-mail."),
)
SUBMITTED_BEFORE = message(
    "application-submitted-before", N_("It was submitted already; nothing was done twice."), "info"
)
WITHDRAWN = message("application-withdrawn", N_("The application is withdrawn."))
ANSWERED = message("application-answered", N_("Your answer has been sent."))
FILE_ADDED = message("application-answer-file-added", N_("The file was added to your answer."))


@dataclass
class Standing:
    """How a submitted application stands: `place` is its line in the approved ranking."""

    completions: Sequence[Completion]
    place: Entry | None
    names: dict[str, str]
    regions: dict[str, str]

    def asked(self, now: datetime) -> Completion | None:
        """The request that can still be answered."""
        return next((c for c in self.completions if not c.answered_at and c.due_at > now), None)


@get("/")
async def application_page(
    request: PageRequest, application_id: FromPath[str]
) -> Template | Response[None]:
    grant = granted(request, application_id)
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
        if room.application.state == "draft":
            step = room.prepared.first_to_complete() if room.is_open else "summary"
            return see_other(request, f"/applications/{application_id}/{step}")
    return await _submitted_page(request, grant)


@post("/submit", status_code=303)
async def submit_application(
    request: PageRequest, application_id: FromPath[str]
) -> Template | Response[None]:
    """Twice is once: the second press finds it submitted."""
    grant = granted(request, application_id)
    seen = (await request.form()).get("seen", "")
    try:
        async with tenant_transaction(grant.tenant_id) as scope:
            room = await room_of(scope, await enter(scope, request, grant, lock=True))
            if room.application.state != "draft":
                return see_other(request, f"/applications/{application_id}", SUBMITTED_BEFORE)
            content = room.prepared.content()
            if content is not None and seen != room.fingerprint:
                raise Changed
            if content is not None:
                await submit(scope, room.application, content)
    except Conflict as refused:
        return await _summary(request, grant, _(refused.message), status_code=409)
    if content is None:
        trouble = _("Something is still to be completed; nothing was submitted.")
        return await _summary(request, grant, trouble, status_code=422)
    return see_other(request, f"/applications/{application_id}", SUBMITTED)


async def _summary(
    request: PageRequest, grant: Grant, trouble: str, *, status_code: int
) -> Template:
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
    return step_template(
        request, room, Shown("summary", None), status_code=status_code, trouble=trouble
    )


@get("/withdraw")
async def withdraw_page(
    request: PageRequest, application_id: FromPath[str]
) -> Template | Response[None]:
    return await _withdraw_page(request, granted(request, application_id), blank(Withdraw))


@post("/withdraw", status_code=200)
async def withdraw_application(
    request: PageRequest, application_id: FromPath[str]
) -> Template | Response[None]:
    grant = granted(request, application_id)
    form = await read_form(request, Withdraw)
    if form.data is None:
        return await _withdraw_page(request, grant, form)
    async with tenant_transaction(grant.tenant_id) as scope:
        await enter(scope, request, grant, lock=True)
        await withdraw(scope, grant.application_id, form.data.reason or "")
    return see_other(request, f"/applications/{application_id}", WITHDRAWN)


async def _withdraw_page(
    request: PageRequest, grant: Grant, form: Form[Withdraw]
) -> Template | Response[None]:
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
    base = f"/applications/{room.application.id}"
    if room.application.state not in WITHDRAWABLE:
        return see_other(request, base)
    return page(
        request,
        "tenants/calls/application_withdraw.html",
        status_code=422 if form.failed else 200,
        crumbs=[*crumbs_of(room), (_("Withdraw"), f"{base}/withdraw")],
        room=room,
        application=room.application,
        call=room.call,
        form=form,
        base=base,
        may_again=room.call.is_open(room.now),
    )


@post(
    "/completions/{completion_id:str}/files",
    status_code=200,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def add_answer_file(
    request: PageRequest, application_id: FromPath[str], completion_id: FromPath[str]
) -> Template | Response[None]:
    grant, wanted = granted(request, application_id), path_id(completion_id)
    upload = await read_upload(request)
    try:
        checked = await checked_upload(upload)
        async with tenant_transaction(grant.tenant_id) as scope:
            await enter(scope, request, grant, lock=True)
            await _check_completion(scope, grant, wanted)
            await attach(scope, grant.application_id, COMPLETION, checked, upload.content, wanted)
    except (BadUpload, Conflict) as refused:
        status_code = 409 if isinstance(refused, Conflict) else 422
        return await _submitted_page(
            request, grant, file_reason=_(refused.message), status_code=status_code
        )
    return see_other(request, f"/applications/{application_id}#request", FILE_ADDED)


@post("/completions/{completion_id:str}", status_code=200)
async def answer_request(
    request: PageRequest, application_id: FromPath[str], completion_id: FromPath[str]
) -> Template | Response[None]:
    grant, wanted = granted(request, application_id), path_id(completion_id)
    form = await read_form(request, AnswerRequest, prefix="answer")
    try:
        async with tenant_transaction(grant.tenant_id) as scope:
            await enter(scope, request, grant, lock=True)
            await _check_completion(scope, grant, wanted)
            if form.data is not None:
                await answer_completion(scope, grant.application_id, wanted, form.data.answer)
    except Conflict as refused:
        form.refuse(None, _(refused.message))
        return await _submitted_page(request, grant, answer=form, status_code=409)
    if form.data is None:
        return await _submitted_page(request, grant, answer=form, status_code=422)
    return see_other(request, f"/applications/{application_id}", ANSWERED)


async def _check_completion(scope: Any, grant: Grant, completion_id: UUID) -> None:
    """Raises NoAccess for a request that is not this application's."""
    asked = await queries.completions_of(scope, grant.application_id)
    if completion_id not in {each.id for each in asked}:
        raise NoAccess


async def _submitted_page(
    request: PageRequest,
    grant: Grant,
    *,
    answer: Form[AnswerRequest] | None = None,
    file_reason: str = "",
    status_code: int = 200,
) -> Template:
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
        content = room.application.content
        codes = {content.organisation.municipality_code} if content else set()
        codes |= {desk.municipality_code for desk in content.desks} if content else set()
        stands = Standing(
            await queries.completions_of(scope, grant.application_id),
            await entry_of(scope, grant.application_id),
            await municipality_names(scope, codes),
            await region_names(scope),
        )
    return page(
        request,
        "tenants/calls/application.html",
        status_code=status_code,
        crumbs=crumbs_of(room),
        room=room,
        application=room.application,
        call=room.call,
        content=content,
        stands=stands,
        asked=stands.asked(room.now),
        timeline=timeline_of(room.application, room.call, stands.completions, stands.place),
        answer=answer or blank(AnswerRequest, prefix="answer"),
        file_reason=file_reason,
        base=f"/applications/{room.application.id}",
        withdrawable=room.application.state in WITHDRAWABLE,
        moment=standing.moment,
        labels={
            "states": APPLICATION_STATES,
            "kinds": HOST_KINDS,
            "bases": LEGAL_BASES,
            "reasons": EXCLUSION_REASONS,
            "declarations": DECLARATIONS,
        },
    )


def missing_page(request: PageRequest, _error: NoAccess) -> Template:
    """The same for every id, whether there is such an application or not."""
    return page(
        request,
        "tenants/calls/application_missing.html",
        status_code=404,
        crumbs=[(_("Calls"), "/calls")],
    )


ROUTES: list[ControllerRouterHandler] = [
    *start_pages.ROUTES,
    Router(
        "/applications/{application_id:str}",
        route_handlers=[
            application_page,
            submit_application,
            withdraw_page,
            withdraw_application,
            add_answer_file,
            answer_request,
            *file_pages.ROUTES,
            *step_pages.ROUTES,
        ],
        middleware=[RenewCookie()],
        exception_handlers={NoAccess: missing_page},
        opt={"public": True},
    ),
]
