"""What is recorded on a case: consultations and milestones, of which the last one closes it."""

from datetime import date, datetime, time
from uuid import UUID

from hub import audit, clock, facts
from hub.db import TenantScope
from hub.errors import Conflict
from hub.idempotency import KeyReused, once
from hub.referrals.cases import handover, holding
from hub.referrals.cases import queries as cases
from hub.referrals.cases.holding import LockedCase
from hub.referrals.cases.service import lock_case, refuse_closed
from hub.referrals.course import queries
from hub.referrals.course.schemas import RecordConsultation, RecordMilestone
from hub.referrals.labels import rank
from hub.referrals.members.queries import colleagues_at
from hub.referrals.offers.queries import has_running_referral
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


class BeforeOpening(Exception):
    """The day of a milestone is before the case was opened. Nothing was saved."""


async def record_consultation(
    scope: TenantScope, actor: Actor, case_id: UUID, held: RecordConsultation, key: UUID
) -> UUID:
    """Whoever records does not take the case over.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, or Conflict where the case is closed.
    """
    case = await lock_case(scope, actor, case_id, held_on=held.held_on)
    if await _was_recorded(scope, "consultation.record", key, case, held):
        return case_id
    refuse_closed(case)
    consultation_id = await queries.add_consultation(
        scope,
        case,
        channel=held.channel,
        held_on=held.held_on,
        minutes=held.minutes,
        topics=held.topics,
        notes=held.notes,
        recorded_by=actor.membership_id,
    )
    await queries.bring_milestone_forward(scope, case_id, "informed", held.held_on)
    await cases.change_case(scope, case_id, state=case.state, milestone=case.milestone)
    if not case.is_test:
        noon = datetime.combine(held.held_on, time(12), clock.ROME)
        await facts.advance(scope, facts.LAST_CONSULTATION, min(noon, scope.now))
    await audit.record(scope, actor, "consultation.recorded", "consultation", consultation_id)
    return case_id


async def record_milestone(
    scope: TenantScope, actor: Actor, case_id: UUID, reached: RecordMilestone, key: UUID
) -> UUID:
    """Recording one again corrects its day.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, BeforeOpening, or Conflict where the case is closed or a
    referral of it runs.
    """
    case = await lock_case(scope, actor, case_id)
    if await _was_recorded(scope, "milestone.record", key, case, reached):
        return case_id
    refuse_closed(case)
    if reached.reached_on < clock.day_of(case.opened_at):
        raise BeforeOpening
    closes = reached.kind == "closed"
    if closes and await has_running_referral(scope, case_id):
        raise Conflict(
            "referral-running",
            N_(
                "A referral of this case is not finished: discard its draft, or wait for the lenders' answers."
            ),
        )
    await queries.set_milestone(
        scope, case_id, reached.kind, reached.reached_on, actor.membership_id
    )
    furthest = max(case.milestone, reached.kind, key=rank)
    await cases.change_case(
        scope, case_id, state="closed" if closes else "open", milestone=furthest
    )
    if closes and not case.is_test:
        await facts.add_to(scope, facts.OPEN_CASES, -1)
    action = "case.closed" if closes else "milestone.recorded"
    await audit.record(scope, actor, action, "case", case_id, milestone=reached.kind)
    return case_id


async def reopen_case(scope: TenantScope, actor: Actor, case_id: UUID, key: UUID) -> None:
    """Undo a closing. Where who was in charge has left, whoever opens it again takes it on.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, or DeskClosed.
    """
    case = await lock_case(scope, actor, case_id, begins=True)
    if await once(scope, "case.reopen", key, case_id, content=case_id) or case.state == "open":
        return
    if case.assigned_to not in {one.id for one in await colleagues_at(scope, case.desk_id)}:
        await handover.assign_case(scope, case_id, actor.membership_id)
        await audit.record(
            scope,
            actor,
            "case.assigned",
            "case",
            case_id,
            to=str(actor.membership_id),
            before=str(case.assigned_to),
        )
    await queries.remove_milestone(scope, case_id, "closed")
    reached = [row["kind"] for row in await queries.milestones_of(scope, case_id)]
    await cases.change_case(
        scope, case_id, state="open", milestone=max(reached, key=rank, default="opened")
    )
    if not case.is_test:
        await facts.add_to(scope, facts.OPEN_CASES, 1)
    await audit.record(scope, actor, "case.reopened", "case", case_id)


async def _was_recorded(
    scope: TenantScope,
    operation: str,
    key: UUID,
    case: LockedCase,
    recorded: RecordConsultation | RecordMilestone,
) -> bool:
    """Raises KeyReused, or Conflict where the case is closed and other content cannot be added anyway."""
    try:
        return await once(scope, operation, key, case.id, content=(case.id, recorded)) is not None
    except KeyReused:
        refuse_closed(case)
        raise


async def reach(scope: TenantScope, case_id: UUID, reached: dict[str, date]) -> None:
    """Record what the hub itself knows from a referral. A case that is gone is nobody's concern any more."""
    case = await holding.lock_case(scope, case_id)
    if case is None:
        return
    for milestone, day in reached.items():
        await queries.bring_milestone_forward(scope, case_id, milestone, day)
    furthest = max([case.milestone, *reached], key=rank)
    await cases.change_case(scope, case_id, state=case.state, milestone=furthest)
