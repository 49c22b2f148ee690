"""Which lenders fit, and why: every rule is said, also those that cannot be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from hub.referrals.offers.eligibility import (
    USUAL_ANSWER_DAYS,
    Request,
    Service,
    Verdict,
    age_on,
    judge,
)

ASKED = Request("enterprise_loan", 2_500_000, "15")
LENDER = UUID(int=1)
SERVICE = Service(
    LENDER, "Banca", "enterprise_loan", "Impresa", frozenset({"15"}), 500_000, 7_500_000, 8
)


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {finding.rule: finding.outcome for finding in verdict.findings}


def test_all_rules_pass() -> None:
    (verdict,) = judge(ASKED, [SERVICE], uuid4())
    assert verdict.fits
    assert verdict.answer_days == 8
    rules = dict.fromkeys(("kind", "region", "smallest", "largest", "beneficiaries"), "passed")
    assert outcomes(verdict) == {**rules, "capacity": "unknown"}


@pytest.mark.parametrize(
    ("service", "rule"),
    [
        (replace(SERVICE, kind="social_loan"), "kind"),
        (replace(SERVICE, regions=frozenset({"16"})), "region"),
        (replace(SERVICE, min_amount_cents=2_500_001), "smallest"),
        (replace(SERVICE, max_amount_cents=2_499_999), "largest"),
    ],
)
def test_each_rule_fails_alone(service: Service, rule: str) -> None:
    (verdict,) = judge(ASKED, [service], uuid4())
    assert not verdict.fits
    assert [name for name, outcome in outcomes(verdict).items() if outcome == "failed"] == [rule]


def test_limits_themselves_fit() -> None:
    exact = replace(SERVICE, min_amount_cents=2_500_000, max_amount_cents=2_500_000)
    (verdict,) = judge(ASKED, [exact], uuid4())
    assert verdict.fits


def test_what_is_not_stated_is_unknown_and_stops_nobody() -> None:
    open_ended = replace(SERVICE, min_amount_cents=None, max_amount_cents=None, answer_days=None)
    (verdict,) = judge(ASKED, [open_ended], uuid4())
    assert verdict.fits
    assert outcomes(verdict)["largest"] == "unknown"
    assert verdict.answer_days == USUAL_ANSWER_DAYS


def test_a_lender_is_judged_by_its_closest_service() -> None:
    far = replace(SERVICE, name="Sociale", kind="social_loan", regions=frozenset())
    (verdict,) = judge(ASKED, [far, SERVICE], uuid4())
    assert (verdict.service_name, verdict.fits) == ("Impresa", True)


def test_the_order_is_drawn_by_lot_and_stays() -> None:
    services = [replace(SERVICE, lender_id=UUID(int=n), lender_name=f"L{n}") for n in range(6)]
    unfit = replace(SERVICE, lender_id=UUID(int=9), kind="social_loan")
    orders = set()
    for case in range(20):
        lot = UUID(int=case)
        verdicts = judge(ASKED, [unfit, *services], lot)
        assert verdicts == judge(ASKED, [*reversed(services), unfit], lot)
        assert verdicts[-1].lender_id == unfit.lender_id
        orders.add(tuple(one.lender_id for one in verdicts))
    first = {order[0] for order in orders}
    assert len(orders) > 10
    assert len(first) > 3


@pytest.mark.parametrize(
    ("groups", "age", "outcome"),
    [
        (("young",), 34, "passed"),
        (("young",), 35, "failed"),
        (("over_50",), 51, "passed"),
        (("over_50",), 50, "failed"),
        (("young", "over_50"), 40, "failed"),
        (("young", "women"), 40, "unknown"),
        (("young", "women"), 30, "passed"),
        (("migrants",), 30, "unknown"),
        (("young",), None, "unknown"),
        ((), None, "passed"),
    ],
)
def test_for_whom_a_service_is(groups: tuple[str, ...], age: int | None, outcome: str) -> None:
    """What the case does not know, it cannot exclude."""
    service = replace(SERVICE, beneficiaries=groups)
    (verdict,) = judge(replace(ASKED, age=age), [service], uuid4())
    assert outcomes(verdict)["beneficiaries"] == outcome
    assert verdict.fits == (outcome != "failed")


@pytest.mark.parametrize(
    ("taken", "outcome"), [(0, "passed"), (4, "passed"), (5, "warned"), (9, "warned")]
)
def test_a_capacity_that_is_reached_warns_and_stops_nobody(taken: int, outcome: str) -> None:
    service = replace(SERVICE, capacity=5)
    counts = {
        (LENDER, "enterprise_loan"): taken,
        (LENDER, "social_loan"): 9,
        (UUID(int=2), "enterprise_loan"): 9,
    }
    (verdict,) = judge(ASKED, [service], uuid4(), counts)
    assert outcomes(verdict)["capacity"] == outcome
    assert verdict.fits


@pytest.mark.parametrize(
    ("taken", "outcome"), [(4, "passed"), (5, "passed"), (9, "passed"), (10, "warned")]
)
def test_two_services_of_a_kind_share_what_the_lender_takes_on(taken: int, outcome: str) -> None:
    """Cases are counted by kind, and none says by which service it comes."""
    first, second = (replace(SERVICE, name=name, capacity=5) for name in ("Prima", "Seconda"))
    social = replace(SERVICE, kind="social_loan", capacity=90)
    others = replace(SERVICE, lender_id=UUID(int=2), capacity=90)
    offered = [first, social, second, others]
    counts = {(LENDER, "enterprise_loan"): taken}
    (verdict,) = [one for one in judge(ASKED, offered, uuid4(), counts) if one.lender_id == LENDER]
    assert outcomes(verdict)["capacity"] == outcome
    (a_month,) = [one.a_month for one in verdict.findings if one.rule == "capacity"]
    assert a_month == 10


def test_where_one_service_of_a_kind_states_no_capacity_nothing_is_known() -> None:
    full = replace(SERVICE, name="Piena", capacity=1)
    (verdict,) = judge(ASKED, [full, SERVICE], uuid4(), {(LENDER, "enterprise_loan"): 1})
    assert outcomes(verdict)["capacity"] == "unknown"


@pytest.mark.parametrize(
    ("day", "age"), [((2026, 2, 27), 34), ((2026, 2, 28), 34), ((2026, 3, 1), 35)]
)
def test_a_birthday_makes_older(day: tuple[int, int, int], age: int) -> None:
    assert age_on(date(*day), date(1991, 3, 1)) == age
