"""Statements of the receiver's side: its offers, and what it was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hub.api.paging import Position
from hub.db import TenantScope


@dataclass(frozen=True, slots=True)
class ReceivedOffer:
    """An offer as its receiver sees it; what was disclosed is apart."""

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
    is_test: bool

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


_RECEIVED = """
SELECT o.id, o.sender_id, t.name AS sender_name, o.referral_id, o.case_number, o.kind,
       o.amount_cents, o.currency, o.region_code, r.name AS region_name, o.state, o.offered_at,
       o.due_on, o.opened_at, o.opened_by, o.answered_at, o.answered_by, o.decline_reason,
       o.decline_note, o.version, o.is_test
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


async def received_offer(scope: TenantScope, offer_id: UUID) -> ReceivedOffer | None:
    row = await scope.fetchrow(
        f"{_RECEIVED} FROM received_offers o {_WITH_NAMES} WHERE o.id = $1", offer_id
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
