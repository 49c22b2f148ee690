"""Statements of referrals and offers.

A desk and a receiver each read their own rows in a tenant scope. What changes both parties' rows takes a routing scope:
row security does not keep the router to a tenant, so each of those statements names whose rows it means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from hub.api.paging import Position
from hub.db import RoutingScope, TenantScope
from hub.ids import uuid7
from hub.referrals.cases.queries import Desks, within
from hub.referrals.offers.eligibility import Request, Service, Verdict

WAITING = ("offered", "received")
RUNNING = ("draft", "open")


@dataclass(frozen=True, slots=True)
class Referral:
    id: UUID
    case_id: UUID
    case_number: str
    kind: str
    amount_cents: int
    currency: str
    region_code: str
    state: str
    purpose: str
    basis: str
    notice_version: str
    created_at: datetime
    created_by: UUID
    sent_at: datetime | None
    sent_by: UUID | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A receiver's chance, as its sender sees it."""

    id: UUID
    referral_id: UUID
    receiver_id: UUID
    receiver_name: str
    state: str
    disclosure: dict[str, str]
    answer_days: int
    due_on: date | None
    opened_at: datetime | None
    answered_at: datetime | None
    decline_reason: str | None
    decline_note: str


@dataclass(frozen=True, slots=True)
class ReceivedOffer:
    """The same as its receiver sees it; what was disclosed is apart."""

    id: UUID
    sender_id: UUID
    sender_name: str
    referral_id: UUID
    case_number: str
    kind: str
    amount_cents: int
    currency: str
    region_code: str
    region_name: str
    state: str
    offered_at: datetime
    due_on: date
    opened_at: datetime | None
    opened_by: UUID | None
    answered_at: datetime | None
    answered_by: UUID | None
    decline_reason: str | None
    decline_note: str
    version: int

    @property
    def position(self) -> Position:
        return Position(self.offered_at, self.id)


@dataclass(frozen=True, slots=True)
class Disclosed:
    payload: dict[str, str]
    purpose: str
    basis: str
    notice_version: str
    disclosed_at: datetime


@dataclass(frozen=True, slots=True)
class Office:
    name: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class LockedReferral:
    id: UUID
    tenant_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class Answerable:
    """One offer of a locked referral."""

    id: UUID
    receiver_id: UUID
    state: str
    answer_days: int


@dataclass(frozen=True, slots=True)
class Event:
    """A step of one offer. `by_tenant` and `by_member` are None where the hub itself took it."""

    offer_id: UUID
    receiver_id: UUID
    before: str
    after: str
    reason: str | None = None
    by_tenant: UUID | None = None
    by_member: UUID | None = None


# The desk's side.


async def services_of_lenders(scope: TenantScope, day: date) -> list[Service]:
    """What the network's active lenders offer on that day. The desk's own organisation is not among them."""
    rows = await scope.fetch(
        """
        SELECT t.id, t.name, s.kind, s.name, s.regions, s.min_amount_cents, s.max_amount_cents,
               s.answer_days
        FROM services_offered s JOIN tenants t ON t.id = s.tenant_id
        WHERE t.state = 'active' AND 'lender' = ANY(t.kinds) AND t.id <> $2
          AND s.kind <> 'tutoring' AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to >= $1)
        ORDER BY s.tenant_id, s.id
        """,
        day,
        scope.tenant_id,
    )
    return [
        Service(row[0], row[1], row[2], row[3], frozenset(row[4]), row[5], row[6], row[7])
        for row in rows
    ]


async def has_running_referral(scope: TenantScope, case_id: UUID) -> bool:
    """A draft, or one that waits for answers."""
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM referrals WHERE case_id = $1 AND state IN ('draft', 'open'))",
        case_id,
    )
    return found


