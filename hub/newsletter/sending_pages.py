"""The last looks before a campaign leaves: as a recipient will see it, and to how many it goes."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict
from hub.mail.headers import without_control
from hub.newsletter import queries
from hub.newsletter.delivery.letter import compile_bodies, fill_letter, filled
from hub.newsletter.page_parts import EDITORS, PageRequest, crumbs_of, described, find_campaign
from hub.newsletter.schemas import ON_DOUBT, Campaign, Recipient, SendForm
from hub.newsletter.start_campaign import CountChanged, NobodyToReach, start_campaign
from hub.tenants.accounts.actor import Actor
from hub.web import i18n
from hub.web.forms import Form, blank, read_form
from hub.web.headers import PREVIEW_CSP
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

STARTED = message(
    "campaign-started", N_("The campaign is on its way. This page shows how far it has come.")
)


@get("/campaigns/{campaign_id:str}/preview", guards=EDITORS)
async def preview(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template:
    locale = _locale_asked(request)
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        publisher = await queries.publisher(scope)
        recipient = await _someone(scope, actor, campaign)
        body = await _body(scope, campaign, locale)
    # Plain text shows the address that HTML hides behind words: no "#" there, and nobody's real one.
    own_link = _("(each reader has a link of their own here)")
    subject, letter = fill_letter(campaign.subject, body, recipient, own_link)
    return page(
        request,
        "newsletter/preview.html",
        crumbs=[*crumbs_of(campaign), (_("Preview"), f"/campaigns/{campaign.id}/preview")],
        campaign=campaign,
        publisher=publisher,
        recipient=recipient,
        subject=subject,
        first_words=filled(campaign.preheader, {"name": without_control(recipient.name)}),
        text=letter.text,
        shown_locale=locale,
    )


@get("/campaigns/{campaign_id:str}/preview/html", guards=EDITORS, opt={"csp": PREVIEW_CSP})
async def preview_html(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Response[str]:
    """The letter itself, for the frame on the preview page."""
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        recipient = await _someone(scope, actor, campaign)
        body = await _body(scope, campaign, _locale_asked(request))
    _subject, letter = fill_letter(campaign.subject, body, recipient, "#")
    return Response(letter.html, media_type="text/html")


@get("/campaigns/{campaign_id:str}/send", guards=EDITORS)
async def confirm_sending(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, path_id(campaign_id))
        template = await _confirmation(request, scope, campaign)
    return template if campaign.is_draft else see_other(request, f"/campaigns/{campaign.id}")


@post("/campaigns/{campaign_id:str}/send", status_code=200, guards=EDITORS)
async def send(
    request: PageRequest, actor: NamedDependency[Actor], campaign_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, SendForm, once=True)
    found_id = path_id(campaign_id)
    refusal: Conflict | None = None
    if form.data is not None:
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                await start_campaign(
                    scope,
                    actor,
                    found_id,
                    version=form.data.version,
                    expected=form.data.recipients,
                    on_doubt=form.data.on_doubt,
                    key=form.key,
                )
            return see_other(request, f"/campaigns/{found_id}", STARTED)
        except (CountChanged, NobodyToReach) as error:
            refusal = error
    async with tenant_transaction(actor.tenant_id) as scope:
        campaign = await find_campaign(scope, found_id)
        return await _confirmation(request, scope, campaign, refused=form, refusal=refusal)


async def _confirmation(
    request: PageRequest,
    scope: TenantScope,
    campaign: Campaign,
    *,
    refused: Form[SendForm] | None = None,
    refusal: Conflict | None = None,
) -> Template:
    """The form always asks to confirm what is true now, also after a refusal."""
    count = await queries.count_recipients(scope, campaign.segment)
    chosen = refused.value("on_doubt") if refused else ""
    form = blank(
        SendForm,
        version=campaign.version,
        recipients=count,
        on_doubt=chosen if chosen in ON_DOUBT else "ask",
    )
    if refused is not None:
        form.problems = (
            [_(refusal.message)]
            if refusal
            else refused.problems
            or [_("The form has changed in the meantime. Please load the page again.")]
        )
    return page(
        request,
        "newsletter/send.html",
        status_code=200 if refused is None else 409 if refusal else 422,
        crumbs=[*crumbs_of(campaign), (_("Send"), f"/campaigns/{campaign.id}/send")],
        campaign=campaign,
        publisher=await queries.publisher(scope),
        count=count,
        form=form,
        segment=described(campaign.segment, await queries.regions(scope)),
    )


async def _someone(scope: TenantScope, actor: Actor, campaign: Campaign) -> Recipient:
    """The first recipient; the editor, while there is none."""
    recipient = await queries.first_recipient(scope, campaign.segment)
    return recipient or Recipient("name@example.org", b"", actor.name, actor.locale)


async def _body(scope: TenantScope, campaign: Campaign, locale: str) -> dict[str, str]:
    """What was sent, or what would be."""
    if campaign.is_draft:
        return compile_bodies(campaign, await queries.publisher(scope))[locale]
    bodies = await queries.bodies_of(scope, campaign.id)
    # A language that the hub did not have when this was sent.
    return bodies.get(locale) or bodies[i18n.DEFAULT_LOCALE]


def _locale_asked(request: PageRequest) -> str:
    asked = request.query_params.get("language", "")
    return asked if asked in i18n.LOCALES else i18n.locale()


ROUTES: list[ControllerRouterHandler] = [preview, preview_html, confirm_sending, send]
