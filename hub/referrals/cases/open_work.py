"""Open cases as work that somebody takes over before a person leaves or a desk closes.

What is counted is the real ones; test cases go along. A closed case stays where it is: whoever opens it again takes it
on. Whoever ends a membership or closes a desk has changed its row before, in the same transaction, and hands over then:
see the order of locks in `hub/referrals/members/standing.py`.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict
from hub.referrals.cases import handover, holding
from hub.referrals.members.queries import hold_membership
from hub.tenants.open_work import register
from hub.web.i18n import N_


class OpenCases:
    label = N_("open cases")

    async def of_member(self, scope: TenantScope, membership_id: UUID) -> int:
        return await handover.count_open(scope, "assigned_to", membership_id)

    async def of_members(
        self, scope: TenantScope, membership_ids: Sequence[UUID]
    ) -> dict[UUID, int]:
        return await handover.count_open_of(scope, membership_ids)

    async def desks_of_member(self, scope: TenantScope, membership_id: UUID) -> frozenset[UUID]:
        return await handover.desks_of_open(scope, membership_id)

    async def of_desk(self, scope: TenantScope, desk_id: UUID) -> int:
        return await handover.count_open(scope, "desk_id", desk_id)

    async def give_to_member(
        self, scope: TenantScope, actor: audit.Actor | None, giver: UUID, taker: UUID
    ) -> int:
        """Raises Conflict where the taker has left in the meantime."""
        found = await hold_membership(scope, taker)
        if found is None or not found.active:
            raise Conflict(
                "taker-gone", N_("Whoever should take over has left in the meantime. Choose again.")
            )
        given = await handover.give_cases(scope, giver, taker)
        await audit.record_each(
            scope, actor, "case.assigned", "case", given, to=str(taker), before=str(giver)
        )
        return _real(given)

    async def move_to_desk(
        self, scope: TenantScope, actor: audit.Actor | None, giver: UUID, taker: UUID
    ) -> int:
        """With their referrals, so that whoever works at the new desk can go on with them. Raises Conflict."""
        desk = await holding.hold_desk(scope, taker)
        if desk is None or desk.state == "closed":
            raise Conflict(
                "taker-gone", N_("The desk that should take over is closed. Choose again.")
            )
        moved = await handover.move_cases(scope, giver, taker)
        await audit.record_each(
            scope, actor, "case.moved", "case", moved, desk=str(taker), before=str(giver)
        )
        return _real(moved)


def _real(cases: Mapping[UUID, bool]) -> int:
    return sum(not is_test for is_test in cases.values())


OPEN_CASES = OpenCases()
# Here, since the web application and the worker both ask for it.
register(OPEN_CASES)
