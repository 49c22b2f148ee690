"""Who is alive: by beats that others have seen, never by a clock."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from hub.db import relay_transaction
from hub.ids import uuid7
from hub.newsletter.delivery import holders
from hub.newsletter.delivery.holders import BEAT, DEAD, TRUSTED, Watch

LIVELY, STILL = UUID(int=1), UUID(int=2)
SOON = int(DEAD / BEAT)


def test_a_worker_stops_before_it_is_taken_for_dead() -> None:
    """With room for a look that comes late on either side."""
    assert TRUSTED + 3 * BEAT < DEAD


def test_one_that_stands_still_is_gone_after_a_while() -> None:
    watch = Watch()
    for look in range(SOON):
        workers = [(LIVELY, look, False), (STILL, 7, False)]
        assert watch.gone(look * BEAT, workers) == [], look
    assert watch.gone(SOON * BEAT, [(LIVELY, SOON, False), (STILL, 7, False)]) == [(STILL, 7)]


def test_a_beat_at_the_last_moment_counts() -> None:
    watch = Watch()
    for look in range(SOON):
        watch.gone(look * BEAT, [(STILL, 7, False)])
    assert watch.gone(SOON * BEAT, [(STILL, 8, False)]) == []
    for look in range(SOON + 1, 2 * SOON):
        assert watch.gone(look * BEAT, [(STILL, 8, False)]) == [], "from the beginning again"


def test_looks_that_lie_far_apart_prove_nothing() -> None:
    """The database was away, or this machine slept: so may the others."""
    watch = Watch()
    for look in range(50):
        assert watch.gone(look * 1000.0, [(STILL, 7, False)]) == []
    began = 50_000.0
    assert watch.gone(began, [(STILL, 7, False)]) == []
    for look in range(1, SOON):
        assert watch.gone(began + look * BEAT, [(STILL, 7, False)]) == []
    assert watch.gone(began + SOON * BEAT, [(STILL, 7, False)]) == [(STILL, 7)]


def test_one_that_ended_without_settling_needs_no_watching() -> None:
    assert Watch().gone(0.0, [(LIVELY, 1, False), (STILL, 7, True)]) == [(STILL, 7)]


def test_one_that_went_and_came_is_new() -> None:
    watch = Watch()
    for look in range(SOON):
        watch.gone(look * BEAT, [(STILL, 7, False)])
    watch.gone(SOON * BEAT, [])
    assert watch.gone((SOON + 1) * BEAT, [(STILL, 7, False)]) == []


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(st.floats(0.01, 60), st.booleans()), max_size=60))
def test_gone_means_seen_standing_still(looks: list[tuple[float, bool]]) -> None:
    """Whatever the looks and the beats: only after DEAD seconds of standing still, seen in short looks."""
    watch, now, beat, still = Watch(), 0.0, 0, 0.0
    watch.gone(now, [(STILL, beat, False)])
    for pause, beats in looks:
        now, beat = now + pause, beat + beats
        seen = pause if pause <= 3 * BEAT else 0.0
        still = 0.0 if beats else still + seen
        gone = watch.gone(now, [(STILL, beat, False)])
        if still < DEAD - 0.001:
            assert gone == []
        if still > DEAD + 0.001:
            assert [worker for worker, _ in gone] == [STILL]


@pytest.mark.usefixtures("own_database")
async def test_a_worker_in_the_database() -> None:
    first, second = uuid7(), uuid7()
    async with relay_transaction() as scope:
        assert not await holders.raise_beat(scope, first), "it was never registered"
        for worker_id in (first, second):
            await holders.register(scope, worker_id, "host.test")
        assert await holders.raise_beat(scope, first)
        assert await holders.unsettled(scope) == [(first, 1, False), (second, 0, False)]
        await holders.end(scope, first)
        assert not await holders.raise_beat(scope, first), "given up: it must begin again"
        assert await holders.unsettled(scope) == [(first, 1, True), (second, 0, False)]
        await holders.mark_settled(scope, first)
        assert await holders.unsettled(scope) == [(second, 0, False)]
    with clock.moved(timedelta(days=8)):
        async with relay_transaction() as scope:
            await holders.end(scope, second)
            await holders.mark_settled(scope, second)
            left = await scope.fetch("SELECT id FROM mail_workers")
    assert [row["id"] for row in left] == [second], "what ended long ago is forgotten"
