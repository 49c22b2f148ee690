"""The one statement that ranks, against the rules in plain Python: ties, thirds, quotas, the minimum."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection import queries, ranked
from hub.tenants.calls.selection.points import apart, total_of
from tests.factories import CAMPANIA, make_membership
from tests.support.databases import Database, connected
from tests.tenants.calls.making import make_call, make_ente
from tests.tenants.calls.selection.making import Sample, pour, total
from tests.tenants.calls.selection.reference import Line, ranking

CALABRIA, PUGLIA = "18", "16"
QUOTAS = {CAMPANIA: 2, CALABRIA: 1}
LIMIT, MINIMUM = 20, 60
# As `make_call` writes them: 20 points of weight 60, 10 of weight 40.
MOST = (20, 10)


class Stand:
    """One call, in which sample after sample is ranked."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def set_up(self) -> None:
        self.ente, self.admin = await make_ente()
        self.people = [(await make_membership(self.ente, "viewer")).membership_id for _ in range(3)]
        self.call_id = await make_call(
            self.ente, state="evaluating", regions=(CAMPANIA, CALABRIA, PUGLIA), places=None
        )
        async with tenant_transaction(self.ente.id) as scope:
            for region, places in QUOTAS.items():
                await scope.execute(
                    "INSERT INTO call_quotas (id, tenant_id, call_id, region_code, places)"
                    " VALUES ($1, $2, $3, $4, $5)",
                    uuid7(),
                    self.ente.id,
                    self.call_id,
                    region,
                    places,
                )
            self.criteria = await queries.criteria(scope, self.call_id)

    async def rank(self, samples: list[Sample]) -> dict[UUID, Line]:
        async with connected(self.database.superuser_url) as superuser:
            await superuser.execute("SET session_replication_role = replica")
            for table in (
                "ranking_entries",
                "rankings",
                "evaluation_scores",
                "evaluations",
                "applications",
            ):
                await superuser.execute(f"DELETE FROM {table} WHERE tenant_id = $1", self.ente.id)
            await pour(superuser, self.ente, self.call_id, self.people, self.criteria, samples)
        async with tenant_transaction(self.ente.id) as scope:
            call = await queries.selection(scope, self.call_id)
            assert call is not None
            ranking_id = await ranked.insert_ranking(scope, self.call_id, self.admin.membership_id)
            count = await ranked.rank(scope, ranking_id, call)
            assert count == len(samples)
            rows = await scope.fetch(
                "SELECT application_id, position, score, outcome, reason FROM ranking_entries"
                " WHERE ranking_id = $1",
                ranking_id,
            )
        return {
            row[0]: Line(row[1], None if row[2] is None else Fraction(row[2]), row[3], row[4])
            for row in rows
        }


@pytest.fixture
async def stand(db: Database) -> Stand:
    made = Stand(db)
    await made.set_up()
    return made


@pytest.fixture(scope="module")
def criteria() -> list[Criterion]:
    return [
        Criterion(uuid7(), position, "", "", most, weight)
        for position, (most, weight) in enumerate(zip(MOST, (60, 40), strict=True), 1)
    ]


# Few different points, so that ties are frequent; whole ones of 6 and 8 tie across the criteria, too.
POINTS = st.tuples(st.sampled_from([8, 12, 14, 15, 16, 20]), st.sampled_from([4, 6, 7, 8, 10]))


@st.composite
def samples(draw: st.DrawFn, criteria: list[Criterion]) -> list[Sample]:
    numbers = draw(st.lists(st.integers(1, 500), max_size=14, unique=True))
    found = []
    for number in numbers:
        region = draw(st.sampled_from([CAMPANIA, CALABRIA, PUGLIA]))
        if draw(st.integers(0, 9)) == 0:
            found.append(Sample(number, region, excluded="incomplete"))
            continue
        first, second = draw(POINTS), draw(POINTS)
        given = [first, second]
        if apart(total(criteria, first), total(criteria, second), LIMIT):
            given.append(draw(POINTS))
        found.append(Sample(number, region, tuple(given)))
    return found


