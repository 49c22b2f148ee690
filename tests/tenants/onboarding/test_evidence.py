"""What the rows prove: each rule of the checklist by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.ids import uuid7
from hub.tenants.onboarding import schemas
from hub.tenants.onboarding.evidence import Evidence, Progress, progress_of, state_after
from hub.tenants.onboarding.schemas import POINTS, points_of

STARTED = datetime(2026, 11, 1, 9, tzinfo=UTC)


def progress(code: str, *kinds: str, **known: Any) -> tuple[int, int]:
    evidence = Evidence(
        setup_id=uuid7(),
        tenant_id=uuid7(),
        setup_state="running",
        kinds=kinds or ("host",),
        started_at=STARTED,
        **known,
    )
    return progress_of(code, evidence)


@pytest.mark.parametrize("kind", ["host", "lender", "tutor"])
def test_with_nothing_nothing_is_done(kind: str) -> None:
    for code in points_of([kind]):
        have, want = progress(code, kind)
        assert (have, want > 0) == (0, True), code


def test_a_protocol_for_each_kind() -> None:
    assert progress(schemas.PROTOCOL_SIGNED, "host", "lender", signed_kinds=("lender",)) == (1, 2)
    assert progress(schemas.PROTOCOL_SIGNED, "host", signed_kinds=("lender",)) == (0, 1)


def test_an_administrator_who_is_there_or_invited() -> None:
    assert progress(schemas.ADMINISTRATOR_INVITED, admins=2, admins_invited=1) == (1, 1)
    assert progress(schemas.ADMINISTRATOR_INVITED, admins_invited=1) == (1, 1)


def test_an_operator_for_each_desk_of_a_host_and_one_of_others() -> None:
    some = {"operators": 1, "operators_invited": 1}
    assert progress(schemas.OPERATORS_INVITED, desks=3, **some) == (2, 3)
    assert progress(schemas.OPERATORS_INVITED, "lender", desks=3, **some) == (1, 1)


def test_training_of_every_active_operator() -> None:
    assert progress(schemas.TRAINING_COMPLETED) == (0, 1)
    assert progress(schemas.TRAINING_COMPLETED, operators=3, operators_trained=2) == (2, 3)


def test_every_desk_is_complete() -> None:
    assert progress(schemas.DESKS_COMPLETE, desks=2, desks_complete=1) == (1, 2)
    assert progress(schemas.DESKS_COMPLETE, desks=0) == (0, 1)


def test_services_of_each_kind() -> None:
    assert progress(schemas.SERVICES_STATED, desks=2, desks_serving=2) == (2, 2)
    assert progress(schemas.SERVICES_STATED, "lender", service_kinds=("tutoring",)) == (0, 1)
    assert progress(
        schemas.SERVICES_STATED,
        "host",
        "lender",
        "tutor",
        desks=1,
        desks_serving=1,
        service_kinds=("tutoring",),
    ) == (2, 3)


def test_registers_of_lenders_and_tutors() -> None:
    assert progress(schemas.REGISTER_STATED, "lender", tutor_register=True) == (0, 1)
    assert progress(schemas.REGISTER_STATED, "lender", "tutor", lender_register=True) == (1, 2)


def test_a_test_referral_of_another_set_up_does_not_count() -> None:
    late, early = STARTED + timedelta(days=1), STARTED - timedelta(days=1)
    assert progress(schemas.TEST_REFERRAL_ANSWERED, test_answered_at=late) == (1, 1)
    assert progress(schemas.TEST_REFERRAL_ANSWERED, test_answered_at=early) == (0, 1)


@pytest.mark.parametrize(
    ("before", "have", "after"),
    [
        ("open", 0, "open"),
        ("open", 1, "done"),
        ("done", 1, "done"),
        ("done", 0, "undone"),
        ("undone", 0, "undone"),
        ("undone", 1, "done"),
    ],
)
def test_what_was_done_comes_undone(before: str, have: int, after: str) -> None:
    assert state_after(before, Progress(have, 1)) == after


def test_every_point_has_a_rule_a_name_and_a_day() -> None:
    assert set(points_of(["host", "lender", "tutor"])) == set(POINTS) == set(schemas.DUE_DAYS)
    assert [code for code in POINTS if code in points_of(["tutor"])] == points_of(["tutor"])
