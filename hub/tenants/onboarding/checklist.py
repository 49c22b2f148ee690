"""What the Ente decides about a running checklist: later days, and exceptions that a second person agrees to."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hub import audit, outbox
from hub.db import NetworkScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import deciding, organisations, queries, setups
from hub.tenants.onboarding.abandon import NoSetup
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import leaders_of, readers_of
from hub.tenants.onboarding.schemas import ExceptionView, PointView, SetupView
from hub.web.i18n import N_


class AlreadyDone(Conflict):
    code = "point-done"
    message = N_("This point is done: it needs no exception.")


class AlreadyAsked(Conflict):
    code = "exception-asked"
    message = N_("Somebody asked for this exception already.")


class Decided(Conflict):
    code = "exception-decided"
    message = N_("Someone was faster: this exception was decided or withdrawn in the meantime.")


class SamePerson(Conflict):
    code = "second-person-needed"
    message = N_("You asked for this exception: a second person has to decide about it.")


async def ask_exception(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, code: str, reason: str
) -> None:
    """The Ente's other admins are written to. Raises NotFound, NoSetup, AlreadyDone, AlreadyAsked."""
    setup = await held(scope, organisation_id)
    point = point_of(setup, code)
    if point.state == "done":
        raise AlreadyDone
    exception_id = await deciding.add_exception(scope, setup, code, reason, actor.membership_id)
    if exception_id is None:
        raise AlreadyAsked
    await _tell(scope, actor, setup, "exception.asked", point=code)
    others = [
        leader
        for leader in await leaders_of(scope, organisation_id)
        if leader != actor.membership_id
    ]
    await _order(scope, "onboarding.mail_exception_asked", setup, exception_id, others)


async def agree_exception(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, exception_id: UUID
) -> None:
    """Who asked is told. Raises NotFound, NoSetup, Decided, SamePerson."""
    await _decide(scope, actor, organisation_id, exception_id, "agreed")


async def refuse_exception(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, exception_id: UUID, reason: str
) -> None:
    """Who asked is told, and why. Raises NotFound, NoSetup, Decided, SamePerson."""
    await _decide(scope, actor, organisation_id, exception_id, "refused", reason)


async def _decide(
    scope: NetworkScope,
    actor: Actor,
    organisation_id: UUID,
    exception_id: UUID,
    state: str,
    refused_reason: str | None = None,
) -> None:
    setup = await held(scope, organisation_id)
    asked = await _exception(scope, setup, exception_id)
    if asked.state != "asked":
        raise Decided
    if asked.asked_by == actor.membership_id:
        raise SamePerson
    await deciding.decide(scope, exception_id, state, actor.membership_id, refused_reason)
    await _tell(scope, actor, setup, f"exception.{state}", point=asked.code)
    await _order(scope, "onboarding.mail_exception_decided", setup, exception_id, [asked.asked_by])


async def withdraw_exception(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, exception_id: UUID
) -> None:
    """By anybody of the Ente's admins, also after it was agreed. Raises NotFound, NoSetup, Decided."""
    setup = await held(scope, organisation_id)
    asked = await _exception(scope, setup, exception_id)
    if asked.state not in ("asked", "agreed"):
        raise Decided
    await deciding.decide(scope, exception_id, "withdrawn", actor.membership_id)
    await _tell(scope, actor, setup, "exception.withdrawn", point=asked.code)
    if asked.asked_by != actor.membership_id:
        await _order(
            scope, "onboarding.mail_exception_decided", setup, exception_id, [asked.asked_by]
        )


async def postpone_point(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, code: str, due_on: date
) -> None:
    """The set-up's own day moves along where it would lie before. Raises NotFound, NoSetup."""
    setup = await held(scope, organisation_id)
    point = point_of(setup, code)
    if point.due_on == due_on:
        return
    await deciding.move_point(scope, setup.id, code, due_on)
    await _tell(scope, actor, setup, "point.postponed", point=code, due=due_on.isoformat())
    for reader_id in await readers_of(scope, organisation_id):
        await outbox.enqueue(
            scope,
            "onboarding.mail_point_postponed",
            organisation_id=organisation_id,
            reader_id=reader_id,
            point_id=point.id,
        )


async def postpone(
    scope: NetworkScope, actor: Actor, organisation_id: UUID, due_on: date, reason: str
) -> None:
    """Every open point moves by as many days as the whole; twice is one effect. Raises NotFound, NoSetup."""
    setup = await held(scope, organisation_id)
    if (setup.due_on, setup.due_reason) == (due_on, reason):
        return
    await deciding.move_setup(scope, setup.id, due_on, reason, (due_on - setup.due_on).days)
    await _tell(scope, actor, setup, "setup.postponed", due=due_on.isoformat())
    readers = await readers_of(scope, organisation_id)
    await order_letters(scope, "onboarding.mail_postponed", organisation_id, readers)


async def held(scope: NetworkScope, organisation_id: UUID) -> SetupView:
    """The running set-up, which nobody else changes until the transaction ends. Raises NotFound, NoSetup."""
    if await organisations.lock_organisation(scope, organisation_id) is None:
        raise NotFound
    if await setups.running_setup(scope, organisation_id) is None:
        raise NoSetup
    setup = await queries.setup_of(scope, organisation_id)
    if setup is None:
        raise NoSetup
    return setup


def point_of(setup: SetupView, code: str) -> PointView:
    """Raises NotFound."""
    found = next((point for point in setup.points if point.code == code), None)
    if found is None:
        raise NotFound
    return found


async def _exception(scope: NetworkScope, setup: SetupView, exception_id: UUID) -> ExceptionView:
    every = await queries.exceptions_of(scope, setup.tenant_id, setup.id)
    found = next((one for one in every if one.id == exception_id), None)
    if found is None:
        raise NotFound
    return found


async def _order(
    scope: NetworkScope, task: str, setup: SetupView, exception_id: UUID, readers: Sequence[UUID]
) -> None:
    for reader_id in readers:
        await outbox.enqueue(
            scope,
            task,
            organisation_id=setup.tenant_id,
            exception_id=exception_id,
            reader_id=reader_id,
        )


async def _tell(
    scope: NetworkScope, actor: Actor, setup: SetupView, action: str, **codes: str
) -> None:
    await audit.record_for(
        scope, setup.tenant_id, actor, action, "organisation", setup.tenant_id, **codes
    )
