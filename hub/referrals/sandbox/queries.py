"""Statements of test referrals between the sandbox and who tries the hub out."""

from datetime import date
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.tenants.services.schemas import LOANS


async def may_be_tested(scope: NetworkScope, organisation_id: UUID) -> bool:
    """A lender that is being set up, or at work."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM tenants WHERE id = $1 AND 'lender' = ANY(kinds)
          AND state IN ('active', 'suspended') AND NOT sandbox)
        """,
        organisation_id,
    )
    return found


async def region_of_test(
    scope: NetworkScope, organisation_id: UUID, case_kind: str, today: date
) -> str | None:
    """Where the lender offers loans today: of that kind first, and its own region first. None where it offers none."""
    found: str | None = await scope.fetchval(
        """
        SELECT region FROM services_offered s
        JOIN tenants t ON t.id = s.tenant_id
        CROSS JOIN unnest(s.regions) AS region
        WHERE s.tenant_id = $1 AND s.kind = ANY($4)
          AND s.valid_from <= $3 AND (s.valid_to IS NULL OR s.valid_to >= $3)
        ORDER BY s.kind <> $2, region IS DISTINCT FROM t.region_code, region LIMIT 1
        """,
        organisation_id,
        case_kind,
        today,
        list(LOANS),
    )
    return found


async def unanswered_test(scope: TenantScope, receiver_id: UUID) -> tuple[UUID, str] | None:
    """A test referral to that receiver that is a draft, or waits for its answer: its id and state."""
    row = await scope.fetchrow(
        """
        SELECT r.id, r.state FROM offers o
        JOIN referrals r ON r.tenant_id = o.tenant_id AND r.id = o.referral_id
        WHERE o.receiver_id = $1 AND r.is_test AND o.state IN ('draft', 'offered', 'received')
        ORDER BY r.created_at LIMIT 1
        """,
        receiver_id,
    )
    return (row["id"], row["state"]) if row else None


async def was_received(scope: TenantScope, offer_id: UUID) -> bool:
    """Whether the organisation is the offer's receiver, rather than its sender."""
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM received_offers WHERE id = $1)", offer_id
    )
    return found
