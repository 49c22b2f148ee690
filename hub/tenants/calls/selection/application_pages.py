"""The applications that came in, as the Ente's people list them, open them and act on them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import files
from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.applications.complete_application import ask_completion
from hub.tenants.calls.applications.schemas import APPLICATION_STATES, EXCLUSION_REASONS
from hub.tenants.calls.guards import EXAMINERS, READERS
from hub.tenants.calls.page_parts import PageRequest, crumbs_of, find_call
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.calls.selection import chronicle, incoming, panel
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.deeds import moments_of
from hub.tenants.calls.selection.exclude import (
    STATES,
    check_application,
    exclude,
    take_exclusion_back,
)
from hub.tenants.calls.selection.page_parts import TONES, WORDS, attachment, dossier, points
from hub.tenants.calls.selection.schemas import (
    FORMAL_REASONS,
    RECUSED_BY_THE_HUB,
    AskCompletion,
    ExcludeApplication,
    FilterApplications,
    Incoming,
    ReadmitApplication,
)
from hub.tenants.calls.selection.spreadsheet import for_offices
from hub.web.downloads import download
from hub.web.formats import format_datetime
from hub.web.forms import Form, blank, read_form, read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

EACH_PAGE = 50

ASKED = message("completion-asked", N_("The applicant is asked to complete the application."))
EXCLUDED = message("application-excluded", N_("The application is excluded."))
READMITTED = message("application-readmitted", N_("The exclusion is taken back."))


@get("/selections/{call_id:str}/applications", guards=READERS)
async def list_applications(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Template:
    after = _after(request.query_params.get("after"))
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        form = await _filter(request, scope, call.id)
        asked = form.data or FilterApplications()
        found = await incoming.incoming(
            scope, call.id, state=asked.state, region=asked.region, after=after, limit=EACH_PAGE + 1
        )
        counts = await incoming.counts(scope, call.id)
    here = f"/selections/{call.id}/applications"
    shown = found[:EACH_PAGE]
    kept = {"state": asked.state, "region": asked.region}
    return page(
        request,
        "tenants/calls/selection_applications.html",
        status_code=200 if form.data else 422,
        crumbs=[*crumbs_of(call), (_("Applications"), here)],
        call=call,
        form=form,
        filtered=bool(asked.state or asked.region),
        first_page=after is None,
        applications=shown,
        counts=counts,
        states=APPLICATION_STATES,
        tones=TONES,
        reasons=EXCLUSION_REASONS,
        host_kinds=HOST_KINDS,
        points=points,
        here=here,
        kept=kept,
        next_after=_cursor(shown[-1]) if len(found) > EACH_PAGE else None,
    )


@get("/selections/{call_id:str}/applications.csv", guards=READERS)
async def export_applications(
    request: PageRequest, actor: NamedDependency[Actor], call_id: FromPath[str]
) -> Response[bytes]:
    """What the list shows with these filters, all of it."""
    async with tenant_transaction(actor.tenant_id) as scope:
        call = await find_call(scope, path_id(call_id))
        asked = (await _filter(request, scope, call.id)).data or FilterApplications()
        rows = [
            _cells(row)
            async for row in incoming.every_incoming(
                scope, call.id, state=asked.state, region=asked.region
            )
        ]
    return download(f"{call.slug}.csv", "text/csv", for_offices(_header(), rows))


@get("/selections/{call_id:str}/applications/{application_id:str}", guards=READERS)
async def show_application(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    application_id: FromPath[str],
) -> Template:
    return await _shown(request, actor, path_id(call_id), path_id(application_id))


@get(
    "/selections/{call_id:str}/applications/{application_id:str}/files/{attached_id:str}",
    guards=READERS,
)
async def download_attachment(
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    application_id: FromPath[str],
    attached_id: FromPath[str],
) -> Response[bytes]:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await dossier(scope, path_id(application_id), path_id(call_id))
        return await attachment(scope, found.application.id, path_id(attached_id))


@get("/selections/{call_id:str}/applications/{application_id:str}/receipt", guards=READERS)
async def download_receipt(
    actor: NamedDependency[Actor], call_id: FromPath[str], application_id: FromPath[str]
) -> Response[bytes]:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await dossier(scope, path_id(application_id), path_id(call_id))
        receipt_id = found.application.receipt_id
        receipt = await files.find(scope, receipt_id) if receipt_id else None
        if receipt is None:
            raise NotFound
        content = await files.content(scope, receipt.id)
    return download(receipt.name, receipt.media_type, content)


@post(
    "/selections/{call_id:str}/applications/{application_id:str}/completion",
    status_code=200,
    guards=EXAMINERS,
)
async def ask_to_complete(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    application_id: FromPath[str],
) -> Template | Response[None]:
    call, application = path_id(call_id), path_id(application_id)
    form = await read_form(request, AskCompletion, prefix="completion")
    if data := form.data:
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await check_application(scope, call, application, data.version, "submitted")
                await ask_completion(scope, actor, application, data.request, data.due_on)
            return see_other(request, _address(call, application), ASKED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _shown(request, actor, call, application, completion=form)


@post(
    "/selections/{call_id:str}/applications/{application_id:str}/exclude",
    status_code=200,
    guards=EXAMINERS,
)
async def exclude_application(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    application_id: FromPath[str],
) -> Template | Response[None]:
    call, application = path_id(call_id), path_id(application_id)
    form = await read_form(
        request, ExcludeApplication, choices={"reason": _reasons()}, prefix="exclusion"
    )
    if data := form.data:
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await exclude(
                    scope,
                    actor,
                    call,
                    application,
                    version=data.version,
                    reason=data.reason,
                    note=data.note,
                )
            return see_other(request, _address(call, application), EXCLUDED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _shown(request, actor, call, application, exclusion=form)


@post(
    "/selections/{call_id:str}/applications/{application_id:str}/readmit",
    status_code=200,
    guards=EXAMINERS,
)
async def readmit_application(
    request: PageRequest,
    actor: NamedDependency[Actor],
    call_id: FromPath[str],
    application_id: FromPath[str],
) -> Template | Response[None]:
    call, application = path_id(call_id), path_id(application_id)
    form = await read_form(request, ReadmitApplication, prefix="readmission")
    if data := form.data:
        administrations = await administrations_of(actor.tenant_id)
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await take_exclusion_back(
                    scope,
                    actor,
                    call,
                    application,
                    version=data.version,
                    administrations=administrations,
                )
            return see_other(request, _address(call, application), READMITTED)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _shown(request, actor, call, application, readmission=form)


async def _shown(
    request: PageRequest,
    actor: Actor,
    call_id: UUID,
    application_id: UUID,
    *,
    completion: Form[AskCompletion] | None = None,
    exclusion: Form[ExcludeApplication] | None = None,
    readmission: Form[ReadmitApplication] | None = None,
) -> Template:
    """The page as it stands now; a form that was refused keeps what was typed, with the version that is true now."""
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await dossier(scope, application_id, call_id)
        evaluators = await panel.evaluators_of(scope, application_id)
        deeds = await chronicle.deeds_of(scope, application_id)
        now = scope.now
    application = found.application
    sent = next((form for form in (completion, exclusion, readmission) if form), None)
    version = application.version
    forms: dict[str, Form[Any]] = {
        "completion": completion or blank(AskCompletion, prefix="completion"),
        "exclusion": exclusion
        or blank(ExcludeApplication, choices={"reason": _reasons()}, prefix="exclusion"),
        "readmission": readmission or blank(ReadmitApplication, prefix="readmission"),
    }
    for form in forms.values():
        form.values["version"] = [str(version)]
    return page(
        request,
        "tenants/calls/selection_application.html",
        status_code=200 if sent is None else 409 if sent.problems else 422,
        crumbs=[
            *crumbs_of(found.call),
            (_("Applications"), f"/selections/{call_id}/applications"),
            (str(application.protocol), _address(call_id, application_id)),
        ],
        dossier=found,
        call=found.call,
        application=application,
        evaluators=evaluators,
        recused=RECUSED_BY_THE_HUB,
        points=points,
        moments=moments_of(deeds),
        may_act=actor.role in ("admin", "operator") and found.call.state in STATES,
        open_completion=next((one for one in found.completions if not one.answered_at), None),
        states=APPLICATION_STATES,
        tones=TONES,
        reasons=EXCLUSION_REASONS,
        here=_address(call_id, application_id),
        now=now,
        forms_of=forms,
        conflict=next(iter(sent.problems), "") if sent else "",
        **WORDS,
    )


async def _filter(
    request: PageRequest, scope: TenantScope, call_id: UUID
) -> Form[FilterApplications]:
    regions = await incoming.regions_of(scope, call_id)
    return read_query(request, FilterApplications, choices={"region": regions})


def _address(call_id: UUID, application_id: UUID) -> str:
    return f"/selections/{call_id}/applications/{application_id}"


def _reasons() -> list[tuple[object, str]]:
    return [(code, _(EXCLUSION_REASONS[code])) for code in FORMAL_REASONS]


def _cursor(last: Incoming) -> str:
    return f"{last.protocol_year}-{last.protocol_number}"


def _after(text: str | None) -> tuple[int, int] | None:
    """Raises NotFound for an address that no page of ours has."""
    if text is None:
        return None
    year, _dash, number = text.partition("-")
    if not (year.isascii() and year.isdigit() and number.isascii() and number.isdigit()):
        raise NotFound
    if len(year) > 4 or len(number) > 9:
        raise NotFound
    return int(year), int(number)


COLUMNS: tuple[tuple[str, Callable[[Incoming], object]], ...] = (
    (N_("Protocol number"), lambda row: row.protocol),
    (N_("Received"), lambda row: format_datetime(row.submitted_at, "short")),
    (N_("State"), lambda row: _(APPLICATION_STATES[row.state])),
    (N_("Administration"), lambda row: row.organisation_name),
    (N_("Kind of host"), lambda row: _(HOST_KINDS[row.host_kind])),
    (N_("Fiscal code"), lambda row: row.fiscal_code),
    (N_("IPA code"), lambda row: row.ipa_code),
    (N_("Municipality"), lambda row: row.municipality),
    (N_("Province"), lambda row: row.province),
    (N_("Region"), lambda row: row.region),
    (N_("Desks"), lambda row: row.desks),
    (N_("Evaluations given"), lambda row: row.evaluations),
    (N_("Points"), lambda row: "" if row.score is None else points(row.score)),
    (
        N_("Reason for exclusion"),
        lambda row: _(EXCLUSION_REASONS[row.excluded_reason]) if row.excluded_reason else "",
    ),
)


def _header() -> list[str]:
    return [_(name) for name, _value in COLUMNS]


def _cells(row: Incoming) -> list[object]:
    return [value(row) for _name, value in COLUMNS]


ROUTES: list[ControllerRouterHandler] = [
    list_applications,
    export_applications,
    show_application,
    download_attachment,
    download_receipt,
    ask_to_complete,
    exclude_application,
    readmit_application,
]
