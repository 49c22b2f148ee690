"""Holding on to a campaign that is under way, and sending again to those who did not get it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.newsletter.control_campaign import (
    cancel_campaign,
    hurry_campaign,
    leave_doubts,
    pause_campaign,
    resend,
    resume_campaign,
)
from hub.newsletter.page_parts import EDITORS, PageRequest, crumbs_of, find_progress
from hub.newsletter.progress import cause_in_words, how_many
from hub.newsletter.schemas import DELIVERY_STATES, RESENDABLE_STATES, Cause, ResendForm
from hub.tenants.accounts.actor import Actor
from hub.web.forms import Form, blank, read_form, read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import Message, message, see_other

PAUSED = message("campaign-paused", N_("The campaign is paused."))
RESUMED = message("campaign-resumed", N_("The sending goes on."))
HURRIED = message("campaign-hurried", N_("The hub asks the mail server again now."))
CANCELLED = message(
    "campaign-cancelled",
    N_("The campaign is cancelled. Who has not got it yet does not get it."),
)
RESENT = message("campaign-resent", N_("They are back in the queue."))
DOUBTS_LEFT = message("campaign-doubts-left", N_("The messages in doubt stay as they are."))


def _step(
    name: str, take: Callable[[TenantScope, Actor, UUID], Awaitable[None]], said: Message
) -> ControllerRouterHandler:
    """A button that needs no form: take that step, and say so on the campaign's page."""

    @post(f"/campaigns/{{campaign_id:str}}/{name}", status_code=303, guards=EDITORS)
    async def step(
        request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
    ) -> Response[None]:
        async with tenant_transaction(actor.tenant_id) as scope:
            await take(scope, actor, path_id(campaign_id))
        return see_other(request, f"/campaigns/{campaign_id}", said)

    return step


STEPS = [
    _step("pause", pause_campaign, PAUSED),
    _step("resume", resume_campaign, RESUMED),
    _step("try-now", hurry_campaign, HURRIED),
    _step("cancel", cancel_campaign, CANCELLED),
    _step("leave-doubts", leave_doubts, DOUBTS_LEFT),
]


@get("/campaigns/{campaign_id:str}/cancel", guards=EDITORS)
async def confirm_cancelling(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        progress = await find_progress(scope, path_id(campaign_id))
    here = f"/campaigns/{campaign_id}"
    if not progress.campaign.is_running:
        return see_other(request, here)
    return page(
        request,
        "newsletter/cancel.html",
        crumbs=[*crumbs_of(progress.campaign), (_("Cancel"), f"{here}/cancel")],
        campaign=progress.campaign,
        counts=progress.counts,
    )


@get("/campaigns/{campaign_id:str}/resend", guards=EDITORS)
async def confirm_resending(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    """To whom, and what speaks against it."""
    return await _confirmation(request, actor, campaign_id, read_query(request, ResendForm))


@post("/campaigns/{campaign_id:str}/resend", status_code=200, guards=EDITORS)
async def send_again(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, ResendForm, once=True)
    if form.data is None:
        return await _confirmation(request, actor, campaign_id, form)
    async with tenant_transaction(actor.tenant_id) as scope:
        await resend(
            scope,
            actor,
            path_id(campaign_id),
            state=form.data.state,
            code=form.data.cause or None,
            key=form.key,
        )
    return see_other(request, f"/campaigns/{campaign_id}", RESENT)


async def _confirmation(
    request: PageRequest, actor: Actor, campaign_id: str, asked: Form[ResendForm]
) -> Template | Response[None]:
    """Where there is nobody to send to again, back to the list."""
    async with tenant_transaction(actor.tenant_id) as scope:
        progress = await find_progress(scope, path_id(campaign_id))
    campaign, state, code = progress.campaign, asked.value("state"), asked.value("cause")
    chosen = [
        cause
        for cause in progress.causes
        if cause.state == state in RESENDABLE_STATES and (not code or cause.code == code)
    ]
    if not chosen or campaign.state not in ("sending", "sent"):
        return see_other(request, f"/campaigns/{campaign.id}/unsent")
    of_all = Cause(state, None, progress.counts.of(state))
    form = blank(ResendForm, state=state, cause=code or None)
    form.problems = asked.problems
    return page(
        request,
        "newsletter/resend.html",
        status_code=422 if asked.problems else 200,
        crumbs=[
            *crumbs_of(campaign),
            (_("Who did not get it"), f"/campaigns/{campaign.id}/unsent?state={state}"),
            (_("Send again"), f"/campaigns/{campaign.id}/resend?state={state}"),
        ],
        campaign=campaign,
        form=form,
        state=state,
        count=(of_all if not code else chosen[0]).count,
        number=how_many(of_all if not code else chosen[0]),
        reasons=reasons_in_words(chosen),
        delivery_states=DELIVERY_STATES,
    )


def reasons_in_words(causes: list[Cause]) -> str:
    return ", ".join(cause_in_words(cause.code) for cause in causes)


ROUTES: list[ControllerRouterHandler] = [
    *STEPS,
    confirm_cancelling,
    confirm_resending,
    send_again,
]