async def add_draft(
    scope: TenantScope,
    referral_id: UUID,
    *,
    case_id: UUID,
    case_number: str,
    desk_id: UUID,
    request: Request,
    purpose: str,
    basis: str,
    notice_version: str,
    fields: Sequence[str],
    created_by: UUID,
) -> bool:
    """False where the case has a running referral: a key keeps it to one, also for two colleagues at once."""
    return (
        await scope.execute(
            """
            INSERT INTO referrals
              (id, tenant_id, case_id, case_number, desk_id, kind, amount_cents, region_code, mode,
               state, purpose, basis, notice_version, fields, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pooled', 'draft', $9, $10, $11, $12, $13, $14)
            ON CONFLICT (tenant_id, case_id) WHERE state IN ('draft', 'open') DO NOTHING
            """,
            referral_id,
            scope.tenant_id,
            case_id,
            case_number,
            desk_id,
            request.kind,
            request.amount_cents,
            request.region_code,
            purpose,
            basis,
            notice_version,
            list(fields),
            scope.now,
            created_by,
        )
        == 1
    )


async def add_draft_offers(
    scope: TenantScope,
    referral_id: UUID,
    receivers: Sequence[Verdict],
    disclosure: dict[str, str],
) -> None:
    """Of a pooled referral: all have the same rank."""
    await scope.executemany(
        """
        INSERT INTO offers (id, tenant_id, referral_id, receiver_id, rank, state, disclosure, answer_days)
        VALUES ($1, $2, $3, $4, 1, 'draft', $5, $6)
        """,
        [
            (
                uuid7(),
                scope.tenant_id,
                referral_id,
                receiver.lender_id,
                disclosure,
                receiver.answer_days,
            )
            for receiver in receivers
        ],
    )


async def delete_draft(scope: TenantScope, referral_id: UUID) -> bool:
    """With its offers. False where it is no longer a draft: it waits for a colleague who is sending it."""
    return (
        await scope.execute("DELETE FROM referrals WHERE id = $1 AND state = 'draft'", referral_id)
        == 1
    )


_REFERRAL = """
SELECT id, case_id, case_number, kind, amount_cents, currency, region_code, state, purpose, basis,
       notice_version, created_at, created_by, sent_at, sent_by
FROM referrals
"""


async def referral_by_id(scope: TenantScope, desks: Desks, referral_id: UUID) -> Referral | None:
    args: list[object] = [referral_id]
    row = await scope.fetchrow(
        f"{_REFERRAL} WHERE id = $1 AND {within(desks, 'desk_id', args)}", *args
    )
    return Referral(*row) if row else None


async def referrals_of_case(scope: TenantScope, case_id: UUID) -> list[Referral]:
    """The latest first. Whoever may see the case may see them."""
    rows = await scope.fetch(f"{_REFERRAL} WHERE case_id = $1 ORDER BY created_at DESC", case_id)
    return [Referral(*row) for row in rows]


async def offers_of(scope: TenantScope, referral_ids: Sequence[UUID]) -> list[Offer]:
    """In the order in which they were drawn up."""
    rows = await scope.fetch(
        """
        SELECT o.id, o.referral_id, o.receiver_id, t.name, o.state, o.disclosure, o.answer_days,
               o.due_on, o.opened_at, o.answered_at, o.decline_reason, o.decline_note
        FROM offers o JOIN tenants t ON t.id = o.receiver_id
        WHERE o.referral_id = ANY($1) ORDER BY o.rank, o.id
        """,
        list(referral_ids),
    )
    return [Offer(*row) for row in rows]


async def events_of(scope: TenantScope, referral_ids: Sequence[UUID]) -> Sequence[Record]:
    """The organisation's own record of what happened, the latest first, with the names of its own people."""
    return await scope.fetch(
        """
        SELECT e.referral_id, e.offer_id, e.to_state, e.reason, e.effective_at, e.actor_tenant_id,
               m.name AS colleague
        FROM offer_events e
        LEFT JOIN memberships m ON m.tenant_id = e.tenant_id AND m.id = e.actor_membership_id
        WHERE e.referral_id = ANY($1) ORDER BY e.effective_at DESC, e.id DESC
        """,
        list(referral_ids),
    )


