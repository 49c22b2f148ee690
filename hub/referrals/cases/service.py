"""What a desk does with a case as a whole: open it, read it, put it in a colleague's charge."""

from datetime import date
from uuid import UUID

from hub import audit, clock, facts
from hub.crypto import decrypt
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.referrals.cases import handover, holding, queries
from hub.referrals.cases.holding import LockedCase, Place
from hub.referrals.cases.number import case_number
from hub.referrals.cases.queries import CaseDetails
from hub.referrals.cases.schemas import OpenCase, OpenCaseFor
from hub.referrals.citizens.service import citizen_for, visible_citizen
from hub.referrals.course.queries import set_milestone
from hub.referrals.members.queries import colleagues_at, hold_memberships
from hub.referrals.members.standing import NoLongerHere, Standing, standing
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


class DeskClosed(Conflict):
    """Nothing new begins at a desk that is not open."""

    code = "desk-closed"
    message = N_("This desk is not open any more: nothing new can be opened there.")


async def open_case(
    scope: TenantScope, actor: Actor, asked: OpenCase, key: UUID, municipality_code: str | None
) -> UUID:
    """Open a case together with its citizen.

    Raises PersonKnown, KeyReused, NoLongerHere, Suspended, DeskClosed, or NotFound for a `citizen_id` that is not to
    be had.
    """
    case_id, content = uuid7(), (asked, municipality_code)
    now = await standing(scope, actor, "host")
    if earlier := await once(scope, "case.open", key, case_id, content=content):
        return earlier
    await _begin_at(scope, now, asked.desk_id)
    citizen_id = await citizen_for(scope, actor, asked, municipality_code)
    await _open(scope, actor, asked, case_id, citizen_id)
    return case_id


async def open_case_of(
    scope: TenantScope, actor: Actor, citizen_id: UUID, asked: OpenCaseFor, key: UUID
) -> UUID:
    """Open a further case of a citizen. Raises NotFound, KeyReused, NoLongerHere, Suspended or DeskClosed."""
    case_id, content = uuid7(), (citizen_id, asked)
    now = await standing(scope, actor, "host")
    if earlier := await once(scope, "case.open", key, case_id, content=content):
        return earlier
    citizen = await visible_citizen(scope, actor, citizen_id)
    await _begin_at(scope, now, asked.desk_id)
    await _open(scope, actor, asked, case_id, citizen.id)
    return case_id


async def _begin_at(scope: TenantScope, now: Standing, desk_id: UUID) -> None:
    """The desk is held before anything is written. Raises Suspended, NoLongerHere or DeskClosed."""
    now.refuse_real()
    if now.desks is not None and desk_id not in now.desks:
        raise NoLongerHere
    await holding.consulted(scope, desk_id, clock.day_of(scope.now))
    desk = await holding.hold_desk(scope, desk_id)
    if desk is None or desk.state != "active":
        raise DeskClosed


async def _open(
    scope: TenantScope,
    actor: Actor,
    asked: OpenCase | OpenCaseFor,
    case_id: UUID,
    citizen_id: UUID,
) -> None:
    await queries.add_case(
        scope,
        case_id=case_id,
        number=case_number(await queries.next_serial(scope)),
        citizen_id=citizen_id,
        desk_id=asked.desk_id,
        kind=asked.kind,
        purpose=asked.purpose,
        amount_cents=asked.amount,
        region_code=asked.region_code,
        opened_by=actor.membership_id,
    )
    await first_milestones(scope, actor, case_id)
    await facts.add_to(scope, facts.OPEN_CASES, 1)
    await audit.record(scope, actor, "case.opened", "case", case_id)


async def first_milestones(scope: TenantScope, actor: Actor, case_id: UUID) -> None:
    """Whoever opens a case has been informed; an earlier conversation recorded later moves that day back."""
    day = clock.day_of(scope.now)
    for milestone in ("informed", "opened"):
        await set_milestone(scope, case_id, milestone, day, actor.membership_id)


async def read_case(scope: TenantScope, actor: Actor, case_id: UUID) -> CaseDetails:
    """Raises NotFound. That it was read is kept."""
    case = await queries.case_details(scope, actor.desk_ids, case_id)
    if case is None:
        raise NotFound
    await audit.record(scope, actor, "case.read", "case", case_id)
    return case


async def codice_fiscale(
    scope: TenantScope, actor: Actor, case: CaseDetails, *, clear: bool
) -> str | None:
    """The citizen's. That a person is going to see it in the clear is kept."""
    if case.codice_fiscale is None:
        return None
    if clear:
        await audit.record(scope, actor, "codice_fiscale.shown", "citizen", case.citizen_id)
    return decrypt(case.codice_fiscale)


async def lock_case(
    scope: TenantScope,
    actor: Actor,
    case_id: UUID,
    *,
    held_on: date | None = None,
    begins: bool = False,
) -> LockedCase:
    """Nobody else writes on it until the transaction ends.

    `held_on` is the day of a consultation there, which its desk is told of; what `begins` needs a desk that is open.
    Raises NotFound for a case that was out of reach from the beginning; NoLongerHere where it has got there in the
    meantime; Suspended; DeskClosed.
    """
    now = await standing(scope, actor, "host")
    place = await holding.place_of_case(scope, actor.desk_ids, case_id)
    if place is None:
        raise NotFound
    now.refuse_real(is_test=place.is_test)
    await _hold_place(scope, case_id, place, held_on=held_on, begins=begins)
    case = await holding.lock_case(scope, case_id)
    if case is None:
        raise NotFound
    if now.desks is not None and case.desk_id not in now.desks:
        raise NoLongerHere
    return case


async def _hold_place(
    scope: TenantScope, case_id: UUID, place: Place, *, held_on: date | None, begins: bool
) -> None:
    """The desk at which the case is, which a closing may be changing: once it is held, the case stays there."""
    desk = None
    while desk is None or desk.id != place.desk_id:
        if held_on and not place.is_test:
            await holding.consulted(scope, place.desk_id, held_on)
        desk = await holding.hold_desk(scope, place.desk_id)
        place = await holding.place_of_case(scope, None, case_id) or place
    if begins and not place.is_test and desk.state != "active":
        raise DeskClosed


async def assign_case(
    scope: TenantScope, actor: Actor, case_id: UUID, taker: UUID, key: UUID
) -> None:
    """Put a case in a colleague's charge, or one's own.

    Raises NotFound, KeyReused, NoLongerHere, Suspended, or Conflict where the case is closed or the colleague cannot.
    """
    # Both at once and before the case, as the order of locks will have it.
    await hold_memberships(scope, [actor.membership_id, taker])
    case = await lock_case(scope, actor, case_id)
    if await once(scope, "case.assign", key, case_id, content=(case_id, taker)):
        return
    refuse_closed(case)
    if taker not in {one.id for one in await colleagues_at(scope, case.desk_id)}:
        raise Conflict(
            "colleague-gone",
            N_("This colleague has left, or does not work at this desk. Choose another."),
        )
    if taker != case.assigned_to:
        await handover.assign_case(scope, case_id, taker)
        await audit.record(
            scope,
            actor,
            "case.assigned",
            "case",
            case_id,
            to=str(taker),
            before=str(case.assigned_to),
        )


def refuse_closed(case: CaseDetails | LockedCase) -> None:
    """Raises Conflict where nothing can be added to it any more."""
    if case.state == "closed":
        raise Conflict("case-closed", N_("This case is closed. Open it again to add to it."))
