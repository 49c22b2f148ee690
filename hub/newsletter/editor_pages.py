"""Writing a campaign: its text block by block, and its segment with a live count."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.idempotency import KeyReused
from hub.mail.mjml import BadMjml
from hub.newsletter import queries
from hub.newsletter.blocks import BLOCK_LABELS
from hub.newsletter.delivery.letter import compile_bodies
from hub.newsletter.editor import (
    Editing,
    SegmentQuery,
    draft_of,
    editing_of,
    new_editing,
    read_editing,
)
from hub.newsletter.page_parts import EDITORS, PageRequest, find_campaign
from hub.newsletter.save_draft import create_draft, save_draft
from hub.newsletter.schemas import Draft, Publisher
from hub.newsletter.segments import segment_of
from hub.tenants.accounts.actor import Actor
from hub.web.forms import read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SAVED = message("campaign-saved", N_("The campaign is saved as a draft."))
TAKEN = N_(
    "Someone else changed this campaign in the meantime. Copy what you want to keep, then load the page again."
)


@get("/campaigns/segment-count", guards=EDITORS)
async def segment_count(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    """The live count, as a part of the editor's page."""
    async with tenant_transaction(actor.tenant_id) as scope:
        form = read_query(request, SegmentQuery, choices={"regions": await queries.regions(scope)})
        wanted = form.data.wanted if form.data else None
        count = await queries.count_recipients(scope, segment_of(wanted)) if wanted else None
    return page(request, "newsletter/count.html", count=count, wanted=wanted)


@get("/campaigns/new", guards=EDITORS)
async def new_campaign(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        editing = new_editing(await queries.regions(scope))
    return _editor(request, None, editing, count=0)


@post("/campaigns", status_code=200, guards=EDITORS)
async def create(request: PageRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    return await _edited(request, actor, None)


@get("/campaigns/{campaign_id:str}/edit", guards=EDITORS)
async def edit_campaign(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        editing = editing_of(campaign, await queries.regions(scope))
        count = await queries.count_recipients(scope, campaign.segment)
    if not campaign.is_draft:
        return see_other(request, f"/campaigns/{campaign.id}")
    return _editor(request, campaign.id, editing, count=count)


@post("/campaigns/{campaign_id:str}/edit", status_code=200, guards=EDITORS)
async def edit(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    return await _edited(request, actor, path_id(campaign_id))


async def _edited(
    request: PageRequest, actor: Actor, campaign_id: UUID | None
) -> Template | Response[None]:
    """Save the form, or give it back: arranged, counted, or with what is wrong."""
    await request.body()  # A slow sender must not keep a transaction open.
    async with tenant_transaction(actor.tenant_id) as scope:
        if campaign_id:
            await find_campaign(scope, campaign_id)
        editing = await read_editing(request, await queries.regions(scope))
        count = await queries.count_recipients(scope, segment_of(editing.wanted))
        publisher = await queries.publisher(scope)
    if editing.do in ("arranged", "count"):
        return _editor(request, campaign_id, editing, count=count)
    data, key = editing.form.data, editing.form.key
    draft = draft_of(data, editing.kinds) if data else None
    if draft:
        _check_letter(editing, draft, publisher)
    if data is None or draft is None or editing.form.failed:
        return _editor(request, campaign_id, editing, count=count, status_code=422)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            if campaign_id is None:
                campaign_id = await create_draft(scope, actor, draft, key)
            else:
                await save_draft(scope, actor, campaign_id, draft, data.version, key)
    except Conflict as conflict:
        reused = isinstance(conflict, KeyReused)
        editing.form.refuse(None, _(conflict.message if reused else TAKEN))
        return _editor(request, campaign_id, editing, count=count, status_code=409)
    where = "preview" if editing.do == "preview" else "edit"
    return see_other(request, f"/campaigns/{campaign_id}/{where}", SAVED)


def _check_letter(editing: Editing, draft: Draft, publisher: Publisher) -> None:
    """What cannot become a mail is said while it is written, not when it is sent."""
    try:
        compile_bodies(draft, publisher)
    except BadMjml:
        editing.form.refuse(None, _("This is too long for one mail. Please shorten it."))


def _editor(
    request: PageRequest,
    campaign_id: UUID | None,
    editing: Editing,
    *,
    count: int,
    status_code: int = 200,
) -> Template:
    here = f"/campaigns/{campaign_id}/edit" if campaign_id else "/campaigns"
    title = _("Edit the campaign") if campaign_id else _("Write a campaign")
    return page(
        request,
        "newsletter/edit.html",
        fragment="newsletter/editor.html",
        status_code=status_code,
        crumbs=[
            (_("Campaigns"), "/campaigns"),
            (title, here if campaign_id else "/campaigns/new"),
        ],
        title=title,
        action=here,
        campaign_id=campaign_id,
        editing=editing,
        form=editing.form,
        count=count,
        wanted=editing.wanted,
        block_labels=BLOCK_LABELS,
    )


ROUTES: list[ControllerRouterHandler] = [segment_count, new_campaign, create, edit_campaign, edit]
