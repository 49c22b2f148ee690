"""An evaluator's steps: declare or recuse, save, submit for good; and when a third person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from hub import clock
from hub.clock import today
from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.ids import uuid7
from hub.tenants.calls.applications.complete_application import answer_completion, ask_completion
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection import evaluate, panel
from hub.tenants.calls.selection.assign import administrations_of
from hub.tenants.calls.selection.evaluate import Points
from tests.factories import Member
from tests.support.databases import Database
from tests.tenants.calls.selection.making import (
    Commission,
    evaluations_of,
    give,
    give_all,
    make_commission,
)
from tests.tenants.calls.selection.test_assign import employ


async def mine_of(
    commission: Commission, application: Application, ordinal: int = 1
) -> tuple[UUID, Member]:
    found = await evaluations_of(commission.ente, application.id)
    people = {one.membership_id: one for one in commission.evaluators}
    return found[ordinal][0], people[found[ordinal][1]]


async def declare(commission: Commission, evaluation_id: UUID, who: Member) -> bool:
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        return await evaluate.declare_no_conflict(scope, who.actor, evaluation_id, administrations)


async def save(
    commission: Commission,
    evaluation_id: UUID,
    who: Member,
    points: Sequence[int],
    version: int,
) -> bool:
    criteria = await commission.criteria()
    given = {one.id: number for one, number in zip(criteria, points, strict=False)}
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        return await evaluate.save_draft(
            scope, who.actor, evaluation_id, Points(given, ""), version, administrations
        )


async def submit(commission: Commission, evaluation_id: UUID, who: Member, version: int) -> bool:
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        return await evaluate.submit(scope, who.actor, evaluation_id, version, administrations)


async def test_first_the_declaration_then_the_points(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    with pytest.raises(evaluate.NotDeclared):
        await save(commission, evaluation_id, who, (1, 1), 1)
    assert await declare(commission, evaluation_id, who)
    assert await declare(commission, evaluation_id, who), "twice is one effect"
    assert await save(commission, evaluation_id, who, (1,), 2)
    with pytest.raises(evaluate.PointsMissing):
        await submit(commission, evaluation_id, who, 3)
    assert await save(commission, evaluation_id, who, (20, 10), 3)
    assert await submit(commission, evaluation_id, who, 4)
    with pytest.raises(evaluate.EvaluationOver):
        await save(commission, evaluation_id, who, (1, 1), 5)


async def test_two_windows_do_not_overwrite_each_other(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    assert await save(commission, evaluation_id, who, (5, 5), 2)
    with pytest.raises(evaluate.ChangedElsewhere):
        await save(commission, evaluation_id, who, (6, 6), 2)
    with pytest.raises(evaluate.ChangedElsewhere):
        await submit(commission, evaluation_id, who, 2)


@pytest.mark.parametrize("points", [(21, 1), (1, 11), (-1, 1)])
async def test_points_beyond_the_criterion_are_refused(
    db: Database, points: tuple[int, int]
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    with pytest.raises(ValueError, match="out of range"):
        await save(commission, evaluation_id, who, points, 2)


async def test_what_was_given_is_not_changed_even_past_the_steps(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await give(commission, evaluation_id, who, (20, 10))
    with pytest.raises(asyncpg.CheckViolationError):
        async with tenant_transaction(commission.ente.id) as scope:
            await scope.execute("UPDATE evaluations SET note = 'x' WHERE id = $1", evaluation_id)
    for statement in ("UPDATE evaluation_scores SET points = 0", "DELETE FROM evaluation_scores"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tenant_transaction(commission.ente.id) as scope:
                await scope.execute(statement)


async def test_whoever_recuses_is_followed_by_the_next(db: Database) -> None:
    commission, (application,) = await make_commission(3, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    before = await evaluations_of(commission.ente, application.id)
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        await evaluate.recuse(
            scope, who.actor, evaluation_id, "Mio cugino vi lavora.", administrations
        )
    after = await evaluations_of(commission.ente, application.id)
    assert after[2] == before[2]
    assert after[1][1] not in {one[1] for one in before.values()}
    with pytest.raises(evaluate.EvaluationOver):
        await declare(commission, evaluation_id, who)


async def test_an_evaluator_of_the_own_administration_is_stopped_when_scoring(
    db: Database,
) -> None:
    """Who joined the applicant after the assignment: nothing is scored, and the next one gets it."""
    commission, (application,) = await make_commission(3, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    await save(commission, evaluation_id, who, (20, 10), 2)
    assert application.content is not None
    await employ(who.account_id, application.content.organisation.fiscal_code)
    assert not await submit(commission, evaluation_id, who, 3)
    after = await evaluations_of(commission.ente, application.id)
    assert after[1][0] != evaluation_id
    assert after[1][1] != who.membership_id
    async with tenant_transaction(commission.ente.id) as scope:
        assert not await scope.fetchval(
            "SELECT count(*) FROM evaluation_scores WHERE evaluation_id = $1", evaluation_id
        )
        assert (
            await scope.fetchval(
                "SELECT recused_reason FROM evaluations WHERE id = $1", evaluation_id
            )
            == ":own_administration"
        )


async def test_a_difference_above_the_limit_asks_for_a_third_at_once(db: Database) -> None:
    commission, (near, far) = await make_commission(3, applications=2)
    # 100 and 80: exactly the limit of 20. 100 and 79.4: above it.
    await give_all(commission, {near.id: [(20, 10), (16, 8)], far.id: [(20, 10), (17, 7)]})
    assert set(await evaluations_of(commission.ente, near.id)) == {1, 2}
    assert set(await evaluations_of(commission.ente, far.id)) == {1, 2, 3}
    async with tenant_transaction(commission.ente.id) as scope:
        assert not (await panel.readiness(scope, commission.call_id)).ready
    _evaluation, third = await mine_of(commission, far, 3)
    assert third.membership_id not in {
        one[1]
        for ordinal, one in (await evaluations_of(commission.ente, far.id)).items()
        if ordinal < 3
    }


async def test_another_persons_evaluation_does_not_exist(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    other = next(one for one in commission.evaluators if one != who)
    for asked in (evaluation_id, uuid7()):
        with pytest.raises(NotFound):
            await declare(commission, asked, other)


async def test_an_application_that_was_withdrawn_is_evaluated_no_more(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    async with tenant_transaction(commission.ente.id) as scope:
        await withdraw(scope, application.id, "")
    with pytest.raises(evaluate.EvaluationOver):
        await declare(commission, evaluation_id, who)
    async with tenant_transaction(commission.ente.id) as scope:
        assert (await panel.readiness(scope, commission.call_id)).ready


async def test_that_a_third_is_asked_for_is_told_also_where_nobody_can_be_found(
    db: Database,
) -> None:
    commission, (far,) = await make_commission(2, applications=1)
    await give_all(commission, {far.id: [(20, 10), (2, 1)]})
    async with tenant_transaction(commission.ente.id) as scope:
        told = await scope.fetchval(
            "SELECT count(*) FROM audit_log WHERE action = $1 AND subject_id = $2",
            "evaluation.third_asked",
            far.id,
        )
    assert told == 1


async def test_two_who_submit_at_once_and_differ_are_followed_by_one_third(db: Database) -> None:
    commission, (application,) = await make_commission(4, applications=1)
    both = [await mine_of(commission, application, ordinal) for ordinal in (1, 2)]
    for (evaluation_id, who), points in zip(both, ((20, 10), (10, 5)), strict=True):
        await declare(commission, evaluation_id, who)
        await save(commission, evaluation_id, who, points, 2)
    answers = await asyncio.gather(
        *(submit(commission, evaluation_id, who, 3) for evaluation_id, who in both)
    )
    assert answers == [True, True]
    assert set(await evaluations_of(commission.ente, application.id)) == {1, 2, 3}
    async with tenant_transaction(commission.ente.id) as scope:
        asked = await scope.fetchval(
            "SELECT count(*) FROM audit_log WHERE action = 'evaluation.third_asked'"
        )
    assert asked == 1


async def test_of_two_clicks_one_submits(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    await save(commission, evaluation_id, who, (20, 10), 2)
    answers = await asyncio.gather(
        *(submit(commission, evaluation_id, who, 3) for _click in range(2)), return_exceptions=True
    )
    assert sorted(str(one) for one in answers) == ["True", "evaluation-over"]


async def test_points_wait_for_an_answer_that_may_still_come(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    await save(commission, evaluation_id, who, (20, 10), 2)
    async with tenant_transaction(commission.ente.id) as scope:
        completion_id = await ask_completion(
            scope, commission.admin.actor, application.id, "Manca la firma.", today()
        )
    with pytest.raises(evaluate.CompletionAwaited):
        await submit(commission, evaluation_id, who, 3)
    async with tenant_transaction(commission.ente.id) as scope:
        await answer_completion(scope, application.id, completion_id, "Eccola.")
    assert await submit(commission, evaluation_id, who, 3)


async def test_a_term_that_is_over_holds_up_no_points(db: Database) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    evaluation_id, who = await mine_of(commission, application)
    await declare(commission, evaluation_id, who)
    await save(commission, evaluation_id, who, (20, 10), 2)
    async with tenant_transaction(commission.ente.id) as scope:
        await ask_completion(scope, commission.admin.actor, application.id, "Manca.", today())
    with clock.moved(timedelta(days=2)):
        assert await submit(commission, evaluation_id, who, 3)
