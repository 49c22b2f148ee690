"""Statements that change both parties' rows.

Row security does not keep the router to a tenant, so each statement in a routing scope names whose rows it means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from hub.db import RoutingScope, TenantScope
from hub.ids import uuid7
from hub.referrals.desks import Desks, within


@dataclass(frozen=True, slots=True)
class LockedReferral:
    id: UUID
    tenant_id: UUID
    state: str
    desk_id: UUID
    is_test: bool


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


async def lock_own_referral(
    scope: RoutingScope, desks: Desks, referral_id: UUID
) -> LockedReferral | None:
    """The sender locks it. Every step of any of its offers locks it first, so that steps come one after the other."""
    args: list[object] = [scope.tenant_id, referral_id]
    row = await scope.fetchrow(
        f"""
        SELECT id, tenant_id, state, desk_id, is_test FROM referrals
        WHERE tenant_id = $1 AND id = $2 AND {within(desks, "desk_id", args)} FOR UPDATE
        """,
        *args,
    )
    return LockedReferral(*row) if row else None


async def lock_referral_of(scope: RoutingScope, offer_id: UUID) -> LockedReferral | None:
    """A receiver locks the referral of an offer that it has received; None where it has received no such offer."""
    row = await scope.fetchrow(
        """
        SELECT r.id, r.tenant_id, r.state, r.desk_id, r.is_test FROM referrals r
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
    """One that cannot be sent to: a test may go to who is being set up, and a real case never to the sandbox."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (
          SELECT FROM offers o JOIN tenants t ON t.id = o.receiver_id
          WHERE o.tenant_id = $1 AND o.referral_id = $2 AND CASE WHEN $3
            THEN t.state NOT IN ('active', 'suspended')
            ELSE t.state <> 'active' OR t.sandbox END)
        """,
        referral.tenant_id,
        referral.id,
        referral.is_test,
    )
    return found


async def taken_since(scope: RoutingScope, since: datetime) -> dict[tuple[UUID, str], int]:
    """Of lenders that state a capacity: how many real cases reached each since then, by kind, less those it declined or missed."""
    rows = await scope.fetch(
        """
        SELECT o.tenant_id, o.kind, count(*) FROM received_offers o
        WHERE o.offered_at >= $1 AND o.state IN ('offered', 'received', 'accepted') AND NOT o.is_test
          AND o.tenant_id IN (SELECT s.tenant_id FROM services_offered s WHERE s.capacity IS NOT NULL)
        GROUP BY o.tenant_id, o.kind
        """,
        since,
    )
    return {(row[0], row[1]): row[2] for row in rows}


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
           region_code, state, offered_at, due_on, is_test)
        SELECT o.id, o.receiver_id, r.tenant_id, r.id, r.case_number, r.kind, r.amount_cents,
               r.currency, r.region_code, o.state, o.offered_at, o.due_on, r.is_test
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
