from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hub import clock
from hub.ids import made_at, parse_uuid, uuid7


def test_now_is_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    present = clock.now()
    assert before <= present <= datetime.now(UTC)
    assert present.utcoffset() == timedelta(0)


def test_a_moved_clock_moves_back_even_after_a_failure() -> None:
    def fail_in_two_days() -> None:
        with clock.moved(timedelta(days=3)), clock.moved(timedelta(days=-1)):
            assert timedelta(days=1.9) < clock.now() - datetime.now(UTC) < timedelta(days=2.1)
            raise LookupError

    with pytest.raises(LookupError):
        fail_in_two_days()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_ids_are_version_7_and_name_their_millisecond() -> None:
    made = uuid7()
    stamp = made_at(made)
    assert stamp is not None
    assert made_at(uuid4()) is None
    assert made.version == 7
    assert made.variant == UUID(int=0x8 << 60).variant
    assert abs(stamp - datetime.now(UTC)) < timedelta(seconds=1)


def test_later_ids_are_greater() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    "spelling",
    [
        "",
        "7",
        "not-a-uuid",
        "{0191c1a0-0000-7000-8000-00000000000a}",
        "urn:uuid:0191c1a0-0000-7000-8000-00000000000a",
        "0191c1a000007000800000000000000a",
        "0191C1A0-0000-7000-8000-00000000000A",
        "0191c1a0-0000-7000-8000-00000000000a ",
        "0191c1a0-0000-7000-8000-00000000000\u0661",
    ],
)
def test_only_the_canonical_spelling_of_an_id_is_read(spelling: str) -> None:
    assert parse_uuid(spelling) is None


def test_an_id_is_read_back() -> None:
    made = uuid7()
    assert parse_uuid(str(made)) == made
