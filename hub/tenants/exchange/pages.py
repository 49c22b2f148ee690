"""Imports at the Ente: those that were made, bringing in a file, and what would become of its rows."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.api.paging import Position, from_cursor, to_cursor
from hub.db import TenantScope, network_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.selection.spreadsheet import for_offices
from hub.tenants.exchange import file_pages, queries, sentences, start
from hub.tenants.exchange import found as there
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.looks import shown_cell, shown_reference
from hub.tenants.exchange.schemas import FATES, STANDINGS, STATES, Import, ImportRow
from hub.tenants.exchange.schemas import KINDS as KIND_NAMES
from hub.tenants.exchange.unpack.limits import Refused
from hub.tenants.rooms import ENTE_ADMINS, network_page
from hub.web import csrf
from hub.web.downloads import download
from hub.web.fields import Choice, Text
from hub.web.forms import KEY, Form, blank, filled
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, Upload, read_upload
from hub.web.page import AnyRequest, wants_fragment
from hub.web.params import path_id
from hub.web.redirects import message, see_other

IMPORTS_EACH_PAGE, ROWS_EACH_PAGE = 20, 50
MOST_ERRORS = 50_000

APPLYING = message("import-applying", N_("The import is being applied. This page shows how far."))
DISCARDED = message("import-discarded", N_("The import is discarded: nothing was written."))
READ_AGAIN = message("import-read-again", N_("The file is read again. Nothing was written."))

TONES = {
    "reading": "info",
    "ready": "warning",
    "faulty": "danger",
    "nothing": "neutral",
    "applying": "info",
    "done": "success",
    "failed": "danger",
    "discarded": "neutral",
}
FATE_TONES = {"error": "danger", "create": "success", "update": "info", "unchanged": "neutral"}


class UploadFile(msgspec.Struct):
    kind: Annotated[str, Choice(N_("What the file holds"), options=KIND_NAMES)]
    file: Annotated[
        str,
        Text(N_("File"), N_("XLSX or CSV, at most 10 MB and 50,000 rows."), max_length=255),
    ]


@get("/network/imports", guards=ENTE_ADMINS)
async def list_imports(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    asked = request.query_params.get("kind", "")
    kind = asked if asked in KIND_NAMES else None
    return await _listed(request, actor, blank(UploadFile, prefix="import", kind=kind))


@post(
    "/network/imports",
    status_code=200,
    guards=ENTE_ADMINS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def upload(request: AnyRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    sent = await read_upload(request)
    form = _read(sent)
    if form.data is None:
        return await _listed(request, actor, form, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            import_id = await start.upload(
                scope, actor, form.data.kind, sent.name, sent.content, form.key
            )
    except Refused as refused:
        form.refuse("file", sentences.refusal(refused.code, {}))
        return await _listed(request, actor, form, status_code=422)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _listed(request, actor, form, status_code=409)
    return see_other(request, f"/network/imports/{import_id}")


def _read(sent: Upload) -> Form[UploadFile]:
    fields = {name: [value] for name, value in sent.fields.items()}
    key = parse_uuid(fields.pop(KEY, [""])[0])
    form = filled(UploadFile, {**fields, "file": [sent.name]}, prefix="import")
    if key is None:
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
    else:
        form.key = key
    return form


async def _listed(
    request: AnyRequest, actor: Actor, form: Form[UploadFile], *, status_code: int = 200
) -> Template:
    before = from_cursor(request.query_params.get("before", ""))
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await queries.newest(
            scope, (before.at, before.id) if before else None, IMPORTS_EACH_PAGE + 1
        )
    shown = found[:IMPORTS_EACH_PAGE]
    more = len(found) > IMPORTS_EACH_PAGE
    last = to_cursor(Position(shown[-1].created_at, shown[-1].id)) if more else ""
    return network_page(
        request,
        actor,
        "imports",
        "tenants/exchange/imports.html",
        status_code=status_code,
        crumbs=[(_("Import and export"), "/network/imports")],
        form=form,
        imports=shown,
        first_page=before is None,
        next_url=f"/network/imports?before={last}" if more else None,
        kinds=KIND_NAMES,
        standings=STANDINGS,
        tones=TONES,
    )


@get("/network/imports/{import_id:str}", guards=ENTE_ADMINS)
async def show_import(
    request: AnyRequest, actor: NamedDependency[Actor], import_id: FromPath[str]
) -> Template:
    """htmx asks for its course again and again; where its state has moved on, all of it comes anew."""
    query = request.query_params
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, import_id)
        fate = query.get("fate", "")
        if fate not in FATES:
            fate = next((one for one in FATES if found.count(one)), "error")
        after = query.get("after", "")
        place = int(after) if after.isdecimal() and len(after) < 9 else 0
        rows = [] if found.is_running else await _page_of(scope, found.id, fate, place)
    pages_of = await _pages_of(found, rows)
    seen = query.get("seen")
    moved = wants_fragment(request) and seen is not None and seen != found.state
    here = f"/network/imports/{found.id}"
    answer = network_page(
        request,
        actor,
        "imports",
        "tenants/exchange/import.html",
        fragment="tenants/exchange/refresh.html",
        crumbs=[
            (_("Import and export"), "/network/imports"),
            (found.file_name or _(KIND_NAMES[found.kind]), here),
        ],
        **_shown(found, fate, rows),
        here=here,
        first_rows=place == 0,
        pages_of=pages_of,
        moved=moved,
        news=news_of(found),
        told=query.get("told"),
    )
    if moved:
        answer.headers.update({"HX-Retarget": "#import", "HX-Reswap": "outerHTML"})
    return answer


def _shown(found: Import, fate: str, rows: list[ImportRow]) -> dict[str, Any]:
    kind = KINDS[found.kind]
    shown = rows[:ROWS_EACH_PAGE]
    more = len(rows) > ROWS_EACH_PAGE
    return {
        "found": found,
        "kind_name": _(KIND_NAMES[found.kind]),
        "fate": fate,
        "fates": FATES,
        "fate_tones": FATE_TONES,
        "standings": STANDINGS,
        "tones": TONES,
        "rows": shown,
        "titles": kind.titles,
        "error_of": sentences.error,
        "failure": sentences.refusal(found.failure, kind.titles) if found.failure else None,
        "other_kind": sentences.other_kind(found.failure) or found.kind,
        "shown_of": partial(shown_cell, kind),
        "next_url": "?" + urlencode({"fate": fate, "after": shown[-1].position}) if more else None,
    }


async def _page_of(scope: TenantScope, import_id: UUID, fate: str, after: int) -> list[ImportRow]:
    return await queries.page_of_rows(scope, import_id, fate, after, ROWS_EACH_PAGE + 1)


async def _pages_of(found: Import, rows: list[ImportRow]) -> dict[int, str]:
    """Line → the address of the organisation that the row made or speaks of, once it is applied."""
    if found.state != "done" or not rows:
        return {}
    called = {row.position: shown_reference(row.content["cells"]) for row in rows}
    async with network_transaction() as network:
        known = await there.organisations(network, [one for one in called.values() if one])
    return {
        position: f"/network/organisations/{known[one][0].id}"
        for position, one in called.items()
        if len(known.get(one, ())) == 1
    }


def news_of(found: Import) -> tuple[str, str]:
    """What a screen reader is told, and a key that changes with it: every quarter, and each new state."""
    if found.is_running:
        quarter = found.percent // 25 * 25
        return f"{found.state}-{quarter}", f"{_(STATES[found.state])}: {quarter} %"
    return found.state, str(_(STANDINGS[found.standing]))


@post("/network/imports/{import_id:str}/apply", status_code=303, guards=ENTE_ADMINS)
async def apply(
    request: AnyRequest, actor: NamedDependency[Actor], import_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await start.apply_it(scope, actor, path_id(import_id))
    return see_other(request, f"/network/imports/{import_id}", APPLYING)


@post("/network/imports/{import_id:str}/read-again", status_code=303, guards=ENTE_ADMINS)
async def read_again(
    request: AnyRequest, actor: NamedDependency[Actor], import_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await start.read_again(scope, actor, path_id(import_id))
    return see_other(request, f"/network/imports/{import_id}", READ_AGAIN)


@post("/network/imports/{import_id:str}/discard", status_code=303, guards=ENTE_ADMINS)
async def discard(
    request: AnyRequest, actor: NamedDependency[Actor], import_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await start.discard(scope, actor, path_id(import_id))
    return see_other(request, "/network/imports", DISCARDED)


@get("/network/imports/{import_id:str}/errors.csv", guards=ENTE_ADMINS)
async def errors(actor: NamedDependency[Actor], import_id: FromPath[str]) -> Response[bytes]:
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await _find(scope, import_id)
        rows = await queries.page_of_rows(scope, found.id, "error", 0, MOST_ERRORS)
    titles = KINDS[found.kind].titles
    header = [_("Line"), _("Row"), _("Column"), _("Value"), _("Error")]
    lines = [
        [
            row.position,
            row.content.get("key", ""),
            titles.get(column, column),
            row.content.get("cells", {}).get(column, ""),
            sentences.error(code),
        ]
        for row in rows
        for column, code in row.errors
    ]
    name = file_pages.name_of(N_("Errors"), KIND_NAMES[found.kind])
    return download(f"{name}.csv", "text/csv", for_offices(header, lines))


async def _find(scope: TenantScope, import_id: str) -> Import:
    found = await queries.find(scope, path_id(import_id))
    if found is None:
        raise NotFound
    return found


ROUTES: list[ControllerRouterHandler] = [
    list_imports,
    upload,
    show_import,
    apply,
    read_again,
    discard,
    errors,
    *file_pages.ROUTES,
]
