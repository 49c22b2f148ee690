"""What the build left, and whether the map puts places where they are."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.tenants.territory import data
from hub.tenants.territory.build_data import Municipality
from hub.tenants.territory.map import project, region_paths, view_box

Point = tuple[float, float]


@pytest.fixture(scope="module")
def municipalities() -> list[Municipality]:
    return list(data.read_municipalities())


def rings(path: str) -> Iterator[list[Point]]:
    """The rings of a path of relative steps; a ring begins where the last one did, moved by its first step."""
    x = y = 0.0
    for ring in path.split("z"):
        points = []
        for dx, dy in re.findall(r"(-?[\d.]+),(-?[\d.]+)", ring):
            x, y = x + float(dx), y + float(dy)
            points.append((x, y))
        if points:
            x, y = points[0]
            yield points


def inside(shape: list[list[Point]], x: float, y: float) -> bool:
    crossings = 0
    for ring in shape:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                crossings += 1
    return crossings % 2 == 1


def test_all_of_italy_is_there(municipalities: list[Municipality]) -> None:
    assert len(municipalities) > 7800
    assert len({row.istat_code for row in municipalities}) == len(municipalities)
    assert len({row.province_code for row in municipalities}) == 107
    regions = {row.region_code: row.region_name for row in municipalities}
    assert sorted(regions) == [f"{number:02}" for number in range(1, 21)] == sorted(region_paths())
    assert [regions[code] for code in ("15", "16", "18", "19")] == [
        "Campania",
        "Puglia",
        "Calabria",
        "Sicilia",
    ]


def test_a_row_says_what_istat_says(municipalities: list[Municipality]) -> None:
    row = next(row for row in municipalities if row.istat_code == "063049")
    assert row[:10] == (
        "063049",
        "Napoli",
        "",
        "napoli",
        "NA",
        "Napoli",
        "15",
        "Campania",
        "south",
        "F839",
    )
    bolzano = next(row for row in municipalities if row.istat_code == "021008")
    assert (bolzano.other_name, bolzano.area) == ("Bozen", "centre-north")


def test_the_mezzogiorno_is_the_south(municipalities: list[Municipality]) -> None:
    south = {row.region_code for row in municipalities if row.area == "south"}
    assert south == {"13", "14", "15", "16", "17", "18", "19", "20"}


def test_nearly_all_have_coordinates_of_their_own(municipalities: list[Municipality]) -> None:
    approximate = sum(row.approximate for row in municipalities)
    assert approximate / len(municipalities) < 0.05


def test_the_map_puts_municipalities_into_their_region(municipalities: list[Municipality]) -> None:
    shapes = {code: list(rings(path)) for code, path in region_paths().items()}
    _, _, width, height = map(float, view_box().split())
    located = [row for row in municipalities if not row.approximate]
    astray = Counter[str]()
    for row in located:
        x, y = project(row.latitude, row.longitude)
        assert 0 <= x <= width
        assert 0 <= y <= height
        astray[row.region_code] += not inside(shapes[row.region_code], x, y)
    assert astray.total() / len(located) < 0.005
    assert all(astray[code] < 10 for code in shapes)


def test_a_checkout_that_was_not_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    with pytest.raises(data.DataMissing, match="pip install"):
        next(data.read_municipalities())
