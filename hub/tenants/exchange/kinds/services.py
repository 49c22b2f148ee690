"""Services offered: known by their organisation, kind and name. A change makes a version, from today or a later day."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hub import clock
from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.exchange import cells, found, written
from hub.tenants.exchange.cells import BadCell, Column, Vocabulary
from hub.tenants.exchange.judging import differences, says, shown, texts_of, without_what_is
from hub.tenants.exchange.kinds.owners import ORGANISATION, ORGANISATION_NAME, owner_of, owners
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.schemas import Judged, Kind, Organisation, Parsed, Record, Who
from hub.tenants.services.schemas import (
    BENEFICIARIES,
    KINDS,
    LONGEST_ANSWER,
    MOST_CAPACITY,
    kinds_for,
)
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_

_KINDS = Vocabulary(KINDS)
_BENEFICIARIES = Vocabulary(BENEFICIARIES)

COLUMNS = (
    ORGANISATION,
    ORGANISATION_NAME,
    Column(
        "kind",
        "Tipo di servizio",
        "Kind of service",
        _KINDS.read,
        _KINDS.write,
        required=True,
        values=KINDS,
    ),
    Column("name", "Servizio", "Service", cells.text(120), required=True),
    Column("description", "Descrizione", "Description", cells.lines(2000), several_lines=True),
    Column(
        "regions",
        "Regioni",
        "Regions",
        cells.text(400),
        required=True,
        help=N_("Names parted by a semicolon; Italia for all."),
    ),
    Column(
        "min_amount_cents",
        "Importo minimo",
        "Smallest amount",
        cells.cents,
        cells.amount,
        help=N_("In euros."),
    ),
    Column(
        "max_amount_cents",
        "Importo massimo",
        "Largest amount",
        cells.cents,
        cells.amount,
        help=N_("In euros."),
    ),
    Column(
        "beneficiaries",
        "Destinatari",
        "Beneficiaries",
        cells.several(_BENEFICIARIES.read),
        cells.joined(_BENEFICIARIES.write),
        values=BENEFICIARIES,
        help=N_("Parted by a semicolon; empty means everyone the law lets it serve."),
    ),
    Column("capacity", "Pratiche al mese", "Cases a month", cells.number(1, MOST_CAPACITY)),
    Column(
        "answer_days", "Giorni per rispondere", "Days to answer", cells.number(1, LONGEST_ANSWER)
    ),
    Column(
        "valid_from",
        "Dal",
        "From",
        cells.day,
        cells.written_day,
        help=N_("From which day a new service, or a change, counts; empty means today."),
    ),
    Column(
        "valid_to",
        "Fino al",
        "Until",
        cells.day,
        cells.written_day,
        help=N_("The last day on which it is offered; empty means without an end."),
    ),
)
_STATED = (
    "name",
    "description",
    "min_amount_cents",
    "max_amount_cents",
    "beneficiaries",
    "capacity",
    "answer_days",
)
_DAYS = {"valid_from", "valid_to"}

Versions = dict[tuple[UUID, str, str], dict[UUID, list[Record]]]


def keys(parsed: Parsed) -> Sequence[str]:
    values = parsed.values
    if not all(values.get(name) for name in ("organisation", "kind", "name")):
        return []
    return [f"{values['organisation']}\n{values['kind']}\n{fold(values['name'])}"]


async def judge(
    scope: NetworkScope, rows: Sequence[Parsed], places: Places, *, lock: bool
) -> list[Judged]:
    named = await owners(scope, rows)
    ids = {one.id for ones in named.values() for one in ones}
    today = clock.day_of(scope.now)
    # A service is known by the name of its next version, which is also what the export shows.
    versions: Versions = {}
    first: dict[UUID, Record] = {}
    for version in await found.services(scope, list(ids), today, lock=lock):
        head = first.setdefault(version["service_id"], version)
        key = (head["tenant_id"], head["kind"], fold(head["name"]))
        versions.setdefault(key, {}).setdefault(version["service_id"], []).append(version)
    judged = []
    for row in rows:
        one = Judged(row.row.position, row.row.cells, _key(row), list(row.errors))
        owner = owner_of(one, row.values.get("organisation"), named)
        if owner and row.values.get("kind") and row.values.get("name"):
            if row.values["kind"] not in kinds_for(owner.kinds):
                one.errors.append(("kind", "service_kind"))
            _compare(one, row.values, owner, versions, places, today)
        judged.append(one)
    return judged


def _key(row: Parsed) -> str:
    said = row.values.get("kind")
    kind = _KINDS.write(said) if said else shown(row, "kind")
    return " · ".join(filter(None, (shown(row, "organisation"), kind, shown(row, "name"))))


def _compare(
    judged: Judged,
    values: dict[str, Any],
    owner: Organisation,
    known: Versions,
    places: Places,
    today: date,
) -> None:
    same = _meant(judged, values, owner, known, places)
    if len(same) > 1:
        judged.errors.append(("name", "service_ambiguous"))
        return
    versions = same[0] if same else []
    present: Record = versions[0] if versions else {}
    if present:
        before = texts(owner, present, places)
        values = without_what_is(KIND, judged, values, before, KIND.key_columns)
    empty: Record = dict.fromkeys((*_STATED, *_DAYS)) | {"description": "", "beneficiaries": ()}
    record = {**empty, **present, "tenant_id": owner.id, "kind": values["kind"]}
    record |= {name: value for name, value in values.items() if name in _STATED}
    record["description"] = record["description"] or ""
    record["beneficiaries"] = _in_order(record["beneficiaries"] or ())
    if "valid_to" in values:
        record["valid_to"] = values["valid_to"]
    try:
        if values.get("regions"):
            record["regions"] = places.regions_in(values["regions"])
    except BadCell as bad:
        judged.errors.append(("regions", bad.code))
    least, most = record["min_amount_cents"], record["max_amount_cents"]
    if least is not None and most is not None and most < least:
        judged.errors.append(("max_amount_cents", "amounts_order"))
    judged.record = record
    if present:
        judged.target_id, judged.present = present["service_id"], present
        _as_change(judged, values, owner, places, today, planned=len(versions) > 1)
    else:
        record["valid_from"] = values.get("valid_from") or today
        if record["valid_from"] < today:
            judged.errors.append(("valid_from", "past_change"))
    if record["valid_to"] and record["valid_to"] < max(record["valid_from"], today):
        judged.errors.append(("valid_to", "period"))


def _meant(
    judged: Judged, values: dict[str, Any], owner: Organisation, known: Versions, places: Places
) -> list[list[Record]]:
    """The versions of each service that is called so. A row that is one of them as it stands, means that one."""
    same = list(known.get((owner.id, values["kind"], fold(values["name"])), {}).values())
    if len(same) > 1:
        return [one for one in same if says(KIND, judged, texts(owner, one[0], places))][:1] or same
    return same


def _in_order(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for code in BENEFICIARIES if code in codes)


def _as_change(
    judged: Judged,
    values: dict[str, Any],
    owner: Organisation,
    places: Places,
    today: date,
    *,
    planned: bool,
) -> None:
    """From the day that the file says, where that is not simply since when it is offered; else from today."""
    record, present = judged.record, judged.present
    since, said = present["valid_from"], values.get("valid_from")
    begun = since <= today
    record["valid_from"] = said if said and said != since else max(since, today)
    if said and said != since and said < today:
        judged.errors.append(("valid_from", "past_change"))
    if judged.errors:
        return
    before, after = texts(owner, present, places), texts(owner, record, places)
    content = differences(
        KIND, {name: value for name, value in values.items() if name not in _DAYS}, before, after
    )
    record["content_changes"] = bool(content)
    moved = said is not None and said != since
    if begun and moved and not content:
        judged.errors.append(("valid_from", "nothing_changes"))
        return
    if not content and not moved:
        record["valid_from"] = since
        after["valid_from"] = before["valid_from"]
    judged.changes = differences(KIND, {**values, "valid_from": said}, before, after)
    if planned and judged.changes:
        judged.errors.append(("name", "planned"))


def texts(owner: Organisation, service: Record, places: Places) -> dict[str, str]:
    whole = {**service, "organisation": owner.reference}
    whole["organisation_name"] = owner.name
    whole["regions"] = places.regions_written(service.get("regions") or ())
    whole["beneficiaries"] = _in_order(service["beneficiaries"])
    return texts_of(COLUMNS, whole)


async def write(
    scope: NetworkScope,
    rows: Sequence[Judged],
    who: Who,
    places: Places,  # noqa: ARG001 - what every kind's is given
) -> None:
    new, rewritten, ended, told = [], [], [], []
    for row in rows:
        if row.fate not in ("create", "update"):
            continue
        record, present = row.record, row.present
        service_id = row.target_id or uuid7()
        action = "service.changed" if present else "service.added"
        starts: date = record["valid_from"]
        if not present:
            new.append({**record, "id": service_id, "service_id": service_id})
        elif not record["content_changes"] and starts == present["valid_from"]:
            # Only the last day: what is offered stays the same version.
            rewritten.append({**record, "id": present["id"]})
            action = "service.ended" if record["valid_to"] else action
        elif starts == present["valid_from"] or present["valid_from"] > clock.day_of(scope.now):
            rewritten.append({**record, "id": present["id"]})
        else:
            ended.append({**present, "valid_to": starts - timedelta(days=1)})
            new.append({**record, "id": uuid7(), "service_id": service_id})
        codes = {"service_id": str(service_id), "day": starts.isoformat()}
        if present:
            codes["fields"] = row.fields
        told.append((record["tenant_id"], action, codes))
    await written.end_services(scope, ended)
    await written.rewrite_services(scope, rewritten)
    await written.add_services(scope, new)
    await written.tell(scope, who, told)
    await written.touch_all(scope, {owner for owner, _action, _codes in told})


async def export(scope: NetworkScope, places: Places) -> list[dict[str, str]]:
    today = clock.day_of(scope.now)
    return [texts(owner, one, places) for owner, one in await found.all_services(scope, today)]


KIND = Kind("services", COLUMNS, keys, ("organisation", "kind", "name"), judge, write, export)