async def test_the_statement_ranks_as_the_rules_say(
    stand: Stand, criteria: list[Criterion]
) -> None:
    loop = asyncio.get_running_loop()

    @settings(derandomize=True, deadline=None, database=None, max_examples=60)
    @given(samples(criteria))
    def check(drawn: list[Sample]) -> None:
        found = asyncio.run_coroutine_threadsafe(stand.rank(drawn), loop).result(30)
        assert found == ranking(drawn, criteria, QUOTAS, MINIMUM)

    # Hypothesis wants a plain function: it draws in a thread, and the statements run in this loop.
    await asyncio.to_thread(check)


async def test_of_three_the_two_nearest_count_and_of_equally_near_ones_the_higher(
    stand: Stand,
) -> None:
    near = Sample(1, points=((20, 10), (14, 7), (17, 8)))
    assert [total(stand.criteria, one) for one in near.points] == [100, 70, 83]
    even = Sample(2, points=((20, 10), (12, 6), (16, 8)))
    assert [total(stand.criteria, one) for one in even.points] == [100, 60, 80]
    found = await stand.rank([near, even])
    assert found[near.id].score == Fraction(70 + 83, 2)
    assert found[even.id].score == Fraction(100 + 80, 2)


async def test_ties_go_by_the_criteria_in_their_order_then_by_protocol_number(
    stand: Stand,
) -> None:
    # 80 each: by 16 and 8, and by 20 and 5; the first criterion decides.
    balanced, practised = Sample(1, points=((16, 8),) * 2), Sample(2, points=((20, 5),) * 2)
    later = Sample(3, points=((20, 5),) * 2)
    found = await stand.rank([balanced, later, practised])
    assert [found[one.id].position for one in (practised, later, balanced)] == [1, 2, 3]
    assert [found[one.id].outcome for one in (practised, later, balanced)] == [
        "admitted",
        "admitted",
        "reserve",
    ]


async def test_a_region_without_a_quota_has_reserves_only(stand: Stand) -> None:
    lonely = Sample(1, PUGLIA, points=((20, 10),) * 2)
    assert (await stand.rank([lonely]))[lonely.id].outcome == "reserve"


async def test_exactly_the_minimum_is_enough(stand: Stand) -> None:
    enough = Sample(1, points=((12, 6),) * 2)
    assert total(stand.criteria, (12, 6)) == MINIMUM
    below = Sample(2, points=((12, 6), (11, 6)))
    found = await stand.rank([enough, below])
    assert found[enough.id].outcome == "admitted"
    assert (found[below.id].outcome, found[below.id].reason) == ("excluded", "below_minimum")


async def test_no_ranking_is_written_beside_missing_evaluations(stand: Stand) -> None:
    alone = Sample(1, points=((12, 6),))
    with pytest.raises(asyncpg.CheckViolationError):
        await stand.rank([alone])
    third_missing = Sample(2, points=((20, 10), (12, 6)))
    with pytest.raises(asyncpg.CheckViolationError):
        await stand.rank([third_missing])


@pytest.mark.parametrize(
    ("points", "most", "weights", "expected"),
    [
        ((1, 2), (3, 3), (50, 50), "50.00"),
        ((1, 1), (3, 7), (50, 50), "23.81"),
        ((1,), (80,), (1,), "0.01"),
        ((1,), (200,), (1,), "0.01"),
        ((0, 0), (5, 5), (60, 40), "0.00"),
    ],
)
def test_a_total_is_exact_to_the_hundredth(
    points: tuple[int, ...], most: tuple[int, ...], weights: tuple[int, ...], expected: str
) -> None:
    criteria = [
        Criterion(uuid7(), place, "", "", limit, weight)
        for place, (limit, weight) in enumerate(zip(most, weights, strict=True))
    ]
    given = {one.id: number for one, number in zip(criteria, points, strict=True)}
    assert str(total_of(given, criteria)) == expected
