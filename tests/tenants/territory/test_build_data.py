import re

import pytest

from hub.tenants.territory.build_data import (
    Gazetteer,
    Municipality,
    Place,
    fold,
    locate,
    round_path,
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
