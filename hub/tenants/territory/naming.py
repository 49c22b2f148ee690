"""From a municipality's name, as typed, to the municipality."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.db import Scope
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.queries import FoundMunicipality, find_municipalities

_WITH_PROVINCE = re.compile(r"(.*?)\s*\(\s*([A-Za-z]{2})\s*\)")
# As many as a person reads through; the hub proposes no more.
_CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class Resolved:
    """`one` if the name says which municipality is meant, else what it may mean."""

    one: FoundMunicipality | None
    candidates: Sequence[FoundMunicipality] = ()


def label_of(municipality: FoundMunicipality) -> str:
    """Name and province, which can be typed again: no two municipalities share both."""
    return f"{municipality.name} ({municipality.province_code})"


async def suggest(scope: Scope, typed: str) -> Sequence[FoundMunicipality]:
    name, province = _parts(typed)
    found = await find_municipalities(scope, name, limit=_CANDIDATES if not province else 50)
    return [one for one in found if province in (None, one.province_code)][:_CANDIDATES]


async def resolve(scope: Scope, typed: str, chosen: str | None = None) -> Resolved:
    """`chosen` is a code picked among the candidates; one that the name no longer means is left aside."""
    found = await suggest(scope, typed)
    for one in found:
        if one.istat_code == chosen:
            return Resolved(one)
    wanted = fold(_parts(typed)[0])
    same = [one for one in found if wanted in (fold(one.name), fold(one.other_name or ""))]
    sure = same or found
    return Resolved(sure[0]) if len(sure) == 1 else Resolved(None, sure)


def _parts(typed: str) -> tuple[str, str | None]:
    match = _WITH_PROVINCE.fullmatch(typed.strip())
    return (match[1], match[2].upper()) if match else (typed, None)
