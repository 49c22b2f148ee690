"""Open cases as work that somebody takes over before a person leaves or a desk closes.

What is counted is the real ones; test cases go along. A closed case stays where it is: whoever opens it again takes it
on. Rows are locked in one order, and the membership that ends or the desk that closes was locked before them, as
everyone does who writes on a case (`hub/referrals/members/standing.py`).
"""

from uuid import UUID

from hub.db import TenantScope
from hub.referrals.cases import queries
from hub.web.i18n import N_


class OpenCases:
    label = N_("open cases")

    async def of_member(self, scope: TenantScope, membership_id: UUID) -> int:
        return await queries.count_open(scope, "assigned_to", membership_id)

    async def of_desk(self, scope: TenantScope, desk_id: UUID) -> int:
        return await queries.count_open(scope, "desk_id", desk_id)

    async def give_to_member(self, scope: TenantScope, giver: UUID, taker: UUID) -> int:
        return await queries.give_cases(scope, giver, taker)

    async def move_to_desk(self, scope: TenantScope, giver: UUID, taker: UUID) -> int:
        """With their referrals, so that whoever works at the new desk can go on with them."""
        return await queries.move_cases(scope, giver, taker)


OPEN_CASES = OpenCases()
