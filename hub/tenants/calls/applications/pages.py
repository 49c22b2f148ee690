"""The application itself: its summary and submission, and everything that becomes of it for its applicant."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict
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
from hub.tenants.calls.applications.complete_application import NotToComplete, answer_completion
from hub.tenants.calls.applications.file_pages import checked_upload
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.applications.room import room_of
from hub.tenants.calls.applications.step_pages import Shown, crumbs_of, step_template
from hub.tenants.calls.applications.submit_application import Changed, submit
from hub.tenants.calls.applications.submitted_page import submitted_page
from hub.tenants.calls.applications.withdraw_application import WITHDRAWABLE, withdraw
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
    return await submitted_page(request, grant)


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
            application = await enter(scope, request, grant, lock=True)
            await _check_completion(scope, grant, wanted)
            if application.state != "submitted":
                raise NotToComplete
            await attach(scope, grant.application_id, COMPLETION, checked, upload.content, wanted)
    except (BadUpload, Conflict) as refused:
        status_code = 409 if isinstance(refused, Conflict) else 422
        return await submitted_page(
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
        return await submitted_page(request, grant, answer=form, status_code=409)
    if form.data is None:
        return await submitted_page(request, grant, answer=form, status_code=422)
    return see_other(request, f"/applications/{application_id}", ANSWERED)


async def _check_completion(scope: TenantScope, grant: Grant, completion_id: UUID) -> None:
    """Raises NoAccess for a request that is not this application's."""
    asked = await queries.completions_of(scope, grant.application_id)
    if completion_id not in {each.id for each in asked}:
        raise NoAccess


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
