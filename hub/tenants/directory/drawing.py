"""Italy's regions and the network's desks as a drawing: outlines and dots in the units of the map's view box."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from math import hypot, sqrt
from typing import NamedTuple

from hub.tenants.directory.schemas import Place, Region
from hub.tenants.territory.map import project, region_paths, view_box

# Sizes for the whole of Italy; a closer look scales them with its view box, and has room for larger ones.
SMALLEST_DOT = 4.0
GROWTH = 1.5
LARGEST_DOT = 11.0
CLOSE_UP = 1.5
# How much of two dots' radii must lie between their middles, or they become one.
APART = 0.9
MARGIN = 12.0
_BESIDE = (-1, 0, 1)


class Outline(NamedTuple):
    """`kind` is a class of the style sheet: has desks, waits for them, or neither."""

    code: str
    path: str
    kind: str
    title: str
    chosen: bool


class Dot(NamedTuple):
    x: float
    y: float
    radius: float
    desks: int
    names: tuple[str, ...]
    region_code: str


class Drawing(NamedTuple):
    """`scale` is how much smaller than the whole map the view box is."""

    view_box: str
    scale: float
    outlines: list[Outline]
    dots: list[Dot]
    marker: tuple[float, float] | None = None


class Box(NamedTuple):
    left: float
    top: float
    width: float
    height: float

    @property
    def text(self) -> str:
        return " ".join(f"{number:g}" for number in self)


def draw(
    regions: Iterable[Region],
    places: Sequence[Place],
    *,
    chosen: str | None = None,
    marker: tuple[float, float] | None = None,
) -> Drawing:
    """`chosen` is a region to look at closely, if it has desks; `marker` a latitude and longitude to point at."""
    whole = Box(*map(float, view_box().split()))
    known = {region.code: region for region in regions}
    close = chosen is not None and chosen in known and known[chosen].desks > 0
    box = _around(_extent(chosen)) if chosen and close else whole
    scale = max(box.width / whole.width, box.height / whole.height)
    outlines = [
        Outline(code, path, _kind(known.get(code)), _name(known.get(code)), code == chosen)
        for code, path in region_paths().items()
    ]
    return Drawing(
        view_box=box.text,
        scale=round(scale, 4),
        # The chosen one last: its border lies over its neighbours'.
        outlines=sorted(outlines, key=lambda outline: outline.chosen),
        dots=_dots(places, scale * CLOSE_UP if close else scale),
        marker=project(*marker) if marker else None,
    )


def _name(region: Region | None) -> str:
    return region.name if region else ""


def _kind(region: Region | None) -> str:
    if region is None:
        return "plain"
    return "open" if region.desks else "waiting" if region.waiting else "plain"


def _dots(places: Sequence[Place], scale: float) -> list[Dot]:
    """Places that would cover each other become one dot, at the place that has most desks."""
    dots: list[Dot] = []
    # The numbers of the dots in each square, which is so wide that whatever covers a place lies in it or beside it.
    wide = 2 * APART * LARGEST_DOT * scale
    squares: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in sorted(places, key=lambda place: (-place.desks, place.code)):
        x, y = project(place.latitude, place.longitude)
        radius = _radius(place.desks, scale)
        column, row = int(x // wide), int(y // wide)
        around = (squares.get((column + dx, row + dy), []) for dx in _BESIDE for dy in _BESIDE)
        for number in sorted(chain.from_iterable(around)):
            dot = dots[number]
            if hypot(dot.x - x, dot.y - y) < APART * (dot.radius + radius):
                desks = dot.desks + place.desks
                names = (*dot.names, place.name)
                dots[number] = dot._replace(radius=_radius(desks, scale), desks=desks, names=names)
                break
        else:
            squares[column, row].append(len(dots))
            dots.append(Dot(x, y, radius, place.desks, (place.name,), place.region_code))
    return dots


def _radius(desks: int, scale: float) -> float:
    """It grows slower than the number, so that a city does not hide its neighbours."""
    return round(min(SMALLEST_DOT + GROWTH * sqrt(desks - 1), LARGEST_DOT) * scale, 2)


def _around(extent: Box) -> Box:
    return Box(
        round(extent.left - MARGIN, 1),
        round(extent.top - MARGIN, 1),
        round(extent.width + 2 * MARGIN, 1),
        round(extent.height + 2 * MARGIN, 1),
    )


@cache
def _extent(region_code: str) -> Box:
    """Of a path made of relative steps only, as the build leaves them."""
    xs, ys = [], []
    x = y = start_x = start_y = 0.0
    for ring in region_paths()[region_code].split("z"):
        x, y = start_x, start_y
        steps = re.findall(r"(-?[\d.]+),(-?[\d.]+)", ring)
        for number, (dx, dy) in enumerate(steps):
            x, y = x + float(dx), y + float(dy)
            if number == 0:
                start_x, start_y = x, y
            xs.append(x)
            ys.append(y)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
