"""The editor's pages: which campaigns there are, how far each has come, and who did not get it."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import NotFound
from hub.mail.replies import in_words
from hub.newsletter import (
    control_pages,
    editor_pages,
    queries,
    sending_pages,
    unsent,
    unsubscribe_pages,
)
from hub.newsletter import progress as words
from hub.newsletter.course_drawing import drawn
from hub.newsletter.course_news import news_of
from hub.newsletter.delivery import tallies
from hub.newsletter.page_parts import EDITORS, PageRequest, crumbs_of, described, find_progress
from hub.newsletter.paging import Cursor, cursor_of, read_cursor
from hub.newsletter.progress import Progress
from hub.newsletter.save_draft import delete_draft
from hub.newsletter.schemas import (
    CAMPAIGN_STATES,
    DELIVERY_STATES,
    NOT_SENT,
    NOT_SENT_LABEL,
    ON_DOUBT,
    RESENDABLE_STATES,
    UNSENT_STATES,
    Cause,
    Unsent,
)
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page, wants_fragment
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
        counts = await tallies.counts_of(scope, [campaign.id for campaign in shown])
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
    """A draft's summary, or the course of one that was started; htmx asks for the course again and again.

    It says what standing the page around was made for: where that is another now, its buttons and notices come anew
    as well. And it says what was told last, so that only news are read aloud.
    """
    async with tenant_transaction(actor.tenant_id) as scope:
        progress = await find_progress(scope, path_id(campaign_id))
        campaign = progress.campaign
        course = await tallies.course_of(scope, campaign.id)
        regions = await queries.regions(scope)
    seen = request.query_params.get("seen")
    moved = wants_fragment(request) and seen is not None and seen != progress.standing
    answer = page(
        request,
        "newsletter/campaign.html",
        fragment="newsletter/refresh.html",
        crumbs=[*crumbs_of(campaign)],
        campaign=campaign,
        progress=progress,
        counts=progress.counts,
        moved=moved,
        news=news_of(progress),
        told=request.query_params.get("told"),
        curves=drawn(course, campaign),
        states=CAMPAIGN_STATES,
        delivery_states=DELIVERY_STATES,
        not_sent=NOT_SENT_LABEL,
        not_sent_state=NOT_SENT,
        words=words,
        in_words=in_words,
        on_doubt=ON_DOUBT,
        segment=described(campaign.segment, regions),
    )
    if moved:
        answer.headers.update({"HX-Retarget": "#campaign", "HX-Reswap": "outerHTML"})
    return answer


@get("/campaigns/{campaign_id:str}/unsent", guards=EDITORS)
async def show_unsent(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template:
    """Who did not get it, and why."""
    query = request.query_params
    after = path_id(query["after"]) if "after" in query else None
    limit = DELIVERIES_EACH_PAGE + 1
    async with tenant_transaction(actor.tenant_id) as scope:
        progress = await find_progress(scope, path_id(campaign_id))
        campaign = progress.campaign
        tabs = tabs_of(progress)
        state = query.get("state", next((name for name, _n, count in tabs if count), tabs[0][0]))
        if state not in [name for name, _label, _count in tabs]:
            raise NotFound
        causes = (
            progress.cut_off
            if state == NOT_SENT
            else [cause for cause in progress.causes if cause.state == state]
        )
        code = query.get("cause")
        chosen = [cause for cause in causes if not code or cause.code == code]
        if state == NOT_SENT and not code:
            found = await unsent.never_sent(scope, campaign.id, after=after, limit=limit)
        else:
            found = await _listed(scope, campaign.id, chosen, query.get("from"), after, limit)
    here = f"/campaigns/{campaign.id}/unsent"
    shown = found[:DELIVERIES_EACH_PAGE]
    asked = {"state": state} | ({"cause": code} if code else {})
    following = asked | (
        {"from": shown[-1].cause or "", "after": str(shown[-1].id)} if shown else {}
    )
    of_all = Cause(state, None, progress.counts.of(state))
    whole = chosen[0] if code and chosen else of_all
    return page(
        request,
        "newsletter/unsent.html",
        crumbs=[*crumbs_of(campaign), (_("Who did not get it"), here)],
        campaign=campaign,
        progress=progress,
        tabs=tabs,
        state=state,
        causes=causes,
        code=code,
        count=whole.count,
        number=words.how_many(whole),
        nobody="state" not in query and not any(count for _name, _label, count in tabs),
        not_sent=NOT_SENT_LABEL,
        can_resend=bool(chosen)
        and state in RESENDABLE_STATES
        and campaign.state in ("sending", "sent"),
        words=words,
        in_words=in_words,
        deliveries=shown,
        here=here,
        asked=urlencode(asked),
        next_url=f"{here}?{urlencode(following)}" if len(found) > len(shown) else None,
    )


async def _listed(
    scope: TenantScope,
    campaign_id: UUID,
    causes: Sequence[Cause],
    begin: str | None,
    after: UUID | None,
    limit: int,
) -> list[Unsent]:
    """One reason after the other, from the reason `begin` on and there behind the delivery `after`."""
    found: list[Unsent] = []
    for cause in sorted(causes, key=lambda cause: cause.code or ""):
        behind = after if (cause.code or "") == (begin or "") else None
        if len(found) < limit and (cause.code or "") >= (begin or ""):
            found += await unsent.unsent(
                scope, campaign_id, cause, after=behind, limit=limit - len(found)
            )
    return found


@post("/campaigns/{campaign_id:str}/delete", status_code=303, guards=EDITORS)
async def delete(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await delete_draft(scope, actor, path_id(campaign_id))
    return see_other(request, "/campaigns", DELETED)


def tabs_of(progress: Progress) -> list[tuple[str, str, int]]:
    """(state, label, how many) of those who did not get it; whoever waited when it was cancelled is one group."""
    counts, cancelled = progress.counts, progress.campaign.state == "cancelled"
    tabs = [(state, _(DELIVERY_STATES[state]), counts.of(state)) for state in UNSENT_STATES]
    if not cancelled:
        return tabs
    waiting = counts.of("queued") + counts.of("retry")
    return [(NOT_SENT, _(NOT_SENT_LABEL), waiting)] + [tab for tab in tabs if tab[0] != "retry"]


ROUTES: list[ControllerRouterHandler] = [
    campaigns,
    show_campaign,
    show_unsent,
    delete,
    *control_pages.ROUTES,
    *editor_pages.ROUTES,
    *sending_pages.ROUTES,
    *unsubscribe_pages.ROUTES,
]
