"""The two rows of an offer name the same two parties; a key holds it, whatever code writes them."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from hub.db import routing_transaction
from tests.referrals.making import Network, draft, make_lender, value

DELIVER = """
INSERT INTO received_offers (id, tenant_id, sender_id, referral_id, case_number, kind, amount_cents,
  currency, region_code, state, offered_at, due_on)
SELECT o.id, $3, r.tenant_id, r.id, r.case_number, r.kind, r.amount_cents, r.currency,
  r.region_code, o.state, r.created_at, '2026-12-31'
FROM offers o JOIN referrals r ON r.tenant_id = o.tenant_id AND r.id = o.referral_id
WHERE o.tenant_id = $1 AND o.id = $2
"""


async def deliver(network: Network, offer_id: UUID, receiver_id: UUID) -> None:
    sender_id = network.operator.tenant.id
    async with routing_transaction(sender_id) as scope:
        await scope.execute(DELIVER, sender_id, offer_id, receiver_id)


async def test_only_the_named_receiver_gets_a_row(network: Network) -> None:
    await draft(network)
    named, another = (lender.tenant.id for lender in network.lenders)
    offer_id = await value(
        network.operator.tenant.id, "SELECT id FROM offers WHERE receiver_id = $1", named
    )
    stranger = await make_lender()
    for other in (another, stranger.tenant.id, network.operator.tenant.id):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await deliver(network, offer_id, other)
    await deliver(network, offer_id, named)
    assert await value(named, "SELECT count(*) FROM received_offers") == 1
