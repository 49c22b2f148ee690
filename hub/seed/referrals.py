"""Referrals of the demo network's cases, with their offers as both parties have them."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Literal, NamedTuple
from uuid import UUID

from hub.clock import ROME, add_working_days
from hub.referrals.offers.disclosure import MINIMUM
from hub.referrals.routing.reasons import REASONS
from hub.seed.chance import OPEN_FOR, OPENING, id_at, working_day
from hub.seed.organisations import Organisation
from hub.seed.phrases import DECLINE_NOTES
from hub.seed.rows import (
    Batch,
    Case,
    Citizen,
    Disclosure,
    Membership,
    Offer,
    OfferEvent,
    ReceivedOffer,
    Referral,
)

Result = Literal["draft", "waiting", "exhausted", "placed"]

REFERRAL_STATES: dict[Result, str] = {
    "draft": "draft",
    "waiting": "open",
    "exhausted": "exhausted",
    "placed": "placed",
}
PURPOSE, BASIS, NOTICE = "assessment", "request", "2026-1"
DECLINE_REASONS = tuple(REASONS)


class Plan(NamedTuple):
    """A referral: of what case, by whom and to whom, when it was sent and when its last answer came."""

    case: Case
    citizen: Citizen
    sender: Membership
    receivers: Sequence[Organisation]
    result: Result
    sent_at: datetime
    settled_at: datetime


class Step(NamedTuple):
    """What happened to an offer; `member` is None where the hub itself did it."""

    before: str
    after: str
    at: datetime
    member: Membership | None
    reason: str | None = None


def refer(luck: Random, batch: Batch, plan: Plan) -> None:
    referral_id = id_at(luck, plan.sent_at)
    placed = None
    for number, receiver in enumerate(plan.receivers):
        steps = list(_steps(luck, plan, receiver, number))
        offer = _offer(luck, plan, referral_id, receiver, steps)
        if offer.state == "accepted":
            placed = offer.id
        batch.add(offer)
        if steps:
            _deliver(luck, batch, plan, offer, receiver, steps)
    batch.add(_referral(plan, referral_id, placed))


def shown(citizen: Citizen, case: Case) -> dict[str, str]:
    """What the receivers are shown: the fields that the desk's form proposes, as far as they are known."""
    known = {
        "given_name": citizen.given_name,
        "family_name": citizen.family_name,
        "purpose": case.purpose,
        "phone": citizen.phone,
        "email": citizen.email,
    }
    return {name: value for name, value in known.items() if value}


def _referral(plan: Plan, referral_id: UUID, placed: UUID | None) -> Referral:
    case, went_out = plan.case, plan.result != "draft"
    return Referral(
        id=referral_id,
        tenant_id=case.tenant_id,
        case_id=case.id,
        desk_id=case.desk_id,
        case_number=case.number,
        kind=case.kind,
        amount_cents=case.amount_cents,
        region_code=case.region_code,
        mode="pooled",
        state=REFERRAL_STATES[plan.result],
        purpose=PURPOSE,
        basis=BASIS,
        notice_version=NOTICE,
        fields=list(MINIMUM),
        created_at=plan.sent_at - timedelta(minutes=12),
        created_by=plan.sender.id,
        sent_at=plan.sent_at if went_out else None,
        sent_by=plan.sender.id if went_out else None,
        placed_offer_id=placed,
        version=1 + went_out + (plan.result in ("placed", "exhausted")),
    )


def _steps(luck: Random, plan: Plan, receiver: Organisation, number: int) -> Iterator[Step]:
    """The first receiver is the one who accepts, or at least does not decline yet; the caller has shuffled them."""
    if plan.result == "draft":
        return
    end = _end(luck, plan.result, first=number == 0)
    clerk = luck.choice(receiver.members("operator"))
    state = "offered"
    yield Step("draft", state, plan.sent_at, plan.sender)
    if end in ("received", "accepted", "declined") or (end == "superseded" and luck.random() < 0.5):
        yield Step(state, "received", _during(luck, plan, 0.05, 0.4), clerk)
        state = "received"
    if end == "accepted":
        yield Step(state, end, plan.settled_at, clerk)
    elif end == "superseded":
        yield Step(state, end, plan.settled_at, None)
    elif end == "declined":
        settles = plan.result == "exhausted" and number == len(plan.receivers) - 1
        at = plan.settled_at if settles else _during(luck, plan, 0.5, 0.9)
        yield Step(state, end, at, clerk, luck.choice(DECLINE_REASONS))


