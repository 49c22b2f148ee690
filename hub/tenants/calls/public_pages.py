"""Calls as everybody sees them: the list, a page for each, questions about it, its documents, and the feed."""

from hashlib import sha256
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import files
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.pages import client_address
from hub.tenants.calls import feed, queries, standing
from hub.tenants.calls.call_text import rendered
from hub.tenants.calls.documents import queries as document_queries
from hub.tenants.calls.notice import Notice, locate, look_at
from hub.tenants.calls.page_parts import PUBLIC, PageRequest
from hub.tenants.calls.questions import service
from hub.tenants.calls.questions.schemas import AskQuestion
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.territory.queries import region_names
from hub.web import i18n
from hub.web.downloads import download
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

# The network has a few a year.
MOST_CALLS = 200

ASKED = message(
    "question-asked", N_("Your question has arrived. The answer will be published on this page.")
)


@get("/calls", opt=PUBLIC)
async def list_calls(request: PageRequest) -> Template:
    async with network_transaction() as scope:
        calls = await queries.public_calls(scope, limit=MOST_CALLS)
        regions = await region_names(scope)
        now = scope.now
    by_standing: dict[str, list[Any]] = {}
    for call in calls:
        by_standing.setdefault(standing.standing_of(call, now), []).append(call)
    return page(
        request,
        "tenants/calls/calls.html",
        crumbs=[(_("Calls"), "/calls")],
        by_standing=by_standing,
        regions=regions,
        now=now,
        words=standing,
    )


@get("/calls/{slug:str}", opt=PUBLIC)
async def show_call(request: PageRequest, slug: FromPath[str]) -> Template:
    notice = await _notice(slug)
    return call_page(request, notice, blank(AskQuestion, prefix="ask"))


async def _notice(slug: str) -> Notice:
    located = await locate(slug)
    async with tenant_transaction(located.tenant_id) as scope:
        return await look_at(scope, located.call_id)


def call_page(
    request: PageRequest,
    notice: Notice,
    form: Form[AskQuestion],
    *,
    status_code: int = 200,
    preview: bool = False,
    crumbs: list[tuple[str, str]] | None = None,
) -> Template:
    """Also as the Ente's preview, before anybody else sees it."""
    call = notice.call
    return page(
        request,
        "tenants/calls/call.html",
        status_code=status_code,
        crumbs=crumbs or [(_("Calls"), "/calls"), (call.title, f"/calls/{call.slug}")],
        call=call,
        notice=notice,
        standing=notice.standing,
        host_kinds=HOST_KINDS,
        text=rendered(call.text),
        rendered=rendered,
        words=standing,
        form=form,
        preview=preview,
    )


@post("/calls/{slug:str}/questions", status_code=200, opt=PUBLIC)
async def ask(request: PageRequest, slug: FromPath[str]) -> Template | Response[None]:
    located = await locate(slug)
    form = await read_form(request, AskQuestion, prefix="ask", once=True)
    if form.data is None:
        return call_page(request, await _notice(slug), form, status_code=422)
    if not form.data.website:
        async with network_transaction() as network:
            await service.count_attempt(network, client_address(request))
        try:
            async with tenant_transaction(located.tenant_id) as scope:
                await service.ask(scope, located.call_id, form.data, i18n.locale(), form.key)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
            return call_page(request, await _notice(slug), form, status_code=409)
    return see_other(request, f"/calls/{slug}", ASKED)


@get("/calls/{slug:str}/documents/{document_id:str}", opt=PUBLIC)
async def public_document(slug: FromPath[str], document_id: FromPath[str]) -> Response[bytes]:
    located = await locate(slug)
    async with tenant_transaction(located.tenant_id) as scope:
        document = await document_queries.find(scope, located.call_id, path_id(document_id))
        if document is None:
            raise NotFound
        content = await files.content(scope, document.file_id)
    return download(document.name, document.media_type, content)


@get(feed.PATH, opt=PUBLIC)
async def show_feed(request: PageRequest) -> Response[bytes]:
    """In Italian, as the calls are. Whoever has this state of it already gets 304 and no body."""
    async with network_transaction() as scope:
        calls = await queries.public_calls(scope, limit=feed.MOST_ENTRIES)
        regions = await region_names(scope)
        now = scope.now
    with i18n.reading_in("it"):
        body = feed.atom(
            feed.entries_of(calls, regions, now), base_url=request.app.state.settings.base_url
        )
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    known = request.headers.get("if-none-match", "") == tag
    return Response(
        b"" if known else body,
        status_code=304 if known else 200,
        media_type=feed.MEDIA_TYPE,
        headers={"ETag": tag},
    )


ROUTES: list[ControllerRouterHandler] = [
    list_calls,
    show_feed,
    show_call,
    ask,
    public_document,
]
