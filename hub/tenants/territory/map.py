"""From coordinates to the drawing of Italy's regions, for the map of desks."""

from math import log, pi, radians, tan

from hub.tenants.territory.data import read_drawing

# The drawing is in Mercator's projection, without saying where it lies. These four numbers were fitted to it: they put
# all but a handful of Italy's municipalities, islets mostly, inside their own region. A test keeps watch.
X_AT_GREENWICH = -339.574
X_PER_DEGREE = 51.2799
Y_AT_EQUATOR = 2733.428
Y_PER_DEGREE = 51.0701


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """x and y in the drawing's units."""
    mercator = log(tan(pi / 4 + radians(latitude) / 2)) * 180 / pi
    x = X_AT_GREENWICH + X_PER_DEGREE * longitude
    y = Y_AT_EQUATOR - Y_PER_DEGREE * mercator
    return round(x, 1), round(y, 1)


def view_box() -> str:
    return read_drawing().view_box


def region_paths() -> dict[str, str]:
    """The outline of each region, by ISTAT code, as the `d` of an SVG path."""
    return read_drawing().paths
