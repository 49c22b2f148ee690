"""Turns: between tenants first, then between a tenant's campaigns."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.newsletter.delivery.rota import Rota

ANNA, BRUNO, CARLA = (UUID(int=number) for number in (1, 2, 3))
CAMPAIGN = [UUID(int=10 + number) for number in range(6)]


def turns(rota: Rota, count: int) -> list[UUID]:
    """The campaigns whose turn it is."""
    found = [rota.next() for _ in range(count)]
    assert None not in found
    return [turn[1] for turn in found if turn]


def test_nobody_is_waiting() -> None:
    rota = Rota()
    assert not rota
    assert rota.next() is None
    assert list(rota) == []


def test_a_tenant_with_more_campaigns_has_no_more_turns() -> None:
    one, two, three, other, *_ = CAMPAIGN
    rota = Rota()
    rota.update([(ANNA, one), (ANNA, two), (ANNA, three), (BRUNO, other)])
    assert turns(rota, 8) == [one, other, two, other, three, other, one, other]


def test_those_that_stay_keep_their_places() -> None:
    one, two, other, late, *_ = CAMPAIGN
    due = [(ANNA, one), (ANNA, two), (BRUNO, other)]
    rota = Rota()
    rota.update(due)
    assert turns(rota, 1) == [one]
    for _ in range(3):
        rota.update(due)
    assert turns(rota, 2) == [other, two], "an update gives nobody another turn"
    rota.update([(CARLA, late), *due])
    assert turns(rota, 3) == [other, one, late], "who is new comes last"


def test_whoever_has_nothing_left_goes() -> None:
    one, two, other, *_ = CAMPAIGN
    rota = Rota()
    rota.update([(ANNA, one), (ANNA, two), (BRUNO, other)])
    rota.drop(ANNA, one)
    rota.drop(ANNA, one)
    rota.drop(CARLA, one)
    assert list(rota) == [(ANNA, two), (BRUNO, other)]
    rota.drop(ANNA, two)
    assert turns(rota, 2) == [other, other]
    rota.update([])
    assert not rota


def test_a_campaign_that_came_back_is_new() -> None:
    one, two, *_ = CAMPAIGN
    rota = Rota()
    rota.update([(ANNA, one), (ANNA, two)])
    rota.drop(ANNA, one)
    rota.update([(ANNA, one), (ANNA, two)])
    assert turns(rota, 2) == [two, one]


def test_whoever_may_not_send_now_keeps_its_place() -> None:
    """What comes in by and by goes to each in turn, not always to the one that was looked up first."""
    one, two, other, *_ = CAMPAIGN
    due = [(ANNA, one), (ANNA, two), (BRUNO, other)]
    rota = Rota()
    served = []
    for _ in range(6):
        rota.update(due)
        # Each look there is enough for one.
        served += turns(rota, 1)
        while turn := rota.next():
            rota.rest(*turn)
        assert rota, "they have something to send all the same"
    assert served == [one, other, two, other, one, other]


@given(
    st.lists(st.tuples(st.sampled_from([ANNA, BRUNO, CARLA]), st.sampled_from(CAMPAIGN)), unique=True, min_size=1),
    st.integers(1, 60),
    st.booleans(),
)  # fmt: skip
def test_turns_are_fair(due: list[tuple[UUID, UUID]], count: int, updated: bool) -> None:
    """However many are waiting, and however often the list is looked at again in between."""
    rota = Rota()
    rota.update(due)
    by_tenant: Counter[UUID] = Counter(dict.fromkeys({tenant for tenant, _ in due}, 0))
    by_campaign: Counter[tuple[UUID, UUID]] = Counter(dict.fromkeys(due, 0))
    for _ in range(count):
        turn = rota.next()
        assert turn is not None
        assert turn in by_campaign
        by_tenant[turn[0]] += 1
        by_campaign[turn] += 1
        if updated:
            rota.update(due)
    assert max(by_tenant.values()) - min(by_tenant.values()) <= 1
    for tenant in by_tenant:
        of_tenant = [turns for (owner, _), turns in by_campaign.items() if owner == tenant]
        assert max(of_tenant) - min(of_tenant) <= 1
