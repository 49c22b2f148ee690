"""Municipalities, provinces and regions, held in memory while a file is read: a file names thousands of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.tenants.exchange.cells import BadCell, province
from hub.tenants.territory.build_data import fold
from hub.tenants.territory.postal_codes import PostalCodes, beginning

ALL_REGIONS = "Italia"


class Place(NamedTuple):
    code: str
    name: str
    other_name: str | None
    province: str
    region: str


@dataclass(slots=True)
class Places:
    by_code: dict[str, Place] = field(default_factory=dict)
    by_name: dict[str, list[Place]] = field(default_factory=dict)
    provinces: set[str] = field(default_factory=set)
    regions: dict[str, str] = field(default_factory=dict)
    """Code → name."""
    postal_codes: dict[str, list[str]] = field(default_factory=dict)
    """By municipality, sorted."""
    beginnings: dict[str, set[str]] = field(default_factory=dict)
    """Of postal codes, by province."""

    def find(self, name: str | None, sign: str | None, code: str | None) -> Place:
        """Raises BadCell. The name and the province may be left out where there is a code."""
        if code:
            found = self.by_code.get(code)
            if found is None:
                raise BadCell("istat_code", "istat_code")
            if (name and found not in self.by_name.get(fold(name), ())) or (
                sign and sign != found.province
            ):
                raise BadCell("municipality_disagrees", "istat_code")
            return found
        if not name:
            raise BadCell("municipality_missing", "municipality")
        named = [one for one in self.by_name.get(fold(name), ()) if sign in (None, one.province)]
        if not named:
            raise BadCell("municipality", "municipality")
        if len(named) > 1:
            raise BadCell("municipality_ambiguous", "province")
        return named[0]

    def check_postal_code(self, code: str, municipality_code: str) -> None:
        """Raises BadCell with those that it has."""
        place = self.by_code[municipality_code]
        beginnings = frozenset(self.beginnings.get(place.province, ()))
        known = PostalCodes(self.postal_codes.get(place.code, ()), beginnings)
        if not known.can_have(code):
            raise BadCell(f"postal_code_elsewhere:{place.name}:{known.told}", "postal_code")

    def known_province(self, sign: str) -> str:
        """Raises BadCell."""
        found = province(sign)
        if found not in self.provinces:
            raise BadCell("province")
        return found

    def regions_in(self, text: str) -> tuple[str, ...]:
        """Codes, sorted. Raises BadCell."""
        by_name = {fold(name): code for code, name in self.regions.items()}
        found: set[str] = set()
        for part in text.replace(",", ";").split(";"):
            folded = fold(part)
            if folded == fold(ALL_REGIONS) or folded == "italy":
                found |= self.regions.keys()
            elif folded in by_name:
                found.add(by_name[folded])
            elif part.strip() in self.regions:
                found.add(part.strip())
            elif folded:
                raise BadCell("region")
        return tuple(sorted(found))

    def regions_written(self, codes: Sequence[str]) -> str:
        if set(codes) == self.regions.keys():
            return ALL_REGIONS
        return "; ".join(self.regions.get(code, code) for code in sorted(codes))


def places_of(
    rows: Iterable[Place],
    provinces: Iterable[str],
    regions: dict[str, str],
    postal_codes: Iterable[tuple[str, Sequence[str]]] = (),
) -> Places:
    found = Places(provinces=set(provinces), regions=regions)
    for row in rows:
        found.by_code[row.code] = row
        for name in {fold(row.name), fold(row.other_name or "")} - {""}:
            found.by_name.setdefault(name, []).append(row)
    for code, served in postal_codes:
        for place in filter(None, map(found.by_code.get, served)):
            found.postal_codes.setdefault(place.code, []).append(code)
            found.beginnings.setdefault(place.province, set()).add(beginning(code))
    return found
