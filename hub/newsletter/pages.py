"""The editor's pages: which campaigns there are, how far each has come, and who did not get it."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.mail.smtp import in_words
from hub.newsletter import editor_pages, queries, sending_pages, unsubscribe_pages
from hub.newsletter import unsent as ledger_unsent
from hub.newsletter.page_parts import EDITORS, PageRequest, crumbs_of, described, find_campaign
from hub.newsletter.paging import Cursor, cursor_of, read_cursor
from hub.newsletter.save_draft import delete_draft
from hub.newsletter.schemas import CAMPAIGN_STATES, DELIVERY_STATES, UNSENT_STATES
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

CAMPAIGNS_EACH_PAGE, DELIVERIES_EACH_PAGE = 20, 50

DELETED = message("campaign-deleted", N_("The draft is deleted."))


@get("/campaigns", guards=EDITORS)
async def campaigns(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    before = read_cursor(request.query_params.get("before"))
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await queries.recent_campaigns(scope, limit=CAMPAIGNS_EACH_PAGE + 1, before=before)
        shown = found[:CAMPAIGNS_EACH_PAGE]
        counts = await queries.counts_of(scope, [campaign.id for campaign in shown])
    more = len(found) > CAMPAIGNS_EACH_PAGE
    next_cursor = cursor_of(Cursor(shown[-1].updated_at, shown[-1].id)) if more else None
    return page(
        request,
        "newsletter/campaigns.html",
        crumbs=[(_("Campaigns"), "/campaigns")],
        campaigns=shown,
        counts=counts,
        states=CAMPAIGN_STATES,
        first_page=before is None,
        next_url=f"/campaigns?before={next_cursor}" if next_cursor else None,
    )


@get("/campaigns/{campaign_id:str}", guards=EDITORS)
async def show_campaign(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template:
    """A draft's summary, or the course of one that was started; htmx asks for the course again and again."""
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        counts = (await queries.counts_of(scope, [campaign.id]))[campaign.id]
        regions = await queries.regions(scope)
    return page(
        request,
        "newsletter/campaign.html",
        fragment="newsletter/course.html",
        crumbs=[*crumbs_of(campaign)],
        campaign=campaign,
        counts=counts,
        states=CAMPAIGN_STATES,
        delivery_states=DELIVERY_STATES,
        in_words=in_words,
        unsent_states=UNSENT_STATES,
        segment=described(campaign.segment, regions),
    )


@get("/campaigns/{campaign_id:str}/unsent", guards=EDITORS)
async def unsent(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template:
    """Who did not get it, and why."""
    asked = request.query_params.get("state")
    if asked is not None and asked not in UNSENT_STATES:
        raise NotFound
    after = request.query_params.get("after")
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        counts = (await queries.counts_of(scope, [campaign.id]))[campaign.id]
        state = asked or next((name for name in UNSENT_STATES if counts.of(name)), UNSENT_STATES[0])
        found = await ledger_unsent.unsent(
            scope,
            campaign.id,
            state,
            None,
            after=path_id(after) if after else None,
            limit=DELIVERIES_EACH_PAGE + 1,
        )
    here = f"/campaigns/{campaign.id}/unsent"
    shown = found[:DELIVERIES_EACH_PAGE]
    more = len(found) > DELIVERIES_EACH_PAGE
    return page(
        request,
        "newsletter/unsent.html",
        crumbs=[*crumbs_of(campaign), (_("Who did not get it"), here)],
        campaign=campaign,
        counts=counts,
        state=state,
        unsent_states=UNSENT_STATES,
        delivery_states=DELIVERY_STATES,
        in_words=in_words,
        deliveries=shown,
        next_url=f"{here}?state={state}&after={shown[-1].id}" if more else None,
    )


@post("/campaigns/{campaign_id:str}/delete", status_code=303, guards=EDITORS)
async def delete(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await delete_draft(scope, actor, path_id(campaign_id))
    return see_other(request, "/campaigns", DELETED)


ROUTES: list[ControllerRouterHandler] = [
    campaigns,
    show_campaign,
    unsent,
    delete,
    *editor_pages.ROUTES,
    *sending_pages.ROUTES,
    *unsubscribe_pages.ROUTES,
]
