"""The real places of the demo network, largest first."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from hub.tenants.territory.build_data import Municipality
from hub.tenants.territory.data import read_municipalities, read_postal_codes

# The regions of the first project: Campania, Puglia, Calabria, Sicilia.
HOST_REGIONS = ("15", "16", "18", "19")


@cache
def towns() -> dict[str, tuple[Municipality, ...]]:
    """By region, those whose place is known for certain, the most populous first."""
    found: dict[str, list[Municipality]] = defaultdict(list)
    for town in read_municipalities():
        if not town.approximate:
            found[town.region_code].append(town)
    return {region: tuple(sorted(rows, key=_size)) for region, rows in found.items()}


def postal_code_of(istat_code: str) -> str:
    """The lowest of its postal codes."""
    return _postal_codes()[istat_code]


@cache
def _postal_codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, municipalities in read_postal_codes():
        for istat_code in municipalities:
            found[istat_code] = min(code, found.get(istat_code, code))
    return found


@cache
def around(town: Municipality) -> Sequence[Municipality]:
    """The dozen largest towns of a town's province: where its citizens live and were born."""
    same = [other for other in towns()[town.region_code] if _together(town, other)]
    return same[:12]


@cache
def birthplaces(town: Municipality) -> Sequence[str]:
    """Cadastral codes of the towns that have a hospital, more or less."""
    return [other.cadastral_code for other in around(town)[:4]]


def _size(town: Municipality) -> tuple[int, str]:
    return -town.population, town.istat_code


def _together(town: Municipality, other: Municipality) -> bool:
    return town.province_code == other.province_code
