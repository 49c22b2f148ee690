"""What opening, accepting and declining have in common: lock the referral first, then look."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.db import RoutingScope
from hub.errors import Conflict, NotFound
from hub.idempotency import KeyReused, once
from hub.referrals.routing import queries
from hub.referrals.routing.edges import WAITING
from hub.referrals.routing.queries import Answerable, Event, LockedReferral
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_

_REFUSALS = {
    "accepted": ("offer-accepted", N_("Your organisation has already accepted this offer.")),
    "declined": ("offer-declined", N_("Your organisation has already declined this offer.")),
    "superseded": (
        "offer-superseded",
        N_("Another lender was faster and has accepted. What you were shown has been deleted."),
    ),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One receiver's turn: nobody else moves an offer of this referral until the transaction ends."""

    referral: LockedReferral
    offer: Answerable
    others_waiting: Sequence[Answerable]

    def refuse_answered(self) -> None:
        """Raises Conflict where the offer no longer waits for an answer."""
        if self.offer.state not in WAITING:
            raise Conflict(*_REFUSALS.get(self.offer.state, ()))

    def event(self, actor: Actor, after: str, reason: str | None = None) -> Event:
        return Event(
            self.offer.id,
            self.offer.receiver_id,
            self.offer.state,
            after,
            reason,
            by_tenant=actor.tenant_id,
            by_member=actor.membership_id,
        )


async def take_turn(scope: RoutingScope, offer_id: UUID) -> Turn:
    """Raises NotFound for an offer that is not this receiver's."""
    referral = await queries.lock_referral_of(scope, offer_id)
    if referral is None:
        raise NotFound
    offers = await queries.offers_of_locked(scope, referral)
    others = [one for one in offers if one.state in WAITING and one.id != offer_id]
    return Turn(referral, next(one for one in offers if one.id == offer_id), others)


async def was_done(
    scope: RoutingScope, turn: Turn, operation: str, key: UUID | None, *said: str
) -> bool:
    """Whether this very request was carried out before. Raises KeyReused for a key that stood for another.

    Where the offer was answered in the meantime, the Conflict that tells so says more.
    """
    offer_id = turn.offer.id
    try:
        return await once(scope, operation, key, offer_id, content=(offer_id, *said)) is not None
    except KeyReused:
        turn.refuse_answered()
        raise KeyReused(message=N_("This idempotency key was used for something else.")) from None
