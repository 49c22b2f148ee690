"""Which administrations host a desk in the demo network, and which still wait: real places, real kinds of administration."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.seed.places import HOST_REGIONS, towns
from hub.tenants.territory.build_data import Municipality, fold


class HostPlan(NamedTuple):
    """`tutors`: the chamber of commerce also is a tutoring service."""

    slug: str
    name: str
    kind: str
    town: Municipality
    tutors: bool = False


class _Mix(NamedTuple):
    """How many administrations of each kind a region has."""

    municipalities: int
    provinces: int
    chambers: int
    universities: int
    others: int


# 95 in all.
MIXES = dict(
    zip(
        HOST_REGIONS,
        (_Mix(20, 4, 2, 3, 1), _Mix(16, 4, 2, 2, 1), _Mix(12, 4, 2, 1, 1), _Mix(12, 3, 2, 2, 1)),
        strict=True,
    )
)

# Provinces that are metropolitan cities.
METROPOLITAN = {"BA", "BO", "CT", "FI", "GE", "ME", "MI", "NA", "PA", "RC", "RM", "TO", "VE"}

# The Centro-Nord: Toscana, Emilia-Romagna, Umbria, Marche, Lazio, Piemonte, Lombardia, Veneto, Liguria, Friuli.
WAITING_REGIONS = ("09", "08", "10", "11", "12", "01", "03", "05", "07", "06")


def plan_hosts() -> list[HostPlan]:
    return [plan for region in HOST_REGIONS for plan in _hosts_of(region)]


def plan_waiting() -> list[HostPlan]:
    return [_municipality(towns()[region][2]) for region in WAITING_REGIONS]


def _hosts_of(region: str) -> Iterator[HostPlan]:
    mix = MIXES[region]
    spread = _spread(towns()[region])
    # The first town of each province comes first; where it is the capital, more than one administration sits there.
    capitals = spread[: len({town.province_code for town in spread})]
    yield from map(_municipality, spread[: mix.municipalities])
    yield from map(_province, capitals[: mix.provinces])
    for number, town in enumerate(capitals[: mix.chambers]):
        yield _chamber(town)._replace(tutors=number == 0)
    yield from map(_university, capitals[: mix.universities])
    for town in spread[-mix.others :]:
        name = f"Unione dei comuni di {town.name} e dintorni"
        yield HostPlan(f"unione-{_slug(town)}", name, "other", town)


def _spread(rows: Sequence[Municipality]) -> list[Municipality]:
    """The five largest towns of each province in turns: all the largest ones, then all the second ones."""
    place: dict[str, int] = {}
    ranked = []
    for town in rows:
        rank = place[town.province_code] = place.get(town.province_code, 0) + 1
        if rank <= 5:
            ranked.append((rank, town))
    ranked.sort(key=lambda item: item[0])
    return [town for _, town in ranked]


def _municipality(town: Municipality) -> HostPlan:
    return HostPlan(f"comune-{_slug(town)}", f"Comune di {town.name}", "municipality", town)


def _province(town: Municipality) -> HostPlan:
    body = "Città metropolitana" if town.province_code in METROPOLITAN else "Provincia"
    name = f"{body} di {town.province_name} – Centro per l’impiego"
    return HostPlan(f"provincia-{_slug(town)}", name, "province", town)


def _chamber(town: Municipality) -> HostPlan:
    name = f"Camera di commercio di {town.name}"
    return HostPlan(f"camera-{_slug(town)}", name, "chamber", town)


def _university(town: Municipality) -> HostPlan:
    return HostPlan(f"universita-{_slug(town)}", f"Università di {town.name}", "university", town)


def plan_of(kind: str, town: Municipality) -> HostPlan:
    """An administration of that kind in that town; a union of municipalities is none of these."""
    makers = {
        "municipality": _municipality,
        "province": _province,
        "chamber": _chamber,
        "university": _university,
    }
    return makers[kind](town)


def _slug(town: Municipality) -> str:
    return fold(town.name).replace(" ", "-")
