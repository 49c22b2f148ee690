"""What a desk does with a case as a whole: open it, read it."""

from uuid import UUID

from hub import audit, clock, facts
from hub.crypto import decrypt
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.referrals.cases import queries
from hub.referrals.cases.number import case_number
from hub.referrals.cases.queries import CaseDetails, LockedCase
from hub.referrals.cases.schemas import OpenCase, OpenCaseFor
from hub.referrals.citizens.service import citizen_for, visible_citizen
from hub.referrals.course.queries import set_milestone
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


async def open_case(
    scope: TenantScope, actor: Actor, asked: OpenCase, key: UUID, municipality_code: str | None
) -> UUID:
    """Open a case together with its citizen.

    Raises PersonKnown, KeyReused, or NotFound for a `citizen_id` that is not to be had.
    """
    case_id, content = uuid7(), (asked, municipality_code)
    if earlier := await once(scope, "case.open", key, case_id, content=content):
        return earlier
    citizen_id = await citizen_for(scope, actor, asked, municipality_code)
    await _open(scope, actor, asked, case_id, citizen_id)
    return case_id


async def open_case_of(
    scope: TenantScope, actor: Actor, citizen_id: UUID, asked: OpenCaseFor, key: UUID
) -> UUID:
    """Open a further case of a citizen. Raises NotFound or KeyReused."""
    case_id, content = uuid7(), (citizen_id, asked)
    if earlier := await once(scope, "case.open", key, case_id, content=content):
        return earlier
    citizen = await visible_citizen(scope, actor, citizen_id)
    await _open(scope, actor, asked, case_id, citizen.id)
    return case_id


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
    day = clock.day_of(scope.now)
    # Whoever opens a case has been informed; an earlier conversation recorded later moves that day back.
    for milestone in ("informed", "opened"):
        await set_milestone(scope, case_id, milestone, day, actor.membership_id)
    await facts.add_to(scope, facts.OPEN_CASES, 1)
    await audit.record(scope, actor, "case.opened", "case", case_id)


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


async def lock_case(scope: TenantScope, actor: Actor, case_id: UUID) -> LockedCase:
    """Nobody else writes on it until the transaction ends. Raises NotFound."""
    case = await queries.lock_case(scope, actor.desk_ids, case_id)
    if case is None:
        raise NotFound
    return case


def refuse_closed(case: CaseDetails | LockedCase) -> None:
    """Raises Conflict where nothing can be added to it any more."""
    if case.state == "closed":
        raise Conflict("case-closed", N_("This case is closed. Open it again to add to it."))
