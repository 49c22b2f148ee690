"""Organisations that try the hub out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from hub import clock
from hub.db import network_transaction, routing_transaction, tenant_transaction
from hub.referrals.cases.test_case import open_test_case
from hub.referrals.offers.draft import draft_referral, prospect
from hub.referrals.offers.schemas import DraftReferral
from hub.referrals.routing.send_referral import send_referral
from hub.tenants.onboarding.sandbox import LENDER_ID, ensure_sandbox
from hub.worker import drain_now
from tests.factories import Member, Tenant, make_desk, make_membership, make_tenant

STORY = """
SELECT action, membership_id FROM audit_log
WHERE subject_kind = 'organisation' AND subject_id = $1 ORDER BY at, id
"""


async def make_sandbox() -> None:
    async with network_transaction() as scope:
        await ensure_sandbox(scope)


async def make_host_in_setup() -> Member:
    """Its operator; the desk is being set up."""
    await make_sandbox()
    host = await make_tenant("host", state="suspended")
    await make_desk(host, state="setting_up")
    return await make_membership(host)


async def make_lender_in_setup(role: str = "operator") -> Member:
    return await make_membership(await make_tenant("lender", state="suspended"), role)


async def set_state(tenant: Tenant, state: str) -> None:
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET state = $2 WHERE id = $1", tenant.id, state)


async def send_test_case(operator: Member) -> tuple[UUID, UUID]:
    """A test case to the sandbox's lender: the case and its referral."""
    actor = operator.actor
    asked = DraftReferral(
        receivers=[LENDER_ID],
        fields=["name", "purpose"],
        purpose="assessment",
        basis="request",
        notice_version="2026-1",
        notice_given=True,
    )
    async with tenant_transaction(actor.tenant_id) as scope:
        case_id = await open_test_case(scope, actor)
        prepared = await prospect(scope, actor, case_id)
        referral_id = await draft_referral(scope, actor, prepared, asked, uuid4())
    async with routing_transaction(actor.tenant_id) as routing:
        await send_referral(routing, actor, referral_id, uuid4())
    return case_id, referral_id


async def a_moment_later() -> None:
    """Run what is due by then."""
    with clock.moved(timedelta(seconds=30)):
        await drain_now()
