"""Received offers for a lender's own system: list, open, read, accept, decline.

The session cookie is the key for now, with `X-CSRF-Token` on each POST. `Idempotency-Key` makes a repeated POST safe.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from hub.api.body import read_json
from hub.api.idempotency_header import read_idempotency_key
from hub.api.paging import from_cursor, to_cursor
from hub.api.parameters import InvalidParameters, read_parameters
from hub.db import routing_transaction, tenant_transaction
from hub.referrals.guards import LENDER_READERS, LENDER_WRITERS
from hub.referrals.inbox import queries
from hub.referrals.inbox.queries import Disclosed, ReceivedOffer
from hub.referrals.inbox.schemas import (
    NOTE,
    AmountItem,
    DeclineBody,
    DisclosureItem,
    ListOffers,
    OfferItem,
    OfferPage,
    RegionItem,
    SenderItem,
)
from hub.referrals.inbox.service import read_offer
from hub.referrals.labels import OFFER_STATES
from hub.referrals.offers.disclosure import codice_fiscale_of
from hub.referrals.routing.accept_offer import accept_offer
from hub.referrals.routing.decline_offer import decline_offer
from hub.referrals.routing.open_offer import open_offer
from hub.referrals.routing.reasons import REASONS
from hub.tenants.accounts.actor import Actor
from hub.web.fields import Refused
from hub.web.i18n import gettext as _
from hub.web.params import path_id

ApiRequest = Request[Any, Any, Any]
BASE = "/api/v1/received-offers"


@get(BASE, guards=LENDER_READERS)
async def list_received(request: ApiRequest, actor: NamedDependency[Actor]) -> OfferPage:
    """The latest first; `next_cursor` is null on the last page. What was disclosed is in each offer's own answer."""
    asked = read_parameters(request, ListOffers)
    after = from_cursor(asked.cursor) if asked.cursor else None
    if asked.cursor and after is None:
        raise _invalid("cursor", _("This is no cursor of ours."))
    if asked.state not in (None, *OFFER_STATES):
        raise _invalid("state", _("Choose one of the options."))
    async with tenant_transaction(actor.tenant_id) as scope:
        offers = await queries.received_offers(
            scope,
            states=[asked.state] if asked.state else (),
            after=after,
            limit=asked.limit + 1,
        )
    shown = offers[: asked.limit]
    cursor = to_cursor(shown[-1].position) if len(offers) > asked.limit else None
    return OfferPage([_item(request, offer) for offer in shown], cursor)


@get(f"{BASE}/{{offer_id:str}}", guards=LENDER_READERS)
async def show_received(
    request: ApiRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> OfferItem:
    return await _current(request, actor, path_id(offer_id))


@post(f"{BASE}/{{offer_id:str}}/open", guards=LENDER_WRITERS, status_code=200)
async def open_received(
    request: ApiRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> OfferItem:
    """Tell the desk that someone reads the offer, and get what it discloses."""
    wanted = path_id(offer_id)
    async with routing_transaction(actor.tenant_id) as scope:
        await open_offer(scope, actor, wanted)
    return await _current(request, actor, wanted)


@post(f"{BASE}/{{offer_id:str}}/accept", guards=LENDER_WRITERS, status_code=200)
async def accept_received(
    request: ApiRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> OfferItem:
    """The first lender to accept takes the case on; the others get 409."""
    wanted, key = path_id(offer_id), read_idempotency_key(request)
    async with routing_transaction(actor.tenant_id) as scope:
        await accept_offer(scope, actor, wanted, key)
    return await _current(request, actor, wanted)


@post(f"{BASE}/{{offer_id:str}}/decline", guards=LENDER_WRITERS, status_code=200)
async def decline_received(
    request: ApiRequest, actor: NamedDependency[Actor], offer_id: FromPath[str]
) -> OfferItem:
    """`reason` is a code; the note is read by the desk."""
    wanted, key = path_id(offer_id), read_idempotency_key(request)
    asked = await read_json(request, DeclineBody)
    if asked.reason not in REASONS:
        raise _invalid("reason", _("Choose one of the options."))
    note = _note(asked.note)
    async with routing_transaction(actor.tenant_id) as scope:
        await decline_offer(scope, actor, wanted, reason=asked.reason, note=note, key=key)
    return await _current(request, actor, wanted)


async def _current(request: ApiRequest, actor: Actor, offer_id: UUID) -> OfferItem:
    async with tenant_transaction(actor.tenant_id) as scope:
        offer, shown = await read_offer(scope, actor, offer_id, by="api")
    item = _item(request, offer)
    if shown:
        item.disclosure = _disclosure(shown)
    return item


def _item(request: ApiRequest, offer: ReceivedOffer) -> OfferItem:
    base_url: str = request.app.state.settings.base_url
    return OfferItem(
        id=offer.id,
        case_number=offer.case_number,
        state=offer.state,
        kind=offer.kind,
        amount=AmountItem(f"{Decimal(offer.amount_cents) / 100:.2f}", offer.currency),
        region=RegionItem(offer.region_code, offer.region_name),
        sender=SenderItem(offer.sender_id, offer.sender_name),
        offered_at=offer.offered_at,
        due_on=offer.due_on,
        opened_at=offer.opened_at,
        answered_at=offer.answered_at,
        decline_reason=offer.decline_reason,
        version=offer.version,
        url=f"{base_url}/inbox/{offer.id}",
        is_test=offer.is_test,
    )


def _disclosure(shown: Disclosed) -> DisclosureItem:
    payload = shown.payload
    return DisclosureItem(
        purpose=shown.purpose,
        basis=shown.basis,
        notice_version=shown.notice_version,
        disclosed_at=shown.disclosed_at,
        given_name=payload.get("given_name"),
        family_name=payload.get("family_name"),
        tax_code=codice_fiscale_of(payload),
        birth_date=payload.get("birth_date"),
        phone=payload.get("phone"),
        email=payload.get("email"),
        municipality=payload.get("municipality"),
        project=payload.get("purpose"),
    )


def _note(typed: str) -> str:
    """As the form's field takes it."""
    try:
        return str(NOTE.parse(NOTE.clean(typed)))
    except Refused as refusal:
        raise _invalid("note", str(refusal)) from None


def _invalid(name: str, reason: str) -> InvalidParameters:
    return InvalidParameters([{"name": name, "reason": reason}])


ROUTES = [list_received, show_received, open_received, accept_received, decline_received]
