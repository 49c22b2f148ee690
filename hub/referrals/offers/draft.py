"""Drafting a referral: whom it goes to, what they will be shown, and on what ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from hub import audit, clock
from hub.db import RoutingScope, TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.referrals.cases import queries as cases
from hub.referrals.cases.queries import CaseDetails
from hub.referrals.cases.service import lock_case, refuse_closed
from hub.referrals.members.standing import Suspended, standing
from hub.referrals.offers import queries
from hub.referrals.offers.disclosure import snapshot
from hub.referrals.offers.eligibility import Request, Taken, Verdict, age_on, judge
from hub.referrals.offers.queries import Notice
from hub.referrals.offers.schemas import DraftReferral
from hub.referrals.routing.edges import RUNNING
from hub.referrals.routing.queries import taken_since
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a referral of this case can be made of, today."""

    case: CaseDetails
    verdicts: Sequence[Verdict]
    notice: Notice | None


async def taken_this_month(scope: RoutingScope) -> Taken:
    """Lenders' rows, of which a desk sees no more than whether a capacity is reached."""
    first = datetime.combine(clock.day_of(scope.now).replace(day=1), time(), tzinfo=clock.ROME)
    return await taken_since(scope, first)


async def prospect(
    scope: TenantScope, actor: Actor, case_id: UUID, taken: Taken | None = None
) -> Prospect:
    """`taken` is what `taken_this_month` found. Raises NotFound; Suspended; Conflict where the case is closed, or on its way already."""
    case = await cases.case_details(scope, actor.desk_ids, case_id)
    if case is None:
        raise NotFound
    if actor.is_suspended("host") and not case.is_test:
        raise Suspended
    refuse_closed(case)
    for referral in await queries.referrals_of_case(scope, case_id):
        if referral.state in (*RUNNING, "placed"):
            raise _running()
    services = await queries.services_of_lenders(scope, clock.today(), sandbox=case.is_test)
    age = age_on(clock.today(), case.birth_date) if case.birth_date else None
    request = Request(case.kind, case.amount_cents, case.region_code, age)
    return Prospect(
        case,
        judge(request, services, case.id, taken),
        await queries.current_notice(scope, actor.locale, clock.today()),
    )


async def draft_referral(
    scope: TenantScope, actor: Actor, prepared: Prospect, asked: DraftReferral, key: UUID
) -> UUID:
    """`asked` names lenders that fit, and the notice in force. Raises KeyReused, NoLongerHere, Suspended, or Conflict where a colleague was faster."""
    case, referral_id = prepared.case, uuid7()
    content = (case.id, asked)
    await standing(scope, actor, "host")
    if earlier := await once(scope, "referral.draft", key, referral_id, content=content):
        return earlier
    # A colleague may be closing the case at this moment, or its desk.
    locked = await lock_case(scope, actor, case.id)
    refuse_closed(locked)
    added = await queries.add_draft(
        scope,
        referral_id,
        case_id=case.id,
        case_number=case.number,
        desk_id=locked.desk_id,
        request=Request(case.kind, case.amount_cents, case.region_code),
        purpose=asked.purpose,
        basis=asked.basis,
        notice_version=asked.notice_version,
        fields=asked.fields,
        created_by=actor.membership_id,
        is_test=locked.is_test,
    )
    if not added:
        raise _running()
    receivers = [one for one in prepared.verdicts if one.lender_id in asked.receivers]
    await queries.add_draft_offers(scope, referral_id, receivers, snapshot(case, asked.fields))
    await audit.record(
        scope, actor, "referral.drafted", "referral", referral_id, receivers=len(receivers)
    )
    return referral_id


async def discard_draft(scope: TenantScope, actor: Actor, referral_id: UUID) -> UUID:
    """The case it was for. Raises NotFound, NoLongerHere, or Conflict where it was sent in the meantime."""
    await standing(scope, actor, "host")
    referral = await queries.referral_by_id(scope, actor.desk_ids, referral_id)
    if referral is None:
        raise NotFound
    if not await queries.delete_draft(scope, referral_id):
        raise Conflict("referral-sent", N_("This referral was sent already."))
    await audit.record(scope, actor, "referral.discarded", "referral", referral_id)
    return referral.case_id


def _running() -> Conflict:
    return Conflict(
        "referral-running",
        N_("This case has a referral already: see its page for where it stands."),
    )
