"""One table of legal steps: the trigger, the diagram and the words for people come from it."""

from __future__ import annotations

import itertools

import asyncpg
import pytest

from hub.errors import Conflict
from hub.ids import uuid7
from hub.referrals import labels
from hub.referrals.course.timeline import OFFER_STEPS
from hub.referrals.routing.answering import _REFUSALS, Turn
from hub.referrals.routing.edges import OFFER_EDGES, REFERRAL_EDGES, WAITING, diagram, may_step
from hub.referrals.routing.queries import Answerable, LockedReferral
from tests.referrals.making import Network, draft
from tests.support.databases import Database, connected

STATES = sorted({state for edge in OFFER_EDGES for state in edge[:2]})


def test_every_state_has_its_words() -> None:
    assert set(STATES) == set(labels.OFFER_STATES)
    assert {state for edge in REFERRAL_EDGES for state in edge[:2]} <= set(labels.REFERRAL_STATES)
    assert set(labels.TONES) >= {*labels.OFFER_STATES, *labels.REFERRAL_STATES}


def test_whoever_comes_too_late_is_told_why() -> None:
    assert set(_REFUSALS) == set(STATES) - {"draft", *WAITING}
    assert set(OFFER_STEPS) == set(STATES) - {"draft", "offered"}


def test_a_state_that_came_later_is_refused_too() -> None:
    lender_id, referral_id, offer_id = uuid7(), uuid7(), uuid7()
    offer = Answerable(offer_id, lender_id, "expired", 10)
    referral = LockedReferral(referral_id, uuid7(), "open", desk_id=uuid7(), is_test=False)
    with pytest.raises(Conflict) as refusal:
        Turn(referral, offer, []).refuse_answered()
    assert refusal.value.code == "conflict"


def test_diagram_has_every_edge() -> None:
    drawn = diagram(OFFER_EDGES, "draft")
    assert drawn.startswith("stateDiagram-v2\n    [*] --> draft\n")
    for edge in OFFER_EDGES:
        assert f"    {edge.before} --> {edge.after}: {edge.by}\n" in drawn
    assert "superseded --> [*]" in drawn
    assert "offered --> [*]" not in drawn


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(STATES, 2)))
async def test_the_trigger_knows_the_same_steps(
    db: Database, network: Network, before: str, after: str
) -> None:
    """Asked as a superuser, whom no grant and no row security stops."""
    await draft(network)
    offer = "(SELECT id FROM offers WHERE tenant_id = $1 LIMIT 1)"
    async with connected(db.superuser_url) as superuser:
        own = network.operator.tenant.id
        await superuser.execute("SET session_replication_role = replica")  # no triggers
        await superuser.execute(f"UPDATE offers SET state = $2 WHERE id = {offer}", own, before)
        await superuser.execute("SET session_replication_role = origin")
        step = superuser.execute(f"UPDATE offers SET state = $2 WHERE id = {offer}", own, after)
        if may_step(OFFER_EDGES, before, after):
            await step
        else:
            with pytest.raises(asyncpg.CheckViolationError):
                await step
