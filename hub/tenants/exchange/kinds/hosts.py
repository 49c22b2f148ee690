"""Hosts: known by the hub's identifier, the fiscal code, or the IPA code. A new one comes on board suspended."""

from collections.abc import Sequence
from uuid import UUID

from hub import audit
from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.exchange import cells, found, written
from hub.tenants.exchange.cells import BadCell, Column, Vocabulary
from hub.tenants.exchange.judging import (
    check_postal_code,
    differences,
    place_of,
    place_texts,
    shown,
    texts_of,
    without_what_is,
)
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.schemas import Judged, Kind, Parsed, Record, Who
from hub.tenants.onboarding import organisations
from hub.tenants.onboarding.begin import Contact, begin, get_going
from hub.tenants.onboarding.organisations import Details
from hub.tenants.onboarding.touch import touch
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_

_KINDS = Vocabulary(
    HOST_KINDS,
    also={
        "Comune": "municipality",
        "Unione di comuni": "municipality",
        "Provincia": "province",
        "Città metropolitana": "province",
        "Centro per l’impiego": "province",
        "Università": "university",
        "Altro": "other",
    },
)

COLUMNS = (
    Column(
        "id",
        "Identificativo",
        "Identifier",
        cells.identifier,
        help=N_("The hub's own, as the export has it. Leave it empty for a new organisation."),
    ),
    Column(
        "fiscal_code",
        "Codice fiscale",
        "Fiscal code",
        cells.fiscal_code,
        help=N_("11 digits. By it the hub knows the organisation again."),
    ),
    Column(
        "ipa_code",
        "Codice IPA",
        "IPA code",
        cells.ipa_code,
        help=N_("As indicepa.gov.it shows it; where there is no fiscal code, the hub goes by it."),
    ),
    Column("name", "Denominazione", "Name", cells.text(200), required=True),
    Column(
        "host_kind",
        "Tipo di ente",
        "Kind of host",
        _KINDS.read,
        _KINDS.write,
        required=True,
        values=HOST_KINDS,
    ),
    *cells.PLACE,
    Column("address", "Indirizzo", "Address", cells.text(200), help=N_("Street and number.")),
    Column("postal_code", "CAP", "Postal code", cells.postal_code),
    Column("email", "E-mail", "E-mail", cells.email),
    Column("certified_email", "PEC", "Certified e-mail", cells.email),
    Column("phone", "Telefono", "Telephone", cells.phone),
    Column("website", "Sito web", "Website", cells.website, help=N_("With https://")),
    Column(
        "contact_name",
        "Referente",
        "Contact person",
        cells.text(120),
        help=N_(
            "Of its set-up. A new organisation needs one: this person is invited as its administrator."
        ),
    ),
    Column("contact_email", "E-mail del referente", "Contact's e-mail", cells.email),
    Column("contact_phone", "Telefono del referente", "Contact's telephone", cells.phone),
)
_CONTACT = ("contact_name", "contact_email", "contact_phone")
_NEEDED_WHEN_NEW = ("fiscal_code", "contact_name", "contact_email")
_STORED = (
    "name",
    "host_kind",
    "fiscal_code",
    "ipa_code",
    "municipality_code",
    "address",
    "postal_code",
    "email",
    "certified_email",
    "phone",
    "website",
)


def keys(parsed: Parsed) -> Sequence[str]:
    return [
        f"{name}:{parsed.values[name]}"
        for name in ("id", "fiscal_code", "ipa_code")
        if parsed.values.get(name)
    ]


async def judge(
    scope: NetworkScope, rows: Sequence[Parsed], places: Places, *, lock: bool
) -> list[Judged]:
    known = await found.hosts(
        scope,
        *([row.values[name] for row in rows if row.values.get(name)] for name in _KEYS),
        lock=lock,
    )
    by_key: dict[tuple[str, object], list[Record]] = {}
    for record in known:
        for name in _KEYS:
            if record[name]:
                by_key.setdefault((name, record[name]), []).append(record)
    return [_judged(row, by_key, places) for row in rows]


_KEYS = ("id", "fiscal_code", "ipa_code")
_WRITTEN = ("fiscal_code", "ipa_code", "id")


