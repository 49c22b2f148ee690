"""The desk's pages: choosing lenders and what they are shown, the preview, and sending."""

from typing import Any
from uuid import uuid4

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.db import TenantScope, routing_transaction, tenant_transaction
from hub.errors import NotFound
from hub.idempotency import KeyReused
from hub.referrals import labels
from hub.referrals.button import button_key
from hub.referrals.guards import DESK_READERS, DESK_WRITERS, WRITERS
from hub.referrals.offers import queries
from hub.referrals.offers.disclosure import FIELDS, MINIMUM, codice_fiscale_of, lines, recorded
from hub.referrals.offers.draft import (
    Prospect,
    discard_draft,
    draft_referral,
    prospect,
    taken_this_month,
)
from hub.referrals.offers.schemas import DraftReferral
from hub.referrals.routing.send_referral import send_referral
from hub.referrals.sent_before import given_back
from hub.tenants.accounts.actor import Actor
from hub.tenants.services.schemas import BENEFICIARIES
from hub.tenants.territory.queries import region_names
from hub.web.forms import Form, Pairs, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

REFERRAL_SENT = message(
    "referral-sent", N_("The case is on its way. You see here when a lender opens or answers it.")
)
DRAFT_DISCARDED = message("draft-discarded", N_("The draft is discarded. Nothing was passed on."))


@get("/cases/{case_id:str}/referrals/new", guards=DESK_WRITERS)
async def new_referral(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template:
    async with routing_transaction(actor.tenant_id) as routing:
        taken = await taken_this_month(routing)
    async with tenant_transaction(actor.tenant_id) as scope:
        prepared = await prospect(scope, actor, path_id(case_id), taken)
    known = recorded(prepared.case)
    form = blank(
        DraftReferral,
        choices=_choices(prepared),
        fields=[name for name in MINIMUM if name in known],
        purpose="assessment",
        basis="request",
        notice_version=prepared.notice.version if prepared.notice else None,
    )
    return _new_page(request, prepared, form)


@post("/cases/{case_id:str}/referrals/new", guards=DESK_WRITERS, status_code=200)
async def draft(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    async with routing_transaction(actor.tenant_id) as routing:
        taken = await taken_this_month(routing)
    async with tenant_transaction(actor.tenant_id) as scope:
        prepared = await prospect(scope, actor, path_id(case_id), taken)
        form = await read_form(request, DraftReferral, choices=_choices(prepared), once=True)
        _check_notice(form, prepared)
        if form.data is None:
            return _new_page(request, prepared, form)
        try:
            referral_id = await draft_referral(scope, actor, prepared, form.data, form.key)
        except KeyReused:
            return _new_page(request, prepared, given_back(form))
    return see_other(request, f"/referrals/{referral_id}")


@get("/referrals/{referral_id:str}", guards=DESK_READERS)
async def show_referral(
    request: PageRequest, actor: NamedDependency[Actor], referral_id: FromPath[str]
) -> Template | Response[None]:
    """A draft's preview; what was sent stands on the case's page."""
    async with tenant_transaction(actor.tenant_id) as scope:
        referral = await _referral(scope, actor, referral_id)
        if referral.state != "draft":
            return see_other(request, f"/cases/{referral.case_id}#referrals")
        offers = await queries.offers_of(scope, [referral.id])
        regions = await region_names(scope)
    today = clock.today()
    return page(
        request,
        "referrals/referral.html",
        crumbs=[
            (_("Cases"), "/cases"),
            (referral.case_number, f"/cases/{referral.case_id}"),
            (_("Preview"), f"/referrals/{referral.id}"),
        ],
        referral=referral,
        region=regions[referral.region_code],
        previews=[
            (offer, lines(offer.disclosure), clock.add_working_days(today, offer.answer_days))
            for offer in offers
        ],
        masked=any(codice_fiscale_of(offer.disclosure) for offer in offers),
        key=uuid4(),
        labels=labels,
        may_write=actor.role in WRITERS and (referral.is_test or not actor.is_suspended("host")),
    )


@post("/referrals/{referral_id:str}/send", guards=DESK_WRITERS, status_code=303)
async def send(
    request: PageRequest, actor: NamedDependency[Actor], referral_id: FromPath[str]
) -> Response[None]:
    wanted = path_id(referral_id)
    key = await button_key(request)
    async with routing_transaction(actor.tenant_id) as scope:
        await send_referral(scope, actor, wanted, key)
    return see_other(request, f"/referrals/{wanted}", REFERRAL_SENT)


@post("/referrals/{referral_id:str}/discard", guards=DESK_WRITERS, status_code=303)
async def discard(
    request: PageRequest, actor: NamedDependency[Actor], referral_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        case_id = await discard_draft(scope, actor, path_id(referral_id))
    return see_other(request, f"/cases/{case_id}", DRAFT_DISCARDED)


async def _referral(scope: TenantScope, actor: Actor, referral_id: str) -> queries.Referral:
    found = await queries.referral_by_id(scope, actor.desk_ids, path_id(referral_id))
    if found is None:
        raise NotFound
    return found


def _choices(prepared: Prospect) -> dict[str, Pairs]:
    """Only lenders that fit, and only what there is to show."""
    return {
        "receivers": [(one.lender_id, one.lender_name) for one in prepared.verdicts if one.fits],
        "fields": [(name, _(FIELDS[name])) for name in recorded(prepared.case)],
    }


def _check_notice(form: Form[DraftReferral], prepared: Prospect) -> None:
    """The citizen must have received the notice that is in force now, not the one of an old page."""
    current = prepared.notice.version if prepared.notice else None
    if form.data and form.data.notice_version != current:
        form.values["notice_version"] = [current] if current else []
        form.values["notice_given"] = []
        form.refuse(
            "notice_given", _("There is a new privacy notice. Please give it to the citizen.")
        )


def _new_page(request: PageRequest, prepared: Prospect, form: Form[DraftReferral]) -> Template:
    case = prepared.case
    return page(
        request,
        "referrals/referral_new.html",
        status_code=422 if form.failed else 200,
        crumbs=[
            (_("Cases"), "/cases"),
            (case.number, f"/cases/{case.id}"),
            (_("Send to lenders"), f"/cases/{case.id}/referrals/new"),
        ],
        case=case,
        fitting=[one for one in prepared.verdicts if one.fits],
        others=[one for one in prepared.verdicts if not one.fits],
        notice=prepared.notice,
        form=form,
        labels=labels,
        beneficiaries=BENEFICIARIES,
    )


ROUTES = [new_referral, draft, show_referral, send, discard]
