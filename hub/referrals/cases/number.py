"""Case numbers that can be said on the phone: 104-2272, whose last digit is a check digit.

The check digit is Damm's (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004): it finds every single wrong
digit and every swap of two neighbours, and it is a digit, so that there is no letter to spell.
"""

import re

# A totally anti-symmetric quasigroup of order 10, from the thesis above.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_BEHIND_HYPHEN = 4
_SHORTEST, _LONGEST = 6, 12


class WrongNumber(ValueError):
    """What was typed has a case number's shape, and its check digit says that a digit is wrong."""


def case_number(serial: int) -> str:
    """The number of the `serial`-th case, as it is stored and shown."""
    digits = str(serial)
    return _with_hyphen(digits + _check_digit(digits))


def read_case_number(typed: str) -> str | None:
    """The number as it is stored, from what a person typed, with or without hyphen; None for what is no number.

    Raises WrongNumber where the check digit does not fit.
    """
    digits = re.sub(r"[\s.\u2010-\u2015/-]", "", typed)
    if not (digits.isascii() and digits.isdigit() and _SHORTEST <= len(digits) <= _LONGEST):
        return None
    if _check_digit(digits) != "0":
        raise WrongNumber
    return _with_hyphen(digits)


def _check_digit(digits: str) -> str:
    interim = "0"
    for digit in digits:
        interim = _DAMM[int(interim)][int(digit)]
    return interim


def _with_hyphen(digits: str) -> str:
    return f"{digits[:-_BEHIND_HYPHEN]}-{digits[-_BEHIND_HYPHEN:]}"