async def placed_at(scope: TenantScope, referral_id: UUID) -> datetime | None:
    """When the offer that won was accepted."""
    moment: datetime | None = await scope.fetchval(
        """
        SELECT o.answered_at FROM referrals r
        JOIN offers o ON o.tenant_id = r.tenant_id AND o.id = r.placed_offer_id
        WHERE r.id = $1
        """,
        referral_id,
    )
    return moment


# The receiver's side.

_RECEIVED = """
SELECT o.id, o.sender_id, t.name AS sender_name, o.referral_id, o.case_number, o.kind,
       o.amount_cents, o.currency, o.region_code, r.name AS region_name, o.state, o.offered_at,
       o.due_on, o.opened_at, o.opened_by, o.answered_at, o.answered_by, o.decline_reason,
       o.decline_note, o.version
"""
_WITH_NAMES = "JOIN tenants t ON t.id = o.sender_id JOIN regions r ON r.code = o.region_code"


async def offers_to_answer(scope: TenantScope, *, limit: int) -> list[ReceivedOffer]:
    """The most pressing first."""
    rows = await scope.fetch(
        f"""
        {_RECEIVED} FROM (
          SELECT * FROM received_offers WHERE state IN ('offered', 'received')
          ORDER BY due_on, id LIMIT $1
        ) o {_WITH_NAMES}
        ORDER BY o.due_on, o.id
        """,
        limit,
    )
    return [ReceivedOffer(*row) for row in rows]


async def received_offers(
    scope: TenantScope,
    *,
    states: Sequence[str] = (),
    after: Position | None = None,
    limit: int,
) -> list[ReceivedOffer]:
    """The latest first; of the given states, or of all."""
    args: list[object] = []
    conditions = ["true"]
    if states:
        args.append(list(states))
        conditions.append(f"state = ANY(${len(args)})")
    if after:
        args += [after.at, after.id]
        conditions.append(f"(offered_at, id) < (${len(args) - 1}, ${len(args)})")
    args.append(limit)
    rows = await scope.fetch(
        f"""
        {_RECEIVED} FROM (
          SELECT * FROM received_offers WHERE {" AND ".join(conditions)}
          ORDER BY offered_at DESC, id DESC LIMIT ${len(args)}
        ) o {_WITH_NAMES}
        ORDER BY o.offered_at DESC, o.id DESC
        """,
        *args,
    )
    return [ReceivedOffer(*row) for row in rows]


async def count_received(scope: TenantScope) -> dict[str, int]:
    rows = await scope.fetch("SELECT state, count(*) FROM received_offers GROUP BY state")
    return {row[0]: row[1] for row in rows}


async def received_offer(scope: TenantScope | RoutingScope, offer_id: UUID) -> ReceivedOffer | None:
    row = await scope.fetchrow(
        f"{_RECEIVED} FROM received_offers o {_WITH_NAMES} WHERE o.tenant_id = $1 AND o.id = $2",
        scope.tenant_id,
        offer_id,
    )
    return ReceivedOffer(*row) if row else None


async def disclosed(scope: TenantScope, offer_id: UUID) -> Disclosed | None:
    row = await scope.fetchrow(
        """
        SELECT payload, purpose, basis, notice_version, disclosed_at FROM disclosures
        WHERE received_offer_id = $1
        """,
        offer_id,
    )
    return Disclosed(*row) if row else None


async def office_of(scope: TenantScope, tenant_id: UUID) -> Office | None:
    """Where an organisation reads its mail; None where it has told no address."""
    row = await scope.fetchrow(
        "SELECT name, email, locale FROM tenants WHERE id = $1 AND email IS NOT NULL", tenant_id
    )
    return Office(*row) if row else None


# Between the two: routing.