def _end(luck: Random, result: Result, *, first: bool) -> str:
    if result == "exhausted":
        return "declined"
    if result == "placed":
        return "accepted" if first else luck.choices(("superseded", "declined"), (7, 3))[0]
    declined = 0 if first else 1
    return luck.choices(("offered", "received", "declined"), (2, 2, declined))[0]


SOON = timedelta(minutes=90)


def _during(luck: Random, plan: Plan, earliest: float, latest: float) -> datetime:
    """Some time between sending and the last answer, in these shares of the way. Earlier shares give earlier times."""
    share = luck.uniform(earliest, latest)
    moment = plan.sent_at + (plan.settled_at - plan.sent_at) * share
    opened = datetime.combine(working_day(moment.date()), OPENING, UTC)
    # Later in the office's day the greater the share, so that moving both keeps their order.
    in_office = opened + OPEN_FOR * share
    # A weekend may have moved it to before the sending.
    soon, late = plan.sent_at + SOON * share, plan.settled_at - SOON * (1 - share)
    return max(min(in_office, late), soon)


def _offer(
    luck: Random,
    plan: Plan,
    referral_id: UUID,
    receiver: Organisation,
    steps: Sequence[Step],
) -> Offer:
    days = next(item.days for item in receiver.products if item.kind == plan.case.kind)
    answer = next((step for step in steps if step.after in ("accepted", "declined")), None)
    return Offer(
        id=id_at(luck, plan.sent_at),
        tenant_id=plan.case.tenant_id,
        referral_id=referral_id,
        receiver_id=receiver.tenant.id,
        # All have the same rank in a pooled referral.
        rank=1,
        state=steps[-1].after if steps else "draft",
        disclosure=json.dumps(shown(plan.citizen, plan.case), ensure_ascii=False),
        answer_days=days,
        offered_at=plan.sent_at if steps else None,
        due_on=_due_on(plan.sent_at, days) if steps else None,
        opened_at=next((step.at for step in steps if step.after == "received"), None),
        answered_at=answer.at if answer else None,
        decline_reason=answer.reason if answer else None,
        decline_note=luck.choice(DECLINE_NOTES) if answer and answer.reason else "",
        version=1 + len(steps),
    )


def _due_on(sent_at: datetime, days: int) -> date:
    return _later(sent_at.astimezone(ROME).date(), days)


# There are few days and many offers.
_later = cache(add_working_days)


def _deliver(
    luck: Random,
    batch: Batch,
    plan: Plan,
    offer: Offer,
    receiver: Organisation,
    steps: Sequence[Step],
) -> None:
    """The receiver's row, what it was shown, and the events of both parties."""
    case = plan.case
    clerk = next((step.member.id for step in steps[1:] if step.member), None)
    batch.add(
        ReceivedOffer(
            id=offer.id,
            tenant_id=receiver.tenant.id,
            sender_id=case.tenant_id,
            referral_id=offer.referral_id,
            case_number=case.number,
            kind=case.kind,
            amount_cents=case.amount_cents,
            currency="EUR",
            region_code=case.region_code,
            state=offer.state,
            offered_at=plan.sent_at,
            due_on=_due_on(plan.sent_at, offer.answer_days),
            opened_at=offer.opened_at,
            opened_by=clerk if offer.opened_at else None,
            answered_at=offer.answered_at,
            answered_by=clerk if offer.answered_at else None,
            decline_reason=offer.decline_reason,
            decline_note=offer.decline_note,
            version=offer.version - 1,
        )
    )
    # Whoever declined, or was too late, sees nothing any more.
    if offer.state not in ("declined", "superseded"):
        batch.add(
            Disclosure(
                id=id_at(luck, plan.sent_at),
                tenant_id=receiver.tenant.id,
                received_offer_id=offer.id,
                sender_id=case.tenant_id,
                payload=offer.disclosure,
                purpose=PURPOSE,
                basis=BASIS,
                notice_version=NOTICE,
                disclosed_at=plan.sent_at,
                disclosed_by=plan.sender.id,
            )
        )
    for step in steps:
        for party in (case.tenant_id, receiver.tenant.id):
            batch.add(_event(luck, offer, party, step))


def _event(luck: Random, offer: Offer, party: UUID, step: Step) -> OfferEvent:
    return OfferEvent(
        id=id_at(luck, step.at),
        tenant_id=party,
        referral_id=offer.referral_id,
        offer_id=offer.id,
        from_state=step.before,
        to_state=step.after,
        reason=step.reason,
        actor_tenant_id=step.member.tenant_id if step.member else None,
        actor_membership_id=step.member.id if step.member else None,
        effective_at=step.at,
        recorded_at=step.at,
    )
