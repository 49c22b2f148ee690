"""Who evaluates what: two for each, evenly, nobody twice, nobody for the own administration."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.ids import uuid7
from hub.tenants.calls.close_call import close_call
from hub.tenants.calls.selection.assign import Place, administrations_of, assign, spread
from hub.tenants.calls.selection.commission import (
    SelectionOver,
    assign_again,
    name_evaluator,
    remove_evaluator,
)
from tests.factories import make_membership, make_tenant
from tests.support.databases import Database
from tests.tenants.calls.making import (
    DAY,
    make_application,
    make_call,
    make_ente,
    set_database_clock,
)
from tests.tenants.calls.selection.making import (
    Commission,
    evaluations_of,
    give,
    make_commission,
    set_state,
)


async def loads(commission: Commission) -> Counter[UUID]:
    async with tenant_transaction(commission.ente.id) as scope:
        rows = await scope.fetch(
            "SELECT membership_id, count(*) FROM evaluations WHERE call_id = $1 AND state <> 'recused'"
            " GROUP BY membership_id",
            commission.call_id,
        )
    return Counter({row[0]: row[1] for row in rows})


async def assigned(commission: Commission) -> tuple[int, int]:
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        found = await assign(scope, commission.call_id, administrations)
    return found.given, found.lacking


async def employ(person: UUID, code: str) -> None:
    """Make the account a member of an administration with that fiscal code."""
    administration = await make_tenant("host")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET fiscal_code = $2 WHERE id = $1", administration.id, code
        )
        await scope.execute(
            "INSERT INTO memberships (id, tenant_id, account_id, role, name, created_at)"
            " VALUES ($1, $2, $3, 'viewer', 'Anna', $4)",
            uuid7(),
            administration.id,
            person,
            scope.now,
        )


async def test_each_application_gets_two_and_everybody_as_many(db: Database) -> None:
    commission, applications = await make_commission(3, applications=6)
    for application in applications:
        found = await evaluations_of(commission.ente, application.id)
        assert set(found) == {1, 2}
        assert len({one[1] for one in found.values()}) == 2
    assert set((await loads(commission)).values()) == {4}


async def test_closing_a_call_gives_everything_out(own_database: Database) -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente)
    application = await make_application(ente, call_id)
    administrations = await administrations_of(ente.id)
    for _person in range(2):
        person = await make_membership(ente, "viewer")
        administrations = await administrations_of(ente.id)
        async with tenant_transaction(ente.id) as scope:
            await name_evaluator(scope, admin.actor, call_id, person.membership_id, administrations)
    assert await evaluations_of(ente, application.id) == {}, "not before it is closed"
    await set_database_clock(own_database, clock.now() + 2 * DAY)
    async with tenant_transaction(ente.id) as scope:
        await close_call(scope, admin.actor, call_id, administrations, uuid7())
    assert set(await evaluations_of(ente, application.id)) == {1, 2}


async def test_assigning_again_changes_nothing(db: Database) -> None:
    commission, _applications = await make_commission(3, applications=2)
    before = await loads(commission)
    assert await assigned(commission) == (0, 0)
    assert await loads(commission) == before


async def test_without_enough_people_the_rest_waits_for_a_further_evaluator(db: Database) -> None:
    commission, (application,) = await make_commission(1, applications=1)
    assert await assigned(commission) == (0, 1)
    person = await make_membership(commission.ente, "viewer")
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        await name_evaluator(
            scope,
            commission.admin.actor,
            commission.call_id,
            person.membership_id,
            administrations,
        )
    found = await evaluations_of(commission.ente, application.id)
    assert found[2][1] == person.membership_id


async def test_nobody_evaluates_the_own_administration(db: Database) -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente)
    application = await make_application(ente, call_id, code="00514490010")
    people = [await make_membership(ente, "viewer") for _ in range(3)]
    await employ(people[0].account_id, " 00514490010")
    administrations = await administrations_of(ente.id)
    async with tenant_transaction(ente.id) as scope:
        for person in people:
            await name_evaluator(scope, admin.actor, call_id, person.membership_id, administrations)
        await set_state(scope, call_id, "evaluating")
        await assign(scope, call_id, administrations)
    found = await evaluations_of(ente, application.id)
    assert {one[1] for one in found.values()} == {one.membership_id for one in people[1:]}


async def test_whoever_the_network_does_not_know_gets_nothing(db: Database) -> None:
    """A membership that ended between the two transactions."""
    commission, _applications = await make_commission(2)
    await make_application_late(commission)
    async with tenant_transaction(commission.ente.id) as scope:
        found = await assign(scope, commission.call_id, {})
    assert (found.given, found.lacking) == (0, 2)


async def make_application_late(commission: Commission) -> UUID:
    async with tenant_transaction(commission.ente.id) as scope:
        await set_state(scope, commission.call_id, "published")
    application = await make_application(commission.ente, commission.call_id)
    async with tenant_transaction(commission.ente.id) as scope:
        await set_state(scope, commission.call_id, "evaluating")
    return application.id


async def remove(commission: Commission, membership_id: UUID) -> None:
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        evaluator_id = await scope.fetchval(
            "SELECT id FROM call_evaluators WHERE call_id = $1 AND membership_id = $2",
            commission.call_id,
            membership_id,
        )
        await remove_evaluator(
            scope, commission.admin.actor, commission.call_id, evaluator_id, administrations
        )


async def test_removing_one_hands_on_what_is_not_given_and_keeps_what_is(db: Database) -> None:
    commission, (first, second) = await make_commission(2, applications=2)
    leaving, staying = commission.evaluators
    found = await evaluations_of(commission.ente, first.id)
    theirs = next(one for one in found.values() if one[1] == leaving.membership_id)
    assert await give(commission, theirs[0], leaving, (20, 10))
    further = await make_membership(commission.ente, "viewer")
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        await name_evaluator(
            scope,
            commission.admin.actor,
            commission.call_id,
            further.membership_id,
            administrations,
        )
    await remove(commission, leaving.membership_id)
    kept = await evaluations_of(commission.ente, first.id)
    assert {one[1] for one in kept.values()} == {leaving.membership_id, staying.membership_id}
    handed = await evaluations_of(commission.ente, second.id)
    assert {one[1] for one in handed.values()} == {further.membership_id, staying.membership_id}
    with pytest.raises(NotFound):
        await remove(commission, leaving.membership_id)


async def test_only_active_members_of_the_ente_are_named(db: Database) -> None:
    commission, _applications = await make_commission(2)
    stranger = await make_membership(await make_tenant("coordinator"), "viewer")
    administrations = await administrations_of(commission.ente.id)
    with pytest.raises(NotFound):
        async with tenant_transaction(commission.ente.id) as scope:
            await name_evaluator(
                scope,
                commission.admin.actor,
                commission.call_id,
                stranger.membership_id,
                administrations,
            )


async def test_nothing_changes_once_a_ranking_is_proposed(db: Database) -> None:
    commission, _applications = await make_commission(2)
    async with tenant_transaction(commission.ente.id) as scope:
        await set_state(scope, commission.call_id, "proposed")
    with pytest.raises(SelectionOver):
        await remove(commission, commission.evaluators[0].membership_id)


async def test_giving_out_again_is_told_in_numbers(db: Database) -> None:
    commission, _applications = await make_commission(2)
    await make_application_late(commission)
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        found = await assign_again(
            scope, commission.admin.actor, commission.call_id, administrations
        )
    assert (found.given, found.lacking) == (2, 0)


@settings(derandomize=True, deadline=None, database=None)
@given(
    st.integers(0, 6),
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 11)), max_size=8),
)
def test_it_is_spread_evenly_as_far_as_conflicts_allow(
    evaluators: int, applications: int, conflicts: list[tuple[int, int]]
) -> None:
    people = [UUID(int=number + 1) for number in range(evaluators)]
    own = {who: frozenset[str]({"ente"}) for who in people}
    for number, application_number in conflicts:
        if number < evaluators:
            own[people[number]] |= {str(application_number)}
    ids = [UUID(int=1000 + number) for number in range(applications)]
    places = [
        Place(application, ordinal, frozenset({str(number)}), frozenset())
        for number, application in enumerate(ids)
        for ordinal in (1, 2)
    ]
    given_out = spread(places, dict.fromkeys(people, 0), own)
    assert len(set(given_out)) == len(given_out)
    pairs = [(application, who) for application, _ordinal, who in given_out]
    assert len(set(pairs)) == len(pairs), "nobody gets an application twice"
    for number, application in enumerate(ids):
        able = [who for who in people if str(number) not in own[who]]
        got = [who for one, who in pairs if one == application]
        assert set(got) <= set(able)
        assert len(got) == min(2, len(able))
    if not conflicts and evaluators >= 2:
        counts = Counter(who for _application, who in pairs)
        assert max(counts.values(), default=0) - min(counts[who] for who in people) <= 1