async def lock_own_referral(
    scope: RoutingScope, desks: Desks, referral_id: UUID
) -> LockedReferral | None:
    """The sender locks it. Every step of any of its offers locks it first, so that steps come one after the other."""
    args: list[object] = [scope.tenant_id, referral_id]
    row = await scope.fetchrow(
        f"""
        SELECT id, tenant_id, state FROM referrals
        WHERE tenant_id = $1 AND id = $2 AND {within(desks, "desk_id", args)} FOR UPDATE
        """,
        *args,
    )
    return LockedReferral(*row) if row else None


async def lock_referral_of(scope: RoutingScope, offer_id: UUID) -> LockedReferral | None:
    """A receiver locks the referral of an offer that it has received; None where it has received no such offer."""
    row = await scope.fetchrow(
        """
        SELECT r.id, r.tenant_id, r.state FROM referrals r
        JOIN received_offers o ON o.sender_id = r.tenant_id AND o.referral_id = r.id
        WHERE o.tenant_id = $1 AND o.id = $2 FOR UPDATE OF r
        """,
        scope.tenant_id,
        offer_id,
    )
    return LockedReferral(*row) if row else None


async def offers_of_locked(scope: RoutingScope, referral: LockedReferral) -> list[Answerable]:
    """Read after the lock, so that the states are what the step before left."""
    rows = await scope.fetch(
        """
        SELECT id, receiver_id, state, answer_days FROM offers
        WHERE tenant_id = $1 AND referral_id = $2 ORDER BY rank, id
        """,
        referral.tenant_id,
        referral.id,
    )
    return [Answerable(*row) for row in rows]


