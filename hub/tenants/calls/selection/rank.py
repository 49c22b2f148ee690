"""A ranking comes about: proposed by one person, approved by another, which publishes it, or sent back."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from hub import audit, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries as calls
from hub.tenants.calls.questions import queries as questions
from hub.tenants.calls.selection import panel, ranked
from hub.tenants.calls.selection.commission import NotEvaluating, held
from hub.tenants.calls.selection.publish import as_published
from hub.tenants.calls.selection.succeed import succeed
from hub.web.i18n import N_

# A letter to somebody who asked is on its way by then, or given up.
LETTERS_LAST = timedelta(days=7)


class NotReady(Conflict):
    code = "evaluations-missing"
    message = N_(
        "The ranking cannot be proposed yet: evaluations are missing, or an applicant still has time to complete."
    )


class DecidedMeanwhile(Conflict):
    code = "ranking-decided"
    message = N_("This ranking was decided by somebody else in the meantime.")


class SamePerson(Conflict):
    code = "second-person-needed"
    message = N_("You proposed this ranking: a second person has to decide about it.")


async def propose(scope: TenantScope, actor: Actor, call_id: UUID) -> UUID:
    """Raises NotFound, NotEvaluating, NotReady."""
    call = await held(scope, call_id)
    if call.state != "evaluating":
        raise NotEvaluating
    if not (await panel.readiness(scope, call_id)).ready:
        raise NotReady
    ranking_id = await ranked.insert_ranking(scope, call_id, actor.membership_id)
    count = await ranked.rank(scope, ranking_id, call)
    await calls.move(scope, call_id, "proposed", come_from=["evaluating"])
    await audit.record(scope, actor, "ranking.proposed", "ranking", ranking_id, entries=count)
    return ranking_id


async def approve(scope: TenantScope, actor: Actor, call_id: UUID, ranking_id: UUID) -> None:
    """Freeze it, publish it, give every application its outcome, and have the applicants told.

    Who withdrew since it was proposed leaves the place to the first reserve; of whoever asked a question, the address is
    forgotten. Raises NotFound, DecidedMeanwhile,
    SamePerson.
    """
    await _to_decide(scope, actor, call_id, ranking_id)
    digest = sha256()
    async for line in as_published(scope, ranking_id):
        digest.update(line)
    await ranked.decide(
        scope, ranking_id, "approved", actor.membership_id, content_hash=digest.digest()
    )
    await calls.move(scope, call_id, "decided", come_from=["proposed"])
    await ranked.apply_outcomes(scope, ranking_id)
    await audit.record(
        scope, actor, "ranking.approved", "ranking", ranking_id, sha256=digest.hexdigest()
    )
    await questions.forget_askers(scope, call_id, answered_before=scope.now - LETTERS_LAST)
    for withdrawn_id in await ranked.left_places(scope, ranking_id):
        await succeed(scope, withdrawn_id)
    for task in ("selection.tell_outcomes", "onboarding.admit_all"):
        await outbox.enqueue(scope, task, ranking_id=ranking_id, behind=UUID(int=0))


async def reject(
    scope: TenantScope, actor: Actor, call_id: UUID, ranking_id: UUID, note: str
) -> None:
    """The evaluations go on. Raises NotFound, DecidedMeanwhile, SamePerson."""
    await _to_decide(scope, actor, call_id, ranking_id)
    await ranked.decide(scope, ranking_id, "rejected", actor.membership_id, note=note)
    await calls.move(scope, call_id, "evaluating", come_from=["proposed"])
    await audit.record(scope, actor, "ranking.rejected", "ranking", ranking_id)


async def _to_decide(scope: TenantScope, actor: Actor, call_id: UUID, ranking_id: UUID) -> None:
    call = await held(scope, call_id)
    ranking = await ranked.current_ranking(scope, call_id, lock=True)
    if ranking is None or ranking.id != ranking_id or ranking.state != "proposed":
        # An unknown id is told apart from a decided one nowhere: both are not there to be decided.
        raise DecidedMeanwhile if call.state != "draft" else NotFound
    if ranking.proposed_by == actor.membership_id:
        raise SamePerson
