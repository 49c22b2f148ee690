"""What a desk does with its cases: open them, record on them, close them."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from hub import audit, clock, facts
from hub.crypto import decrypt, encrypt, lookup_token
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.referrals.cases import queries
from hub.referrals.cases.codice_fiscale import birth_date_of
from hub.referrals.cases.number import case_number
from hub.referrals.cases.queries import CaseDetails, KnownCitizen, LockedCase, Person
from hub.referrals.cases.schemas import (
    OpenCase,
    OpenCaseFor,
    RecordConsultation,
    RecordMilestone,
)
from hub.referrals.labels import rank
from hub.referrals.offers.queries import has_running_referral
from hub.tenants.accounts.actor import Actor
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_


class PersonKnown(Exception):
    """The person seems to be known already; someone has to say whether it is them. Nothing was saved.

    `sure` where the codice fiscale says so, and not only the name.
    """

    def __init__(self, citizens: Sequence[KnownCitizen], *, sure: bool) -> None:
        self.citizens = citizens
        self.sure = sure
        super().__init__()


class BeforeOpening(Exception):
    """The day of a milestone is before the case was opened. Nothing was saved."""


async def open_case(
    scope: TenantScope, actor: Actor, asked: OpenCase, key: UUID, municipality_code: str | None
) -> UUID:
    """Open a citizen and their case. Raises PersonKnown, or NotFound for a `citizen_id` that is not to be had."""
    case_id = uuid7()
    if earlier := await once(scope, "case.open", key, case_id):
        return earlier
    person = _person(scope, asked, municipality_code)
    if asked.citizen_id:
        citizen_id = await _recognise(scope, actor, asked.citizen_id, person)
    else:
        citizen_id = await open_citizen(scope, actor, person, another_person=asked.another_person)
    await _open(scope, actor, asked, case_id, citizen_id)
    return case_id


async def open_case_of(
    scope: TenantScope, actor: Actor, citizen_id: UUID, asked: OpenCaseFor, key: UUID
) -> UUID:
    """Open a further case of a citizen. Raises NotFound."""
    case_id = uuid7()
    if earlier := await once(scope, "case.open", key, case_id):
        return earlier
    citizen = await queries.known_citizen(scope, actor.desk_ids, citizen_id)
    if citizen is None or not citizen.visible:
        raise NotFound
    await _open(scope, actor, asked, case_id, citizen_id)
    return case_id


async def open_citizen(
    scope: TenantScope, actor: Actor, person: Person, *, another_person: bool
) -> UUID:
    """Raises PersonKnown: surely, by codice fiscale, or perhaps, by name, unless it is `another_person`."""
    if known := await _same_code(scope, actor, person):
        raise PersonKnown([known], sure=True)
    if not another_person and person.name_search:
        alike = await queries.namesakes(
            scope,
            actor.desk_ids,
            person.name_search,
            person.birth_date,
            without_code=person.token is not None,
        )
        if alike:
            raise PersonKnown(alike, sure=False)
    citizen_id = await queries.add_citizen(scope, person, actor.membership_id)
    if citizen_id is None:
        raise Conflict(message=N_("A colleague has just opened this citizen. Please try again."))
    await audit.record(scope, actor, "citizen.opened", "citizen", citizen_id)
    return citizen_id


async def _recognise(scope: TenantScope, actor: Actor, citizen_id: UUID, person: Person) -> UUID:
    """The known citizen, completed by what is new. Out of one's desks a citizen is known by codice fiscale only."""
    citizen = await queries.known_citizen(scope, actor.desk_ids, citizen_id)
    same = await _same_code(scope, actor, person)
    if citizen is None or not (citizen.visible or (same and same.id == citizen_id)):
        raise NotFound
    if same and same.id != citizen_id:
        raise PersonKnown([same], sure=True)
    if await queries.complete_citizen(scope, citizen_id, person):
        await audit.record(scope, actor, "citizen.completed", "citizen", citizen_id)
    return citizen_id


async def _same_code(scope: TenantScope, actor: Actor, person: Person) -> KnownCitizen | None:
    if person.token is None:
        return None
    return await queries.citizen_by_token(scope, actor.desk_ids, person.token)