async def has_inactive_receiver(scope: RoutingScope, referral: LockedReferral) -> bool:
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (
          SELECT FROM offers o JOIN tenants t ON t.id = o.receiver_id
          WHERE o.tenant_id = $1 AND o.referral_id = $2 AND t.state <> 'active')
        """,
        referral.tenant_id,
        referral.id,
    )
    return found


async def make_offers(
    scope: RoutingScope, referral: LockedReferral, due_on: dict[UUID, date], sent_by: UUID
) -> None:
    """Open the drafts: the receivers get their rows and exactly what was drafted for each."""
    await scope.execute(
        """
        UPDATE offers o SET state = 'offered', offered_at = $3, due_on = d.due_on,
          version = version + 1
        FROM unnest($4::uuid[], $5::date[]) AS d (id, due_on)
        WHERE o.tenant_id = $1 AND o.referral_id = $2 AND o.id = d.id
        """,
        referral.tenant_id,
        referral.id,
        scope.now,
        list(due_on),
        list(due_on.values()),
    )
    await scope.execute(
        """
        INSERT INTO received_offers
          (id, tenant_id, sender_id, referral_id, case_number, kind, amount_cents, currency,
           region_code, state, offered_at, due_on)
        SELECT o.id, o.receiver_id, r.tenant_id, r.id, r.case_number, r.kind, r.amount_cents,
               r.currency, r.region_code, o.state, o.offered_at, o.due_on
        FROM offers o JOIN referrals r ON r.tenant_id = o.tenant_id AND r.id = o.referral_id
        WHERE o.tenant_id = $1 AND o.referral_id = $2
        """,
        referral.tenant_id,
        referral.id,
    )
    await scope.execute(
        """
        INSERT INTO disclosures
          (id, tenant_id, received_offer_id, sender_id, payload, purpose, basis, notice_version,
           disclosed_at, disclosed_by)
        SELECT d.disclosure_id, o.receiver_id, o.id, r.tenant_id, o.disclosure, r.purpose, r.basis,
               r.notice_version, $3, $4
        FROM offers o JOIN referrals r ON r.tenant_id = o.tenant_id AND r.id = o.referral_id
        JOIN unnest($5::uuid[], $6::uuid[]) AS d (offer_id, disclosure_id) ON d.offer_id = o.id
        WHERE o.tenant_id = $1 AND o.referral_id = $2
        """,
        referral.tenant_id,
        referral.id,
        scope.now,
        sent_by,
        list(due_on),
        [uuid7() for _ in due_on],
    )
    await scope.execute(
        """
        UPDATE referrals SET state = 'open', sent_at = $3, sent_by = $4, version = version + 1
        WHERE tenant_id = $1 AND id = $2
        """,
        referral.tenant_id,
        referral.id,
        scope.now,
        sent_by,
    )


async def mark_opened(
    scope: RoutingScope, referral: LockedReferral, offer_id: UUID, opened_by: UUID
) -> None:
    """Both rows of the offer go from offered to received."""
    await scope.execute(
        """
        WITH sent AS (
          UPDATE offers SET state = 'received', opened_at = $3, version = version + 1
          WHERE tenant_id = $1 AND id = $2 RETURNING id
        )
        UPDATE received_offers o SET state = 'received', opened_at = $3, opened_by = $4,
          version = version + 1
        FROM sent WHERE o.sender_id = $1 AND o.id = sent.id
        """,
        referral.tenant_id,
        offer_id,
        scope.now,
        opened_by,
    )


async def mark_answered(
    scope: RoutingScope,
    referral: LockedReferral,
    offer_id: UUID,
    state: str,
    *,
    answered_by: UUID,
    reason: str | None = None,
    note: str = "",
) -> None:
    """Both rows of the offer: accepted or declined."""
    await scope.execute(
        """
        WITH sent AS (
          UPDATE offers SET state = $3, answered_at = $4, decline_reason = $6, decline_note = $7,
            version = version + 1
          WHERE tenant_id = $1 AND id = $2 RETURNING id
        )
        UPDATE received_offers o SET state = $3, answered_at = $4, answered_by = $5,
          decline_reason = $6, decline_note = $7, version = version + 1
        FROM sent WHERE o.sender_id = $1 AND o.id = sent.id
        """,
        referral.tenant_id,
        offer_id,
        state,
        scope.now,
        answered_by,
        reason,
        note,
    )


async def mark_superseded(
    scope: RoutingScope, referral: LockedReferral, offer_ids: Sequence[UUID]
) -> None:
    """Both rows of each: another offer of the referral was accepted."""
    await scope.execute(
        """
        WITH sent AS (
          UPDATE offers SET state = 'superseded', version = version + 1
          WHERE tenant_id = $1 AND id = ANY($2) RETURNING id
        )
        UPDATE received_offers o SET state = 'superseded', version = version + 1
        FROM sent WHERE o.sender_id = $1 AND o.id = sent.id
        """,
        referral.tenant_id,
        list(offer_ids),
    )


async def delete_disclosures(
    scope: RoutingScope, receivers: Sequence[UUID], offer_ids: Sequence[UUID]
) -> None:
    """What the receivers of these offers were shown. The sender's rows still tell what that was."""
    await scope.execute(
        "DELETE FROM disclosures WHERE tenant_id = ANY($1) AND received_offer_id = ANY($2)",
        list(receivers),
        list(offer_ids),
    )


async def end_referral(
    scope: RoutingScope, referral: LockedReferral, state: str, placed_offer_id: UUID | None = None
) -> None:
    await scope.execute(
        """
        UPDATE referrals SET state = $3, placed_offer_id = $4, version = version + 1
        WHERE tenant_id = $1 AND id = $2
        """,
        referral.tenant_id,
        referral.id,
        state,
        placed_offer_id,
    )


async def add_events(
    scope: RoutingScope, referral: LockedReferral, events: Sequence[Event], key: UUID | None
) -> None:
    """Each event once for either party, with the idempotency key of the request that caused it."""
    await scope.executemany(
        """
        INSERT INTO offer_events
          (id, tenant_id, referral_id, offer_id, from_state, to_state, reason, actor_tenant_id,
           actor_membership_id, effective_at, recorded_at, idempotency_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
        """,
        [
            (
                uuid7(),
                party,
                referral.id,
                event.offer_id,
                event.before,
                event.after,
                event.reason,
                event.by_tenant,
                event.by_member,
                scope.now,
                key,
            )
            for event in events
            for party in (referral.tenant_id, event.receiver_id)
        ],
    )
