"""A case of an invented citizen, with which a desk tries out the whole way to a lender.

It goes to sandbox lenders only, is counted nowhere, and is found in its own list only.
"""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict
from hub.ids import uuid7
from hub.referrals.cases import holding, queries
from hub.referrals.cases.number import case_number
from hub.referrals.cases.service import first_milestones
from hub.referrals.citizens.queries import add_invented
from hub.referrals.members.standing import standing
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_

GIVEN_NAME, FAMILY_NAME = "Mario", "Prova"
PURPOSE = "Prova del percorso verso un soggetto erogatore: il caso e la persona sono inventati."
KIND, AMOUNT_CENTS = "enterprise_loan", 10_000_00


async def open_test_case(scope: TenantScope, actor: Actor) -> UUID:
    """The desk's open one, or a new one. Raises NoLongerHere, or Conflict where there is no desk."""
    now = await standing(scope, actor, "host")
    desk_id = await queries.desk_for_test(scope, now.desks)
    desk = await holding.lock_desk(scope, desk_id) if desk_id else None
    if desk is None or desk.state == "closed":
        raise Conflict(
            "no-desk", N_("There is no desk yet: add the desk first, then try it out with a test.")
        )
    if found := await queries.open_test_case(scope, desk.id):
        return found
    return await add_test_case(scope, actor, desk.id, desk.region_code)


async def add_test_case(scope: TenantScope, actor: Actor, desk_id: UUID, region_code: str) -> UUID:
    case_id = uuid7()
    citizen_id = await add_invented(scope, GIVEN_NAME, FAMILY_NAME, actor.membership_id)
    await queries.add_case(
        scope,
        case_id=case_id,
        number=case_number(await queries.next_serial(scope)),
        citizen_id=citizen_id,
        desk_id=desk_id,
        kind=KIND,
        purpose=PURPOSE,
        amount_cents=AMOUNT_CENTS,
        region_code=region_code,
        opened_by=actor.membership_id,
        is_test=True,
    )
    await first_milestones(scope, actor, case_id)
    await audit.record(scope, actor, "case.opened", "case", case_id, test=1)
    return case_id
