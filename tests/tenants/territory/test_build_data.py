import re

import pytest

from hub.tenants.territory.build_data import (
    Gazetteer,
    Municipality,
    Place,
    fold,
    locate,
    postal_codes,
    read_municipalities,
    round_path,
    sardinian_codes,
)


def municipality(name: str, province: str = "AA", other_name: str = "") -> Municipality:
    return Municipality(
        f"00{name}",
        name,
        other_name,
        fold(name),
        province,
        province,
        "18",
        "Calabria",
        "south",
        "X",
    )


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("L'Aquila", "l aquila"),
        ("Forlì-Cesena", "forli cesena"),
        ("Appiano Weinstraße", "appiano weinstrasse"),
        ("  Reggio\tCALABRIA ", "reggio calabria"),
        ("%_", ""),
    ],
)
def test_fold_keeps_what_spellings_share(written: str, folded: str) -> None:
    assert fold(written) == folded


NEAR = Place(39.0, 16.0, 5000)
NEAR_TOO = Place(39.1, 16.1, 700)
FAR = Place(41.0, 18.0, 90_000)


def gazetteer() -> Gazetteer:
    return Gazetteer(
        [
            ("18", NEAR, ["Alfa"]),
            ("18", NEAR_TOO, ["Beta", "Betha"]),
            ("18", FAR, ["Beta"]),
            ("18", FAR, ["Eta"]),
            ("18", NEAR_TOO, ["Gamma Calabro"]),
            ("19", FAR, ["Delta"]),
        ]
    )


@pytest.mark.parametrize(
    ("name", "where", "approximate"),
    [
        ("Alfa", NEAR, False),
        ("Beta", NEAR_TOO, False),  # the larger namesake is in another province
        ("Zeta con Beta", NEAR_TOO, True),
        ("Zeta-Eta", FAR, True),  # an island of its own, far from its province
        ("Eta del Garda", NEAR, True),  # a namesake too far away: rather the middle of the province
        ("Beta Terme", NEAR_TOO, True),
        ("Gamma-Zeta", NEAR_TOO, True),
        ("Delta", NEAR, True),  # only in another region
    ],
)
def test_a_municipality_is_found_by_name_or_by_its_parts(
    name: str, where: Place, approximate: bool
) -> None:
    rows = [municipality("Alfa"), municipality(name)]

    found = locate(rows, gazetteer())[-1]

    assert (found.latitude, found.longitude) == where[:2]
    assert found.approximate is approximate


def test_the_other_language_is_searched_too() -> None:
    row = municipality("Omega", other_name="Betha")

    found = locate([municipality("Alfa"), row], gazetteer())[-1]

    assert (found.latitude, found.approximate) == (NEAR_TOO.latitude, False)


def test_rounding_a_path_does_not_let_the_error_add_up() -> None:
    steps = " ".join(["0.04,0.06"] * 100)

    rounded = round_path(f"m 10.04,20.06 {steps} z m 1,1 2,2 3,-3 z")

    first, second = rounded.split("z")[:2]
    points = [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+),(-?[\d.]+)", first)]
    assert sum(x for x, _ in points) == pytest.approx(14.0, abs=0.1)
    assert sum(y for _, y in points) == pytest.approx(26.1, abs=0.1)
    assert second == "m1,1 2,2 3,-3"


@pytest.fixture(scope="module")
def served() -> dict[str, list[str]]:
    """Names of the municipalities that each postal code serves."""
    rows = list(read_municipalities())
    names = {row.istat_code: row.name for row in rows}
    return {code: [names[one] for one in places] for code, places in postal_codes(rows).items()}


def test_every_municipality_has_a_postal_code(served: dict[str, list[str]]) -> None:
    rows = list(read_municipalities())
    assert {row.name for row in rows} == {name for names in served.values() for name in names}


def test_a_city_has_several_and_a_code_may_serve_several(served: dict[str, list[str]]) -> None:
    assert served["80142"] == served["80121"] == ["Napoli"]
    assert len([code for code, names in served.items() if "Roma" in names]) > 50
    assert served["84011"] == ["Amalfi"]
    assert len(served["24060"]) > 20


def test_what_is_no_municipality_serves_nobody(served: dict[str, list[str]]) -> None:
    assert "99999" not in served
    assert all(len(code) == 5 and code.isdigit() for code in served)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("07026", "Olbia"),
        ("07028", "Santa Teresa Gallura"),
        ("07100", "Sassari"),
        ("08048", "Tortolì"),
        ("08100", "Nuoro"),
        ("09019", "Teulada"),
        ("09045", "Quartu Sant'Elena"),
        ("09049", "Villasimius"),
        ("09064", "Seui"),
        ("09065", "Seulo"),
        ("09089", "Bosa"),
        ("09170", "Oristano"),
    ],
)
def test_sardinia_has_its_codes_though_its_provinces_changed(
    served: dict[str, list[str]], code: str, name: str
) -> None:
    assert served[code] == [name]


def test_a_list_that_counts_otherwise_is_not_guessed_at() -> None:
    rows = [row for row in read_municipalities() if row.istat_code.startswith("095")]
    with pytest.raises(ValueError, match="zip"):
        sardinian_codes(rows, ["115001", "115002"])
