"""What a codice fiscale says of a person, and how much of it is shown."""

from datetime import date

from codicefiscale import codicefiscale

_HIDDEN = "\N{BULLET}"


def masked(code: str) -> str:
    """The first three characters and the last two; enough to compare with a card, too little to use."""
    return code[:3] + _HIDDEN * (len(code) - 5) + code[-2:]


def birth_date_of(code: str) -> date:
    """The latest past day that the code can mean: it holds two digits of the year."""
    born: date = codicefiscale.decode(code)["birthdate"].date()
    return born


def is_born_on(code: str, day: date) -> bool:
    born = birth_date_of(code)
    return (born.month, born.day, born.year % 100) == (day.month, day.day, day.year % 100)
