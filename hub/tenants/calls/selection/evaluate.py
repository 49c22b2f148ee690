"""What an evaluator does with an application: declare to be free of conflicts, or recuse; give points; submit them.

Each step takes the administrations to which the organisation's people belong, as the network knew them a moment ago.
One that returns False has found that the evaluator belongs to the applicant: the evaluation is somebody else's now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.applications.queries import completions_of
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection import evaluations, panel, queries
from hub.tenants.calls.selection.assign import assign
from hub.tenants.calls.selection.commission import held
from hub.tenants.calls.selection.points import total_of
from hub.tenants.calls.selection.schemas import OWN_ADMINISTRATION, Administrations, Evaluation
from hub.web.i18n import N_


class EvaluationOver(Conflict):
    code = "evaluation-over"
    message = N_("There is nothing more to evaluate here: it is done, or no longer asked for.")


class NotDeclared(Conflict):
    code = "no-declaration"
    message = N_("First declare that you have no conflict of interest with this applicant.")


class ChangedElsewhere(Conflict):
    code = "evaluation-changed"
    message = N_(
        "These points were changed in another window in the meantime. Compare them, then save again."
    )


class CompletionAwaited(Conflict):
    code = "completion-awaited"
    message = N_(
        "The applicant was asked to complete the application and still has time to answer. Your points are kept; submit"
        " them when the answer is here or the term is over."
    )


class PointsMissing(Conflict):
    code = "points-missing"
    message = N_("Every criterion needs its points before the evaluation can be submitted.")


@dataclass(frozen=True, slots=True)
class Points:
    """By criterion; whole numbers within what each criterion allows."""

    by_criterion: Mapping[UUID, int]
    note: str


async def declare_no_conflict(
    scope: TenantScope, actor: Actor, evaluation_id: UUID, administrations: Administrations
) -> bool:
    """A second declaration changes nothing. Raises NotFound, EvaluationOver."""
    mine = await _mine(scope, actor, evaluation_id)
    if await _recused_as_own(scope, actor, mine, administrations):
        return False
    if mine.declared_at is None:
        await evaluations.declare(scope, mine.id)
        await audit.record(scope, actor, "evaluation.declared", "evaluation", mine.id)
    return True


async def recuse(
    scope: TenantScope,
    actor: Actor,
    evaluation_id: UUID,
    reason: str,
    administrations: Administrations,
) -> None:
    """The next evaluator gets it at once. Raises NotFound, EvaluationOver."""
    mine = await _mine(scope, actor, evaluation_id)
    await _pass_on(scope, actor, mine, reason.lstrip(":"), "conflict", administrations)


async def save_draft(
    scope: TenantScope,
    actor: Actor,
    evaluation_id: UUID,
    points: Points,
    version: int,
    administrations: Administrations,
) -> bool:
    """Raises NotFound, EvaluationOver, NotDeclared, ChangedElsewhere; ValueError for points out of range."""
    mine = await _mine(scope, actor, evaluation_id)
    if await _recused_as_own(scope, actor, mine, administrations):
        return False
    _check(mine, version)
    criteria = await queries.criteria(scope, mine.call_id)
    _check_range(points.by_criterion, criteria)
    known = {str(key): value for key, value in points.by_criterion.items()}
    await evaluations.save_points(scope, mine.id, known, points.note)
    return True


async def submit(
    scope: TenantScope,
    actor: Actor,
    evaluation_id: UUID,
    version: int,
    administrations: Administrations,
) -> bool:
    """The draft, for good. Where the first two differ by more than the call's limit, a third is asked at once.

    Raises NotFound, EvaluationOver, NotDeclared, ChangedElsewhere, CompletionAwaited, PointsMissing.
    """
    mine = await _mine(scope, actor, evaluation_id)
    if await _recused_as_own(scope, actor, mine, administrations):
        return False
    _check(mine, version)
    asked = await completions_of(scope, mine.application_id)
    if any(not each.answered_at and each.due_at > scope.now for each in asked):
        raise CompletionAwaited
    criteria = await queries.criteria(scope, mine.call_id)
    points = {
        criterion.id: mine.draft[str(criterion.id)]
        for criterion in criteria
        if str(criterion.id) in mine.draft
    }
    if not criteria or len(points) < len(criteria):
        raise PointsMissing
    await evaluations.give(scope, mine.id, points, total_of(points, criteria))
    await audit.record(scope, actor, "evaluation.submitted", "evaluation", mine.id)
    # Also where nobody can be found yet who gives it.
    if any(one.third for one in await panel.lacking(scope, mine.call_id, mine.application_id)):
        await audit.record(
            scope, None, "evaluation.third_asked", "application", mine.application_id
        )
    await assign(scope, mine.call_id, administrations, application_id=mine.application_id)
    return True


async def _mine(scope: TenantScope, actor: Actor, evaluation_id: UUID) -> Evaluation:
    """One's own, with its call and itself locked. Raises NotFound, EvaluationOver."""
    found = await evaluations.evaluation(scope, evaluation_id, actor.membership_id)
    if found is None:
        raise NotFound
    await held(scope, found.call_id)
    found = await evaluations.evaluation(scope, evaluation_id, actor.membership_id, lock=True)
    if found is None or not found.is_open:
        raise EvaluationOver
    return found


def _check(mine: Evaluation, version: int) -> None:
    if mine.declared_at is None:
        raise NotDeclared
    if mine.version != version:
        raise ChangedElsewhere


def _check_range(points: Mapping[UUID, int], criteria: list[Criterion]) -> None:
    most = {criterion.id: criterion.max_points for criterion in criteria}
    for criterion_id, number in points.items():
        if not 0 <= number <= most.get(criterion_id, -1):
            raise ValueError("points out of range")


async def _recused_as_own(
    scope: TenantScope, actor: Actor, mine: Evaluation, administrations: Administrations
) -> bool:
    """Also whoever is not known to the network as an active member does not go on."""
    own = administrations.get(actor.membership_id)
    if own is not None and not own & mine.codes:
        return False
    await _pass_on(scope, actor, mine, OWN_ADMINISTRATION, "own_administration", administrations)
    return True


async def _pass_on(
    scope: TenantScope,
    actor: Actor,
    mine: Evaluation,
    reason: str,
    code: str,
    administrations: Administrations,
) -> None:
    await evaluations.recuse(scope, mine.id, reason)
    await audit.record(scope, actor, "evaluation.recused", "evaluation", mine.id, reason=code)
    await assign(scope, mine.call_id, administrations, application_id=mine.application_id)
