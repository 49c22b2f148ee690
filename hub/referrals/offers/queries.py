"""Statements of the desk's side: whom a case can be sent to, drafts, and what became of what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hub.db import TenantScope
from hub.ids import uuid7
from hub.referrals.desks import Desks, within
from hub.referrals.offers.eligibility import Request, Service, Verdict


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
    is_test: bool


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
class Notice:
    version: str
    text: str


async def services_of_lenders(
    scope: TenantScope, day: date, *, sandbox: bool = False
) -> list[Service]:
    """What the network's active lenders offer on that day, or those of the sandbox instead.

    The desk's own organisation is not among them.
    """
    rows = await scope.fetch(
        """
        SELECT t.id, t.name, s.kind, s.name, s.regions, s.min_amount_cents, s.max_amount_cents,
               s.answer_days, s.beneficiaries, s.capacity
        FROM services_offered s JOIN tenants t ON t.id = s.tenant_id
        WHERE t.state = 'active' AND t.sandbox = $3 AND 'lender' = ANY(t.kinds)
          AND 'lender' <> ALL(t.coming_kinds) AND t.id <> $2
          AND s.kind <> 'tutoring' AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to >= $1)
        ORDER BY s.tenant_id, s.id
        """,
        day,
        scope.tenant_id,
        sandbox,
    )
    return [
        Service(
            row[0],
            row[1],
            row[2],
            row[3],
            frozenset(row[4]),
            row[5],
            row[6],
            row[7],
            beneficiaries=tuple(row[8]),
            capacity=row[9],
        )
        for row in rows
    ]


async def current_notice(scope: TenantScope, locale: str, day: date) -> Notice | None:
    """The privacy notice in force, in the reader's language where there is a translation, else in Italian."""
    row = await scope.fetchrow(
        """
        SELECT version, text FROM privacy_notices WHERE valid_from <= $1 AND locale IN ($2, 'it')
        ORDER BY valid_from DESC, version DESC, locale = $2 DESC LIMIT 1
        """,
        day,
        locale,
    )
    return Notice(*row) if row else None


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
    is_test: bool,
) -> bool:
    """False where the case has a running referral: a key keeps it to one, also for two colleagues at once."""
    return (
        await scope.execute(
            """
            INSERT INTO referrals
              (id, tenant_id, case_id, case_number, desk_id, kind, amount_cents, region_code, mode,
               state, purpose, basis, notice_version, fields, created_at, created_by, is_test)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pooled', 'draft', $9, $10, $11, $12, $13, $14,
              $15)
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
            is_test,
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
       notice_version, created_at, created_by, sent_at, sent_by, is_test
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
