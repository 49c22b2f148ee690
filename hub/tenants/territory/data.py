"""Reading what the build left in `data/`."""

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from hub.tenants.territory.build_data import Municipality

FOLDER = Path(__file__).parent / "data"


class DataMissing(Exception):
    """The build has not run in this checkout; the message says how to run it."""


class Drawing(NamedTuple):
    """Region outlines by ISTAT code, as SVG paths in the units of `view_box`."""

    view_box: str
    paths: dict[str, str]


def read_municipalities() -> Iterator[Municipality]:
    """Raises DataMissing."""
    with _open("municipalities.csv") as file:
        for row in csv.DictReader(file):
            yield Municipality(
                **{name: row[name] for name in Municipality._fields[:10]},
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                approximate=row["approximate"] == "True",
                population=int(row["population"]),
            )


def read_postal_codes() -> Iterator[tuple[str, list[str]]]:
    """Each code with its municipalities. Raises DataMissing."""
    with _open("postal_codes.csv") as file:
        for row in csv.DictReader(file):
            yield row["code"], row["municipalities"].split()


@cache
def read_drawing() -> Drawing:
    """Raises DataMissing."""
    with _open("regions.json") as file:
        drawing = json.load(file)
    return Drawing(drawing["viewBox"], drawing["regions"])


def _open(name: str) -> IO[str]:
    try:
        return (FOLDER / name).open(encoding="utf-8", newline="")
    except FileNotFoundError:
        raise DataMissing(
            f"{name} is missing: the build makes it. `make install`, or `pip install -e .`, runs the build."
        ) from None
