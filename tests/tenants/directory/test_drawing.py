from __future__ import annotations

from hub.tenants.directory.drawing import LARGEST_DOT, draw
from hub.tenants.directory.schemas import Place, Region
from hub.tenants.territory.map import project, view_box

CAMPANIA = Region("15", "Campania", 30, 0)
PUGLIA = Region("16", "Puglia", 25, 0)
MOLISE = Region("14", "Molise", 0, 0)
TUSCANY = Region("09", "Toscana", 0, 1)
REGIONS = [CAMPANIA, PUGLIA, MOLISE, TUSCANY]

NAPLES = Place("063049", "Napoli", "15", 40.85, 14.27, 4)
PORTICI = Place("063059", "Portici", "15", 40.82, 14.34, 1)
BARI = Place("072006", "Bari", "16", 41.12, 16.87, 1)


def box(text: str) -> tuple[float, float, float, float]:
    left, top, width, height = map(float, text.split())
    return left, top, left + width, top + height


def test_regions_are_told_apart_by_what_goes_on_there() -> None:
    kinds = {outline.code: outline.kind for outline in draw(REGIONS, []).outlines}
    assert len(kinds) == 20
    assert (kinds["15"], kinds["14"], kinds["09"], kinds["01"]) == (
        "open",
        "plain",
        "waiting",
        "plain",
    )


def test_more_desks_make_a_larger_dot_up_to_a_limit() -> None:
    one, four = draw(REGIONS, [BARI]).dots[0], draw(REGIONS, [NAPLES]).dots[0]
    thousand = draw(REGIONS, [NAPLES._replace(desks=1000)]).dots[0]
    assert one.radius < four.radius < thousand.radius == LARGEST_DOT
    assert (four.x, four.y) == project(40.85, 14.27)


def test_neighbours_share_a_dot_and_no_desk_is_lost() -> None:
    dots = draw(REGIONS, [PORTICI, BARI, NAPLES]).dots
    assert [(dot.desks, dot.names) for dot in dots] == [(5, ("Napoli", "Portici")), (1, ("Bari",))]


def test_a_closer_look_tells_neighbours_apart() -> None:
    ercolano = PORTICI._replace(latitude=40.80, longitude=14.42)
    assert len(draw(REGIONS, [NAPLES, ercolano]).dots) == 1
    assert len(draw(REGIONS, [NAPLES, ercolano], chosen="15").dots) == 2


def test_a_chosen_region_fills_the_picture() -> None:
    whole, close = draw(REGIONS, []), draw(REGIONS, [], chosen="15", marker=(40.85, 14.27))
    left, top, right, bottom = box(close.view_box)
    assert close.scale < 0.4
    assert whole.scale == 1
    assert close.marker is not None
    x, y = close.marker
    assert left < x < right
    assert top < y < bottom
    bari = project(BARI.latitude, BARI.longitude)
    assert not (left < bari[0] < right and top < bari[1] < bottom)


def test_the_border_of_a_chosen_region_is_drawn_last() -> None:
    outlines = draw(REGIONS, [], chosen="15").outlines
    assert [outline.code for outline in outlines if outline.chosen] == ["15"]
    assert outlines[-1].code == "15"


def test_a_chosen_region_without_desks_is_shown_with_those_that_have_them() -> None:
    drawing = draw(REGIONS, [NAPLES], chosen="14")
    assert drawing.view_box == view_box().replace(".0", "")
    assert drawing.outlines[-1].code == "14"
