from itertools import combinations

import pytest
from codicefiscale import codicefiscale

from hub.seed.names import ABROAD, ITALY, Names
from hub.seed.people import invent
from hub.seed.places import HOST_REGIONS, birthplaces, towns

PLACES = birthplaces(towns()["15"][0])


def test_the_same_number_is_the_same_person() -> None:
    assert invent(4711, 2026, PLACES) == invent(4711, 2026, PLACES)


def test_no_two_people_are_the_same() -> None:
    people = [invent(n, 2026, PLACES) for n in range(30_000)]

    assert len({person.codice_fiscale for person in people}) == len(people)
    assert len({person[:3] for person in people}) == len(people)


@pytest.mark.parametrize("year", [2026, 2027])
def test_everyone_is_of_working_age(year: int) -> None:
    ages = [year - invent(n, year, PLACES).birth_date.year for n in range(5000)]

    assert min(ages) >= 19
    assert max(ages) <= 57
    assert 35 < sum(ages) / len(ages) < 41


def test_the_codice_fiscale_is_valid_and_says_what_the_person_is() -> None:
    for n in range(240):
        person = invent(n, 2026, PLACES)
        decoded = codicefiscale.decode(person.codice_fiscale)
        assert decoded["birthdate"].date() == person.birth_date
        assert person.codice_fiscale.startswith(
            codicefiscale.encode_lastname(person.family_name)
            + codicefiscale.encode_firstname(person.given_name)
        )


def test_every_birthplace_was_there_when_people_were_born() -> None:
    codes = {
        code
        for region in HOST_REGIONS
        for town in towns()[region][:60]
        for code in birthplaces(town)
    }
    codes |= {code for names in ABROAD for code in names.born_in}
    for code in codes:
        for year in (1969, 2007):
            assert codicefiscale.encode_birthplace(code, f"01/01/{year}") == code


@pytest.mark.parametrize("names", [ITALY, *ABROAD])
def test_no_two_names_of_a_list_give_the_same_letters(names: Names) -> None:
    for family, other in combinations(names.family, 2):
        assert codicefiscale.encode_lastname(family) != codicefiscale.encode_lastname(other)
    for given in (names.women, names.men):
        letters = {codicefiscale.encode_firstname(name) for name in given}
        assert len(letters) == len(given)


def test_handles_are_plain_letters() -> None:
    assert all(invent(n, 2026, PLACES).handle.replace(".", "").isalpha() for n in range(0, 5000, 7))
