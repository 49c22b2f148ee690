"""Inventing people: number `n` is always the same person, and no two numbers are alike."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from math import gcd
from typing import Literal, NamedTuple

from codicefiscale import codicefiscale

from hub.seed.names import ABROAD, ITALY
from hub.tenants.territory.build_data import fold

Sex = Literal["F", "M"]

YOUNGEST, OLDEST = 19, 57
# One person in twelve was born abroad: 92 % of those who take out a microcredit are Italian.
ONE_ABROAD_IN = 12


class Person(NamedTuple):
    given_name: str
    family_name: str
    birth_date: date
    codice_fiscale: str

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def name_search(self) -> str:
        return f"{_folded(self.family_name)} {_folded(self.given_name)}"

    @property
    def handle(self) -> str:
        """The part of an e-mail address before the @, without numbers that would make it unique."""
        return f"{_folded(self.given_name)}.{_folded(self.family_name)}".replace(" ", "")


def invent(n: int, year: int, birthplaces: Sequence[str]) -> Person:
    """Person `n` of those who are of working age in `year`, born in one of the places (cadastral codes) or abroad.

    Unlike by construction: the number is spread over all combinations of names, sex and birth date, each of which is
    met once before any returns. There are 370 million of them, and a million for each country abroad.
    """
    group, member = divmod(n, ONE_ABROAD_IN)
    names = ITALY if member else ABROAD[group % len(ABROAD)]
    first_day, days = _working_age(year)
    women = len(names.women)
    given = (*names.women, *names.men)
    size = len(names.family) * len(given) * days
    spread = n * _step(size) % size
    spread, family_index = divmod(spread, len(names.family))
    day, given_index = divmod(spread, len(given))
    birth_date = date.fromordinal(first_day + day)
    sex: Sex = "F" if given_index < women else "M"
    places = names.born_in or birthplaces
    person = Person(given[given_index], names.family[family_index], birth_date, "")
    return person._replace(codice_fiscale=_encode(person, sex, places[n % len(places)]))


def _working_age(year: int) -> tuple[int, int]:
    first = date(year - OLDEST, 1, 1).toordinal()
    return first, date(year - YOUNGEST, 1, 1).toordinal() - first


@cache
def _step(size: int) -> int:
    """The golden section of the size, or the next number after it that shares no factor with it."""
    step = round(size * 0.6180339887)
    while gcd(step, size) != 1:
        step += 1
    return step


def _encode(person: Person, sex: Sex, birthplace: str) -> str:
    # The library's own `encode` also looks the place up and decodes the result: a hundred times slower.
    born = datetime.combine(person.birth_date, datetime.min.time())
    code = (
        _family_letters(person.family_name)
        + _given_letters(person.given_name)
        + codicefiscale.encode_birthdate(born, sex)
        + birthplace
    )
    return code + codicefiscale.encode_cin(code)


# There are few names and many people.
@cache
def _folded(name: str) -> str:
    return fold(name)


@cache
def _family_letters(name: str) -> str:
    return codicefiscale.encode_lastname(name)


@cache
def _given_letters(name: str) -> str:
    return codicefiscale.encode_firstname(name)
