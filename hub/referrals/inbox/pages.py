"""The receiver's pages: a short inbox, and one offer to open, accept or decline."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import audit, clock
from hub.api.paging import from_cursor, to_cursor
from hub.db import routing_transaction, tenant_transaction
from hub.idempotency import KeyReused
from hub.referrals import labels
from hub.referrals.button import button_key
from hub.referrals.guards import LENDER_READERS, LENDER_WRITERS, WRITERS
from hub.referrals.inbox import queries
from hub.referrals.inbox.queries import ReceivedOffer
from hub.referrals.inbox.schemas import Decline
from hub.referrals.inbox.service import read_offer
from hub.referrals.inbox.timeline import moments
from hub.referrals.members.standing import NoLongerHere, Suspended
from hub.referrals.not_saved import give_back
from hub.referrals.offers.disclosure import codice_fiscale_of, lines
from hub.referrals.routing.accept_offer import accept_offer
from hub.referrals.routing.decline_offer import decline_offer
from hub.referrals.routing.edges import WAITING
from hub.referrals.routing.open_offer import open_offer
from hub.referrals.routing.queries import events_of
from hub.referrals.sent_before import given_back
from hub.tenants.accounts.actor import Actor
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]
PAGE_SIZE = 25
# More than anyone should have waiting; whoever has sees the most pressing.
MOST_WAITING = 100

# Which offers each tab of the inbox shows.
TABS: dict[str, tuple[str, Sequence[str]]] = {
    "waiting": (N_("To answer"), WAITING),
    "accepted": (N_("Accepted by us"), ("accepted",)),
    "other": (N_("Declined or taken by others"), ("declined", "superseded")),
}

OFFER_ACCEPTED = message("offer-accepted", N_("The case is yours. The desk has been told."))
OFFER_DECLINED = message("offer-declined", N_("You have declined. The desk has been told."))


@get("/inbox", guards=LENDER_READERS)
async def inbox(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    tab = request.query_params.get("show", "waiting")
    tab = tab if tab in TABS else "waiting"
    after = from_cursor(request.query_params.get("after", ""))
    async with tenant_transaction(actor.tenant_id) as scope:
        counts = await queries.count_received(scope)
        if tab == "waiting":
            offers = await queries.offers_to_answer(scope, limit=MOST_WAITING)
        else:
            offers = await queries.received_offers(
                scope, states=TABS[tab][1], after=after, limit=PAGE_SIZE + 1
            )
    shown = offers if tab == "waiting" else offers[:PAGE_SIZE]
    return page(
        request,
        "referrals/inbox.html",
        crumbs=[(_("Received offers"), "/inbox")],
        offers=shown,
        tab=tab,
        tabs=[
            (name, _(label), sum(counts.get(state, 0) for state in states))
            for name, (label, states) in TABS.items()
        ],
        next_url=_behind(tab, shown[-1]) if len(offers) > len(shown) else None,
        today=clock.today(),
        key=uuid4(),
        labels=labels,
        suspended=actor.is_suspended("lender"),
        stopped=actor.stopped,
    )


@get("/inbox/{offer_id:str}", guards=LENDER_READERS)
async def show_offer(
    request: PageRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> Template:
    return await _offer_page(request, actor, path_id(offer_id))


@post("/inbox/{offer_id:str}/open", guards=LENDER_WRITERS, status_code=303)
async def open_received(
    request: PageRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> Response[None]:
    """Not by GET: a mail program or a browser may load an address before anyone has seen it."""
    wanted = path_id(offer_id)
    async with routing_transaction(actor.tenant_id) as scope:
        await open_offer(scope, actor, wanted)
    return see_other(request, f"/inbox/{wanted}")


@post("/inbox/{offer_id:str}/accept", guards=LENDER_WRITERS, status_code=303)
async def accept(
    request: PageRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> Response[None]:
    wanted = path_id(offer_id)
    key = await button_key(request)
    async with routing_transaction(actor.tenant_id) as scope:
        await accept_offer(scope, actor, wanted, key)
    return see_other(request, f"/inbox/{wanted}", OFFER_ACCEPTED)


@post("/inbox/{offer_id:str}/decline", guards=LENDER_WRITERS, status_code=200)
async def decline(
    request: PageRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> Template | Response[None]:
    wanted = path_id(offer_id)
    form = await read_form(request, Decline, prefix="decline", once=True)
    if form.data is None:
        return await _offer_page(request, actor, wanted, decline_form=form)
    asked = form.data
    try:
        async with routing_transaction(actor.tenant_id) as scope:
            await decline_offer(
                scope, actor, wanted, reason=asked.reason, note=asked.note, key=form.key
            )
    except KeyReused:
        return await _offer_page(request, actor, wanted, decline_form=given_back(form))
    except (NoLongerHere, Suspended) as refusal:
        return await give_back(request, refusal, Decline)
    return see_other(request, f"/inbox/{wanted}", OFFER_DECLINED)


@post("/inbox/{offer_id:str}/codice-fiscale", guards=LENDER_READERS, status_code=200)
async def reveal_codice_fiscale(
    request: PageRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> Template:
    return await _offer_page(request, actor, path_id(offer_id), reveal=True)


@get(
    ["/inbox/{offer_id:str}/decline", "/inbox/{offer_id:str}/codice-fiscale"], guards=LENDER_READERS
)
async def back_to_offer(request: PageRequest, offer_id: FromPath[str]) -> Response[None]:
    """Where a page that answered a form is loaded again without it, as after a change of language."""
    return see_other(request, f"/inbox/{path_id(offer_id)}")


async def _offer_page(
    request: PageRequest,
    actor: Actor,
    offer_id: UUID,
    *,
    decline_form: Form[Decline] | None = None,
    reveal: bool = False,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        offer, shown = await read_offer(scope, actor, offer_id)
        if shown and reveal:
            await audit.record(scope, actor, "codice_fiscale.shown", "offer", offer_id)
        events = await events_of(scope, [offer.referral_id])
    return page(
        request,
        "referrals/offer.html",
        status_code=422 if decline_form and decline_form.failed else 200,
        crumbs=[(_("Received offers"), "/inbox"), (offer.case_number, f"/inbox/{offer.id}")],
        offer=offer,
        disclosed=shown,
        lines=lines(shown.payload, clear=reveal) if shown else [],
        revealed=reveal,
        concealed=bool(shown and codice_fiscale_of(shown.payload) and not reveal),
        moments=moments(offer, events),
        zone=actor.time_zone,
        decline=decline_form or blank(Decline, prefix="decline"),
        waiting=offer.state in WAITING,
        today=clock.today(),
        key=uuid4(),
        labels=labels,
        may_write=actor.role in WRITERS and (offer.is_test or not actor.is_suspended("lender")),
        suspended=actor.is_suspended("lender"),
        stopped=actor.stopped,
    )


def _behind(tab: str, last: ReceivedOffer) -> str:
    return "/inbox?" + urlencode({"show": tab, "after": to_cursor(last.position)})


ROUTES = [
    inbox,
    show_offer,
    open_received,
    accept,
    decline,
    reveal_codice_fiscale,
    back_to_offer,
]
