"""Desks: known by their host and their name there. A new one is set up; closing one is not an import's business."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hub import clock
from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.directory.offers import OFFERS, in_order
from hub.tenants.exchange import cells, found, written
from hub.tenants.exchange.cells import BadCell, Column, Vocabulary
from hub.tenants.exchange.judging import (
    check_postal_code,
    differences,
    place_of,
    place_texts,
    says,
    shown,
    texts_of,
    without_what_is,
)
from hub.tenants.exchange.kinds.owners import ORGANISATION, ORGANISATION_NAME, owner_of, owners
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.schemas import Judged, Kind, Organisation, Parsed, Record, Who
from hub.tenants.organisation.hours import Hours
from hub.tenants.people.queries import lock_organisations
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_

_OFFERS = Vocabulary(OFFERS)
_WEEK = (
    ("monday", "Lunedì", "Monday"),
    ("tuesday", "Martedì", "Tuesday"),
    ("wednesday", "Mercoledì", "Wednesday"),
    ("thursday", "Giovedì", "Thursday"),
    ("friday", "Venerdì", "Friday"),
    ("saturday", "Sabato", "Saturday"),
    ("sunday", "Domenica", "Sunday"),
)

COLUMNS = (
    ORGANISATION,
    ORGANISATION_NAME,
    Column("name", "Sportello", "Desk", cells.text(120), required=True),
    *cells.PLACE,
    Column("address", "Indirizzo", "Address", cells.text(200), required=True),
    Column("postal_code", "CAP", "Postal code", cells.postal_code),
    Column("phone", "Telefono", "Telephone", cells.phone),
    Column("email", "E-mail", "E-mail", cells.email),
    *(
        Column(
            name,
            title,
            english,
            cells.day_hours(number),
            cells.written_hours,
            help=N_(
                "Hours of that day, such as 9:00-13:00, 15:00-17:30; empty where it is closed."
            ),
        )
        for number, (name, title, english) in enumerate(_WEEK, 1)
    ),
    Column(
        "how_to_reach", "Come arrivare", "How to reach it", cells.lines(1000), several_lines=True
    ),
    Column(
        "offers",
        "Cosa offre",
        "What it offers",
        cells.several(_OFFERS.read),
        cells.joined(_OFFERS.write),
        values=OFFERS,
        help=N_("Several values are parted by a semicolon."),
    ),
    Column(
        "provinces",
        "Province servite",
        "Provinces served",
        cells.several(cells.province),
        cells.joined(),
        help=N_("Two letters each, parted by a semicolon."),
    ),
    Column(
        "opened_on",
        "Aperto dal",
        "Open since",
        cells.day,
        cells.written_day,
        help=N_("Empty until it opens; the hub fills it in when the desk becomes active."),
    ),
)
_DAYS = {name: number for number, (name, _title, _english) in enumerate(_WEEK, 1)}
_STORED = (
    "name",
    "address",
    "postal_code",
    "phone",
    "email",
    "how_to_reach",
    "offers",
    "provinces",
    "opened_on",
)


def keys(parsed: Parsed) -> Sequence[str]:
    values = parsed.values
    if not values.get("organisation") or not values.get("name"):
        return []
    return [f"{values['organisation']}\n{fold(values['name'])}"]


async def judge(
    scope: NetworkScope, rows: Sequence[Parsed], places: Places, *, lock: bool
) -> list[Judged]:
    named = await owners(scope, rows)
    ids = {one.id for ones in named.values() for one in ones}
    wanted = {
        (one.id, fold(row.values["name"]))
        for row in rows
        if row.values.get("name")
        for one in named.get(row.values.get("organisation") or "", [])
    }
    look = _held if lock else _looked_up
    by_name = await look(scope, wanted)
    setups = await found.running_setups(scope, list(ids))
    today = clock.day_of(scope.now)
    judged = []
    for row in rows:
        one = Judged(row.row.position, row.row.cells, _key(row), list(row.errors))
        owner = owner_of(one, row.values.get("organisation"), named, "host")
        if owner and row.values.get("name"):
            _compare(one, row.values, owner, by_name, places)
            one.record["setup_id"] = one.present.get("setup_id") or setups.get(owner.id)
            one.record["tenant_id"] = owner.id
        opened = row.values.get("opened_on")
        if opened and opened > today and opened != one.present.get("opened_on"):
            one.errors.append(("opened_on", "future"))
        judged.append(one)
    return judged


ByName = dict[tuple[UUID, str], list[Record]]


async def _looked_up(scope: NetworkScope, wanted: set[tuple[UUID, str]]) -> ByName:
    return await found.desks(scope, wanted, lock=False)


async def _held(scope: NetworkScope, wanted: set[tuple[UUID, str]]) -> ByName:
    """Who gets a new desk is held too, as by whoever adds or renames one: its name stays free until the writing.

    Others are not, as what is there keeps its name: their people can go on while a large file is written.
    """
    held: set[UUID] = set()
    by_name = await _looked_up(scope, wanted)
    while True:
        held |= {owner for owner, name in wanted if (owner, name) not in by_name}
        await lock_organisations(scope, list(held))
        by_name = await found.desks(scope, wanted, lock=True)
        # One that was there at the first look may have been renamed since.
        if all(owner in held or (owner, name) in by_name for owner, name in wanted):
            return by_name


def _key(row: Parsed) -> str:
    return " · ".join(filter(None, (shown(row, "organisation"), shown(row, "name"))))


def _compare(
    judged: Judged,
    values: dict[str, Any],
    owner: Organisation,
    by_name: ByName,
    places: Places,
) -> None:
    same = by_name.get((owner.id, fold(values["name"])), [])
    living = [desk for desk in same if desk["state"] != "closed"]
    if len(living) > 1:
        # From before no two could be called alike: a row that is one of them as it stands, means that one.
        as_stated = [desk for desk in living if says(KIND, judged, texts(owner, desk, places))]
        living = as_stated[:1] or living
    if len(living) > 1:
        judged.errors.append(("name", "desk_ambiguous"))
        return
    if same and not living:
        judged.errors.append(("name", "desk_closed"))
        return
    present: Record = living[0] if living else {}
    before: dict[str, str] = {}
    if present:
        judged.target_id, judged.present = present["id"], present
        before = texts(owner, present, places)
        values = without_what_is(KIND, judged, values, before, KIND.key_columns)
    empty: Record = dict.fromkeys(_STORED) | {
        "hours": (),
        "how_to_reach": "",
        "offers": (),
        "provinces": (),
    }
    record = empty | present
    record |= {name: value for name, value in values.items() if name in _STORED}
    record["offers"] = tuple(in_order(record["offers"] or ()))
    record["provinces"] = _provinces(judged, record["provinces"] or (), places)
    record["how_to_reach"] = record["how_to_reach"] or ""
    record["hours"] = _hours(values, present.get("hours", ()))
    record["municipality_code"] = place_of(judged, values, present, places)
    check_postal_code(judged, values, record, places)
    judged.record = record
    if present and not judged.errors:
        judged.changes = differences(KIND, values, before, texts(owner, record, places))


def _provinces(judged: Judged, signs: Sequence[str], places: Places) -> tuple[str, ...]:
    try:
        return tuple(sorted({places.known_province(sign) for sign in signs}))
    except BadCell as bad:
        judged.errors.append(("provinces", bad.code))
        return ()


def _hours(values: dict[str, Any], present: Hours) -> Hours:
    """Of the days that the file speaks of, its own; of the others, those that are there."""
    stated = [span for name in _DAYS for span in values.get(name) or ()]
    said = {number for name, number in _DAYS.items() if name in values}
    return tuple(sorted([*stated, *(span for span in present if span[0] not in said)]))


def texts(owner: Organisation, record: Record, places: Places) -> dict[str, str]:
    week = {
        name: tuple(span for span in record["hours"] if span[0] == number)
        for name, number in _DAYS.items()
    }
    whole = {**record, **week, "organisation": owner.reference}
    whole["organisation_name"] = owner.name
    whole["provinces"] = tuple(sorted(record["provinces"]))
    whole["offers"] = in_order(record["offers"])
    return texts_of(COLUMNS, whole) | place_texts(record, places)


async def write(scope: NetworkScope, rows: Sequence[Judged], who: Who, places: Places) -> None:
    new = [row for row in rows if row.fate == "create"]
    changed = [row for row in rows if row.fate == "update"]
    for row in new:
        row.record["id"] = uuid7()
    await written.add_desks(scope, [_stored(row.record, places) for row in new])
    await written.update_desks(scope, [_stored(row.record, places) for row in changed])
    await written.tell(
        scope,
        who,
        [(row.record["tenant_id"], "desk.added", {"desk": str(row.record["id"])}) for row in new],
    )
    await written.tell(
        scope,
        who,
        [
            (
                row.record["tenant_id"],
                "desk.changed",
                {"desk": str(row.record["id"]), "fields": row.fields},
            )
            for row in changed
        ],
    )
    await written.touch_all(scope, {row.record["tenant_id"] for row in (*new, *changed)})


def _stored(record: Record, places: Places) -> Record:
    return {
        **{name: record[name] for name in _STORED},
        **{name: record[name] for name in ("id", "tenant_id", "setup_id", "hours")},
        "municipality_code": record["municipality_code"],
        "region_code": places.by_code[record["municipality_code"]].region,
    }


async def export(scope: NetworkScope, places: Places) -> list[dict[str, str]]:
    return [texts(owner, desk, places) for owner, desk in await found.all_desks(scope)]


KIND = Kind("desks", COLUMNS, keys, ("organisation", "name"), judge, write, export)
