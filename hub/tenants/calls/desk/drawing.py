"""The map of coverage: the regions of open calls hatched, and a mark for each province, told by shape and colour."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import hypot

from hub.tenants.calls.desk.schemas import Province, Reach
from hub.tenants.directory.drawing import Drawing, Outline
from hub.tenants.territory.map import project, region_paths, view_box

# In the units of the map: how far apart the middles of two marks are at least.
APART = 11.0
# Marks in each other's way move apart in so many rounds; the densest provinces need the most.
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Mark:
    """`reach` says which shape stands at (x, y)."""

    x: float
    y: float
    reach: Reach
    province: Province


@dataclass(frozen=True, slots=True)
class Coverage:
    drawing: Drawing
    marks: Sequence[Mark]


def draw(provinces: Sequence[Province], open_regions: Collection[str]) -> Coverage:
    names = {province.region_code: province.region for province in provinces}
    outlines = [
        Outline(
            code=code,
            path=path,
            kind="waiting" if code in open_regions else "plain",
            title=names.get(code, ""),
            chosen=False,
        )
        for code, path in region_paths().items()
    ]
    places = _apart([project(one.latitude, one.longitude) for one in provinces])
    marks = [
        Mark(round(x, 1), round(y, 1), one.reach, one)
        for (x, y), one in zip(places, provinces, strict=True)
    ]
    return Coverage(Drawing(view_box(), 1.0, outlines, []), marks)


def _apart(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """So that no mark hides another: those too near push each other away, by half of what is missing each."""
    moved = list(places)
    for _ in range(ROUNDS):
        still = True
        for one in range(len(moved)):
            for other in range(one):
                (x, y), (u, v) = moved[one], moved[other]
                between = hypot(x - u, y - v)
                if between >= APART:
                    continue
                still = False
                push = (APART - between) / 2 + 0.01
                across, down = ((x - u) / between, (y - v) / between) if between else (1.0, 0.0)
                moved[one] = (x + push * across, y + push * down)
                moved[other] = (u - push * across, v - push * down)
        if still:
            break
    return moved