def _judged(row: Parsed, by_key: dict[tuple[str, object], list[Record]], places: Places) -> Judged:
    values = row.values
    judged = Judged(row.row.position, row.row.cells, _key(row), list(row.errors))
    try:
        present = _present(row, by_key)
    except BadCell as bad:
        if not any(name in _KEYS for name, _code in judged.errors):
            judged.errors.append((bad.column or "fiscal_code", bad.code))
        place_of(judged, values, {}, places)
        return judged
    before: dict[str, str] = {}
    if present:
        judged.target_id, judged.present = present["id"], present
        before = texts(present, places)
        values = without_what_is(KIND, judged, values, before, ())
    wrong = {name for name, _code in judged.errors}
    if present:
        if present["setup_id"] is None:
            judged.errors += [(name, "no_setup") for name in _CONTACT if values.get(name)]
        else:
            judged.errors += [
                (name, "missing")
                for name in ("contact_name", "contact_email")
                if name in values and not values[name] and name not in wrong
            ]
    else:
        judged.errors += [
            (name, "missing")
            for name in _NEEDED_WHEN_NEW
            if not values.get(name) and name not in wrong
        ]
    record: Record = dict.fromkeys((*_STORED, *_CONTACT)) | present
    record |= {name: value for name, value in values.items() if name not in ("id", *cells.PLACED)}
    if present:
        # A code that the file leaves out is not taken away: it is what the organisation is known by.
        for name in ("fiscal_code", "ipa_code"):
            record[name] = record[name] or present[name]
    record["municipality_code"] = place_of(judged, values, present, places)
    check_postal_code(judged, values, record, places)
    judged.record = record
    if not judged.errors and present:
        judged.changes = differences(KIND, values, before, texts(record, places))
        if judged.changes and record["municipality_code"] is None:
            judged.errors.append(("municipality", "municipality_missing"))
    return judged


def _key(row: Parsed) -> str:
    return next((known for name in _WRITTEN if (known := shown(row, name))), "")


def _present(row: Parsed, by_key: dict[tuple[str, object], list[Record]]) -> Record:
    """The organisation that the codes mean; an empty record for a new one. Raises BadCell."""
    hits = {name: by_key.get((name, row.values.get(name)), []) for name in _KEYS}
    if row.values.get("id"):
        if not hits["id"]:
            raise BadCell("identifier", "id")
        hit = hits["id"]
    else:
        hit = hits["fiscal_code"] or hits["ipa_code"]
    if len(hit) > 1:
        raise BadCell("ambiguous")
    if not hit:
        if not row.values.get("fiscal_code") and not row.values.get("ipa_code"):
            raise BadCell("code_missing")
        return {}
    (one,) = hit
    if any(other["id"] != one["id"] for others in hits.values() for other in others):
        raise BadCell("codes_disagree")
    wanted, has = row.values.get("fiscal_code"), one["fiscal_code"]
    if wanted and has and wanted != has and not row.values.get("id"):
        raise BadCell("codes_disagree")
    if "host" not in one["kinds"]:
        raise BadCell("not_a_host")
    if one["state"] == "closed":
        raise BadCell("organisation_closed")
    return one


def texts(record: Record, places: Places) -> dict[str, str]:
    return texts_of(COLUMNS, record) | place_texts(record, places)


async def write(scope: NetworkScope, rows: Sequence[Judged], who: Who, places: Places) -> None:
    updates = [row for row in rows if row.fate == "update"]
    await written.update_hosts(
        scope, [_stored(row.record, row.target_id, places) for row in updates]
    )
    await written.update_contacts(
        scope, [row.record for row in updates if row.record.get("setup_id")]
    )
    await written.tell(
        scope,
        who,
        [
            (row.target_id, "organisation.changed", {"fields": row.fields})
            for row in updates
            if row.target_id
        ],
    )
    for row in rows:
        if row.fate == "create":
            await _add(scope, row.record, who, places)


async def _add(scope: NetworkScope, record: Record, who: Who, places: Places) -> None:
    """As an admitted administration comes on board, without an application."""
    organisation_id = uuid7()
    place = places.by_code[record["municipality_code"]]
    details = Details(
        **{name: record[name] for name in _STORED if name not in ("postal_code", "website")},
        region_code=place.region,
    )
    contact = Contact(
        name=record["contact_name"],
        email=record["contact_email"],
        phone=record["contact_phone"] or "",
    )
    await organisations.add_organisation(scope, organisation_id, ["host"], details)
    await written.update_hosts(scope, [_stored(record, organisation_id, places)])
    await begin(scope, organisation_id, who.coordinator_id, ["host"], contact)
    await audit.record_for(
        scope, organisation_id, who, "organisation.invited", "organisation", organisation_id
    )
    await get_going(scope, organisation_id, who.coordinator_id, contact)
    await touch(scope, organisation_id)


def _stored(record: Record, organisation_id: UUID | None, places: Places) -> Record:
    return {
        **{name: record[name] for name in _STORED},
        "id": organisation_id,
        "name_search": fold(record["name"]),
        "region_code": places.by_code[record["municipality_code"]].region,
    }


async def prepare(scope: NetworkScope) -> None:
    await written.hold_organisations(scope)


async def export(scope: NetworkScope, places: Places) -> list[dict[str, str]]:
    return [texts(record, places) for record in await found.all_hosts(scope)]


KIND = Kind("hosts", COLUMNS, keys, ("fiscal_code",), judge, write, export, prepare)
