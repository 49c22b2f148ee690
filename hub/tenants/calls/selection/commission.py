"""Who evaluates a call: named and removed by the Ente's administrators."""

from datetime import timedelta
from uuid import UUID

from hub import audit, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.selection import panel, queries
from hub.tenants.calls.selection.assign import Assigned, assign
from hub.tenants.calls.selection.schemas import REMOVED, Administrations, Selection
from hub.web.i18n import N_

# Before a ranking is proposed, and again after it was rejected.
OPEN_STATES = ("draft", "published", "evaluating")
REMINDED_AGAIN = timedelta(hours=1)


class SelectionOver(Conflict):
    code = "selection-over"
    message = N_(
        "The ranking of this call is proposed or published: its applications and evaluators stay as they are."
    )


class NotEvaluating(Conflict):
    code = "call-not-evaluating"
    message = N_("This call is not being evaluated at the moment.")


async def held(scope: TenantScope, call_id: UUID, *states: str) -> Selection:
    """The call, locked, so that decisions about it come one after the other. Raises NotFound, SelectionOver."""
    call = await queries.selection(scope, call_id, lock=True)
    if call is None:
        raise NotFound
    if states and call.state not in states:
        raise SelectionOver
    return call


async def name_evaluator(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    membership_id: UUID,
    administrations: Administrations,
) -> None:
    """Naming twice is one effect. While the call is evaluated, he or she gets what lacks an evaluator.

    Raises NotFound also for somebody who is no active member; SelectionOver.
    """
    call = await held(scope, call_id, *OPEN_STATES)
    if membership_id not in administrations:
        raise NotFound
    named = await panel.name_evaluator(scope, call_id, membership_id, actor.membership_id)
    if named is None:
        return
    await audit.record(
        scope, actor, "evaluator.named", "evaluator", named, member=str(membership_id)
    )
    if call.state == "evaluating":
        await assign(scope, call_id, administrations)


async def remove_evaluator(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    evaluator_id: UUID,
    administrations: Administrations,
) -> Assigned:
    """What was given stays; what was not goes to others. Raises NotFound, SelectionOver."""
    call = await held(scope, call_id, *OPEN_STATES)
    membership_id = await panel.evaluator(scope, call_id, evaluator_id)
    if membership_id is None:
        raise NotFound
    await panel.remove_evaluator(scope, evaluator_id)
    taken = await panel.take_back(scope, call_id, membership_id, REMOVED)
    await audit.record(
        scope,
        actor,
        "evaluator.removed",
        "evaluator",
        evaluator_id,
        member=str(membership_id),
        taken_back=taken,
    )
    if call.state != "evaluating":
        return Assigned(0, 0)
    return await assign(scope, call_id, administrations)


async def assign_again(
    scope: TenantScope, actor: Actor, call_id: UUID, administrations: Administrations
) -> Assigned:
    """For places that nobody could take before. Raises NotFound, NotEvaluating."""
    call = await held(scope, call_id)
    if call.state != "evaluating":
        raise NotEvaluating
    assigned = await assign(scope, call_id, administrations)
    if assigned.given:
        await audit.record(
            scope, actor, "evaluation.assigned", "call", call_id, given=assigned.given
        )
    return assigned


async def remind(scope: TenantScope, actor: Actor, call_id: UUID, evaluator_id: UUID) -> None:
    """By mail; a second click within the hour is one effect. Raises NotFound, NotEvaluating."""
    call = await held(scope, call_id)
    if call.state != "evaluating":
        raise NotEvaluating
    membership_id = await panel.evaluator(scope, call_id, evaluator_id)
    if membership_id is None:
        raise NotFound
    if not await panel.mark_reminded(scope, evaluator_id, before=scope.now - REMINDED_AGAIN):
        return
    await outbox.enqueue(
        scope, "selection.remind_evaluator", call_id=call_id, membership_id=membership_id
    )
    await audit.record(
        scope, actor, "evaluator.reminded", "evaluator", evaluator_id, member=str(membership_id)
    )