def _person(scope: TenantScope, asked: OpenCase, municipality_code: str | None) -> Person:
    code = asked.codice_fiscale
    return Person(
        given_name=asked.given_name,
        family_name=asked.family_name,
        name_search=fold(f"{asked.family_name} {asked.given_name}"),
        codice_fiscale=encrypt(code) if code else None,
        token=lookup_token(scope.tenant_id, code) if code else None,
        birth_date=asked.birth_date or (birth_date_of(code) if code else None),
        email=asked.email,
        phone=asked.phone,
        municipality_code=municipality_code,
    )


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
    # Whoever opens a case has been informed; an earlier conversation recorded later moves that day back.
    for milestone in ("informed", "opened"):
        await queries.set_milestone(scope, case_id, milestone, _day(scope.now), actor.membership_id)
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


async def record_consultation(
    scope: TenantScope, actor: Actor, case_id: UUID, held: RecordConsultation, key: UUID
) -> UUID:
    """Raises NotFound, or Conflict where the case is closed."""
    case = await _lock(scope, actor, case_id)
    if earlier := await once(scope, "consultation.record", key, case_id):
        return earlier
    _refuse_closed(case)
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
    await queries.change_case(scope, case_id, state=case.state, milestone=case.milestone)
    noon = datetime.combine(held.held_on, time(12), clock.ROME)
    await facts.advance(scope, facts.LAST_CONSULTATION, min(noon, scope.now))
    await audit.record(scope, actor, "consultation.recorded", "consultation", consultation_id)
    return case_id


async def record_milestone(
    scope: TenantScope, actor: Actor, case_id: UUID, reached: RecordMilestone, key: UUID
) -> UUID:
    """Recording one again corrects its day.

    Raises NotFound, BeforeOpening, or Conflict where the case is closed or a referral of it runs.
    """
    case = await _lock(scope, actor, case_id)
    if earlier := await once(scope, "milestone.record", key, case_id):
        return earlier
    _refuse_closed(case)
    if reached.reached_on < _day(case.opened_at):
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
    await queries.change_case(
        scope, case_id, state="closed" if closes else "open", milestone=furthest
    )
    if closes:
        await facts.add_to(scope, facts.OPEN_CASES, -1)
    action = "case.closed" if closes else "milestone.recorded"
    await audit.record(scope, actor, action, "case", case_id, milestone=reached.kind)
    return case_id


async def reopen_case(scope: TenantScope, actor: Actor, case_id: UUID, key: UUID) -> None:
    """Undo a closing. Raises NotFound."""
    case = await _lock(scope, actor, case_id)
    if await once(scope, "case.reopen", key, case_id) or case.state == "open":
        return
    await queries.remove_milestone(scope, case_id, "closed")
    reached = [row["kind"] for row in await queries.milestones_of(scope, case_id)]
    await queries.change_case(
        scope, case_id, state="open", milestone=max(reached, key=rank, default="opened")
    )
    await facts.add_to(scope, facts.OPEN_CASES, 1)
    await audit.record(scope, actor, "case.reopened", "case", case_id)


async def reach(scope: TenantScope, case_id: UUID, reached: dict[str, date]) -> None:
    """Record what the hub itself knows from a referral. A case that is gone is nobody's concern any more."""
    case = await queries.lock_case(scope, None, case_id)
    if case is None:
        return
    for milestone, day in reached.items():
        await queries.bring_milestone_forward(scope, case_id, milestone, day)
    furthest = max([case.milestone, *reached], key=rank)
    await queries.change_case(scope, case_id, state=case.state, milestone=furthest)


async def _lock(scope: TenantScope, actor: Actor, case_id: UUID) -> LockedCase:
    case = await queries.lock_case(scope, actor.desk_ids, case_id)
    if case is None:
        raise NotFound
    return case


def _refuse_closed(case: LockedCase) -> None:
    if case.state == "closed":
        raise Conflict("case-closed", N_("This case is closed. Open it again to add to it."))


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.ROME).date()
