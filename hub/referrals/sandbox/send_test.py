"""A test referral from the sandbox to one lender, whatever that lender offers; in its own territory, where it has one."""

from uuid import UUID, uuid5

from hub import audit, clock
from hub.db import TenantScope, network_transaction, routing_transaction, tenant_transaction
from hub.errors import Conflict
from hub.idempotency import once
from hub.ids import uuid7
from hub.referrals.cases.holding import lock_desk
from hub.referrals.cases.queries import case_details
from hub.referrals.cases.test_case import KIND, add_test_case
from hub.referrals.offers import queries as offers
from hub.referrals.offers.disclosure import snapshot
from hub.referrals.offers.eligibility import USUAL_ANSWER_DAYS, Request, Verdict
from hub.referrals.routing.send_referral import send_referral
from hub.referrals.sandbox import queries
from hub.tenants.onboarding.sandbox import REGION, Sandbox, ensure_sandbox
from hub.tenants.onboarding.touch import touch

FIELDS = ("name", "purpose")


class NoNotice(Exception):
    """There is no privacy notice in force, without which nothing is sent."""


async def send_test(lender_id: UUID) -> None:
    """Nothing more where one still waits for its answer, or where there is no such lender. Raises NoNotice.

    Each step finds what the one before it left, so that a task that runs again goes on where it stopped.
    """
    async with network_transaction() as network:
        if not await queries.may_be_tested(network, lender_id):
            return
        sandbox = await ensure_sandbox(network)
        today = clock.day_of(network.now)
        region = await queries.region_of_test(network, lender_id, KIND, today) or REGION
    async with tenant_transaction(sandbox.host_id) as scope:
        referral_id, state = await _prepared(scope, sandbox, lender_id, region)
    key = uuid5(referral_id, "send")
    if state == "draft":
        try:
            async with routing_transaction(sandbox.host_id) as routing:
                await send_referral(routing, sandbox.sender, referral_id, key)
        except Conflict:
            # The lender was closed at this moment.
            return
    async with tenant_transaction(lender_id) as scope:
        if await once(scope, "sandbox.send_test", key, referral_id) is None:
            await audit.record(scope, None, "test_referral.sent", "organisation", lender_id)
            await touch(scope, lender_id)


async def _prepared(
    scope: TenantScope, sandbox: Sandbox, lender_id: UUID, region: str
) -> tuple[UUID, str]:
    """The referral that waits, and its state: a new draft where there was none. Two at once: one after the other."""
    await lock_desk(scope, sandbox.desk_id)
    found = await queries.unanswered_test(scope, lender_id)
    return found or (await _draft(scope, sandbox, lender_id, region), "draft")


async def _draft(scope: TenantScope, sandbox: Sandbox, lender_id: UUID, region: str) -> UUID:
    sender, referral_id = sandbox.sender, uuid7()
    case_id = await add_test_case(scope, sender, sandbox.desk_id, region)
    case = await case_details(scope, None, case_id)
    notice = await offers.current_notice(scope, sender.locale, clock.today())
    if case is None or notice is None:
        raise NoNotice
    await offers.add_draft(
        scope,
        referral_id,
        case_id=case_id,
        case_number=case.number,
        desk_id=case.desk_id,
        request=Request(case.kind, case.amount_cents, case.region_code),
        purpose="first_check",
        basis="request",
        notice_version=notice.version,
        fields=FIELDS,
        created_by=sender.membership_id,
        is_test=True,
    )
    receiver = Verdict(lender_id, "", "", USUAL_ANSWER_DAYS, ())
    await offers.add_draft_offers(scope, referral_id, [receiver], snapshot(case, FIELDS))
    return referral_id
