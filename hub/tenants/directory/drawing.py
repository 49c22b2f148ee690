"""Italy's regions and the network's desks as a drawing: outlines and dots in the units of the map's view box."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from math import hypot, sqrt
from typing import NamedTuple

from hub.tenants.directory.schemas import Place, Region
from hub.tenants.territory.map import project, region_paths, view_box

# Sizes for the whole of Italy; a closer look scales them with its view box.
SMALLEST_DOT = 3.6
GROWTH = 1.5
TOGETHER = 6.0
MARGIN = 12.0


class Outline(NamedTuple):
    """`kind` is a class of the style sheet: has desks, waits for them, or neither."""

    code: str
    path: str
    kind: str
    title: str


class Dot(NamedTuple):
    x: float
    y: float
    radius: float
    desks: int
    names: tuple[str, ...]


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
    focus: str | None = None,
    marker: tuple[float, float] | None = None,
) -> Drawing:
    """`focus` is a region to look at closely, `marker` a latitude and longitude to point at."""
    whole = Box(*map(float, view_box().split()))
    box = _around(_extent(focus), whole) if focus else whole
    scale = max(box.width / whole.width, box.height / whole.height)
    kinds = {region.code: region for region in regions}
    return Drawing(
        view_box=box.text,
        scale=round(scale, 4),
        outlines=[
            Outline(code, path, _kind(kinds.get(code)), kinds[code].name if code in kinds else "")
            for code, path in region_paths().items()
        ],
        dots=_dots(places, scale),
        marker=project(*marker) if marker else None,
    )


def _kind(region: Region | None) -> str:
    if region is None:
        return "plain"
    return "open" if region.desks else "waiting" if region.waiting else "plain"


def _dots(places: Sequence[Place], scale: float) -> list[Dot]:
    """Places that would cover each other become one dot, at the place that has most desks."""
    groups: list[tuple[float, float, list[Place]]] = []
    for place in sorted(places, key=lambda place: (-place.desks, place.code)):
        x, y = project(place.latitude, place.longitude)
        for at_x, at_y, members in groups:
            if hypot(at_x - x, at_y - y) < TOGETHER * scale:
                members.append(place)
                break
        else:
            groups.append((x, y, [place]))
    return [_dot(x, y, members, scale) for x, y, members in groups]


def _dot(x: float, y: float, members: list[Place], scale: float) -> Dot:
    desks = sum(place.desks for place in members)
    radius = (SMALLEST_DOT + GROWTH * sqrt(desks - 1)) * scale
    return Dot(x, y, round(radius, 2), desks, tuple(place.name for place in members))


def _around(extent: Box, whole: Box) -> Box:
    """The extent with a margin, in the proportions of a square at most twice as wide as high."""
    return Box(
        round(extent.left - MARGIN, 1),
        round(extent.top - MARGIN, 1),
        round(min(extent.width + 2 * MARGIN, whole.width), 1),
        round(min(extent.height + 2 * MARGIN, whole.height), 1),
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
