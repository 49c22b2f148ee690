"""Case numbers: said on the phone, typed from a slip of paper, wrong in every way a digit can be wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hub.referrals.cases.number import WrongNumber, case_number, read_case_number

SERIALS = (10_000, 10_001, 104_227, 999_999, 1_234_567, 98_765_432)


def test_looks_like_a_number_one_can_say() -> None:
    assert case_number(104_227) == "104-2272"
    assert case_number(10_000) == "10-0009"


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("spelt", ["{}", " {} ", "n{}"])
def test_is_read_as_it_is_written(serial: int, spelt: str) -> None:
    number = case_number(serial)
    if spelt == "n{}":
        assert read_case_number(spelt.format(number)) is None
    else:
        assert read_case_number(spelt.format(number)) == number


@pytest.mark.parametrize("typed", ["1042272", "104 2272", "104\N{EN DASH}2272", "1-0-4-2272"])
def test_hyphens_do_not_matter(typed: str) -> None:
    assert read_case_number(typed) == "104-2272"


@pytest.mark.parametrize("serial", SERIALS)
def test_every_single_wrong_digit_is_found(serial: int) -> None:
    digits = case_number(serial).replace("-", "")
    for place, right in enumerate(digits):
        for digit in set("0123456789") - {right}:
            with pytest.raises(WrongNumber):
                read_case_number(digits[:place] + digit + digits[place + 1 :])


@pytest.mark.parametrize("serial", SERIALS)
def test_every_swap_of_neighbours_is_found(serial: int) -> None:
    digits = case_number(serial).replace("-", "")
    for place, (one, two) in enumerate(pairwise(digits)):
        if one != two:
            with pytest.raises(WrongNumber):
                read_case_number(digits[:place] + two + one + digits[place + 2 :])


@pytest.mark.parametrize(
    "typed", ["", "Rossi", "12345", "1234567890123", "\u0661\u0662\u0663\u0664\u0665\u0666"]
)
def test_other_things_are_no_numbers(typed: str) -> None:
    assert read_case_number(typed) is None
