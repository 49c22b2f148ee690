from __future__ import annotations

from datetime import date

import pytest

from hub.referrals.citizens.codice_fiscale import birth_date_of, is_born_on, masked
from tests.referrals.making import CODE


def test_mask_keeps_little() -> None:
    shown = masked(CODE)
    assert shown == "RSS" + "\N{BULLET}" * 11 + "9B"
    assert len(shown) == len(CODE)


def test_tells_the_birth_date() -> None:
    assert birth_date_of(CODE) == date(1985, 5, 17)


@pytest.mark.parametrize(
    ("day", "agrees"),
    [
        (date(1985, 5, 17), True),
        (date(1885, 5, 17), True),  # the code holds two digits of the year
        (date(1985, 5, 18), False),
        (date(1985, 6, 17), False),
        (date(1986, 5, 17), False),
    ],
)
def test_birth_date_agrees_or_not(day: date, agrees: bool) -> None:
    assert is_born_on(CODE, day) is agrees


def test_women_have_forty_days_more() -> None:
    assert is_born_on("RSSMRA85E57F839F", date(1985, 5, 17))
