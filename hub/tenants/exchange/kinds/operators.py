"""People: known by their organisation and their address. A new one is invited; members change among themselves."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.exchange import cells, found, written
from hub.tenants.exchange.cells import Column, Vocabulary
from hub.tenants.exchange.judging import differences, shown, texts_of, without_what_is
from hub.tenants.exchange.kinds.owners import ORGANISATION, ORGANISATION_NAME, owner_of, owners
from hub.tenants.exchange.places import Places
from hub.tenants.exchange.schemas import Judged, Kind, Organisation, Parsed, Record, Who
from hub.tenants.people.asking import roles_for
from hub.tenants.people.first_administrator import Administration, administrations
from hub.tenants.people.invite import INVITATION_LASTS
from hub.tenants.people.schemas import ROLES
from hub.tenants.territory.build_data import fold
from hub.web.i18n import N_

_ROLES = Vocabulary(ROLES)
OPERATOR, ADMIN = "operator", "admin"
# Of whoever is limited to some desks and has none that is open: an empty cell means all.
NO_DESK = "nessuno"
_NO_DESK_ENGLISH = "none"

COLUMNS = (
    ORGANISATION,
    ORGANISATION_NAME,
    Column("email", "E-mail", "E-mail", cells.email, required=True),
    Column("name", "Nome e cognome", "Name", cells.text(120), required=True),
    Column(
        "role",
        "Ruolo",
        "Role",
        _ROLES.read,
        _ROLES.write,
        values=ROLES,
        help=N_("Empty means operator."),
    ),
    Column(
        "desks",
        "Sportelli",
        "Desks",
        cells.parts,
        cells.joined(),
        help=N_(
            "Names of the desks to which the person is limited, parted by a semicolon; empty means all."
            " “nessuno” stands for people who are there already and see no desk."
        ),
    ),
)

DeskIds = dict[tuple[UUID, str], list[UUID]]


def keys(parsed: Parsed) -> Sequence[str]:
    values = parsed.values
    if not values.get("organisation") or not values.get("email"):
        return []
    return [f"{values['organisation']}\n{values['email']}"]


async def judge(
    scope: NetworkScope,
    rows: Sequence[Parsed],
    places: Places,  # noqa: ARG001 - what a judge of every kind is given
    *,
    lock: bool,
) -> list[Judged]:
    named = await owners(scope, rows)
    ids = list({one.id for ones in named.values() for one in ones})
    emails = [row.values["email"] for row in rows if row.values.get("email")]
    # Whoever may hold an organisation is held before its invitations, as elsewhere.
    decided_by = await administrations(scope, ids, lock=lock)
    members = {
        (one["tenant_id"], one["email"]): one for one in await found.members(scope, ids, emails)
    }
    invited = {
        (one["tenant_id"], one["email"]): one
        for one in await found.invitations(scope, ids, emails, lock=lock)
    }
    names = await found.desk_names(scope, ids)
    desk_ids: DeskIds = {}
    for organisation, desk, name in names:
        desk_ids.setdefault((organisation, fold(name)), []).append(desk)
    called = {desk: name for _owner, desk, name in names}
    judged = []
    for row in rows:
        one = Judged(row.row.position, row.row.cells, _key(row), list(row.errors))
        owner = owner_of(one, row.values.get("organisation"), named)
        if owner and row.values.get("email"):
            key = (owner.id, row.values["email"])
            known = members.get(key) or invited.get(key) or {}
            if key not in members and known and known["expires_at"] <= scope.now:
                known = {}  # It ran out, and makes place for a new one.
            values = row.values
            if known:
                one.target_id, one.present = known["id"], known
                there = texts(owner, known, called)
                values = without_what_is(KIND, one, values, there, KIND.key_columns)
            one.record = _wanted(one, values, owner, desk_ids)
            if key in members:
                _as_member(one, values, owner, called)
            elif known:
                _as_invited(one, values, owner, called)
            _check_role(one, owner, decided_by[owner.id])
        judged.append(one)
    return judged


def _check_role(judged: Judged, owner: Organisation, decided_by: Administration) -> None:
    """Of whoever is new in it; who has it already, keeps it. Once somebody there decides, the Ente lets nobody in."""
    role = judged.record.get("role")
    if role == judged.present.get("role"):
        return
    if decided_by.has_administrator or (role == ADMIN and not decided_by.is_vacant):
        judged.errors.append(("role", "has_administrator"))
    elif role not in roles_for(owner.kinds):
        judged.errors.append(("role", "role_of_ente"))


def _key(row: Parsed) -> str:
    return " · ".join(filter(None, (shown(row, "organisation"), shown(row, "email"))))


def _wanted(
    judged: Judged, values: dict[str, Any], owner: Organisation, desk_ids: DeskIds
) -> Record:
    named = values.get("desks") or ()
    known = _desks(named, owner, desk_ids)
    if any(len(same) > 1 for same in known):
        # From before no two could be called alike: which of their citizens the person would see, nobody said.
        judged.errors.append(("desks", "desk_ambiguous"))
    if [] in known:
        if not _says_none(named):
            judged.errors.append(("desks", "desk_unknown"))
        elif not judged.present:
            judged.errors.append(("desks", "desks_none"))
    return {
        "tenant_id": owner.id,
        "email": values["email"],
        "name": values.get("name"),
        "role": values.get("role") or OPERATOR,
        "desk_ids": tuple(sorted(desk for same in known for desk in same)) if named else None,
        "locale": owner.locale,
    }


def _says_none(named: Sequence[str]) -> bool:
    return [fold(part) for part in named] in ([NO_DESK], [_NO_DESK_ENGLISH])


def _desks(parts: Sequence[str], owner: Organisation, desk_ids: DeskIds) -> list[list[UUID]]:
    """For each name those that are called so. A name may hold a semicolon itself: the longest run of parts that is
    a name, is one."""
    known: list[list[UUID]] = []
    start = 0
    while start < len(parts):
        for end in range(len(parts), start, -1):
            same = desk_ids.get((owner.id, fold(" ".join(parts[start:end]))), [])
            if same or end == start + 1:
                known.append(same)
                start = end
                break
    return known


def _as_member(
    judged: Judged, values: dict[str, Any], owner: Organisation, called: dict[UUID, str]
) -> None:
    """Only the name: what a person may do in an organisation is the organisation's to say."""
    member, record = judged.present, judged.record
    if member["support"] or ("role" in values and record["role"] != member["role"]):
        judged.errors.append(("role", "role_differs"))
    if "desks" in values and record["desk_ids"] != _open(member["desk_ids"], called):
        judged.errors.append(("desks", "desks_differ"))
    judged.record = {**member, "name": values.get("name", member["name"]), "member": True}
    _tell_changes(judged, values, owner, called)


def _as_invited(
    judged: Judged, values: dict[str, Any], owner: Organisation, called: dict[UUID, str]
) -> None:
    """An open one is put right, where the Ente sent it."""
    invitation, record = judged.present, judged.record
    for name, column in (("name", "name"), ("role", "role"), ("desk_ids", "desks")):
        if column not in values:
            record[name] = invitation[name]
    record |= {"id": invitation["id"], "member": False}
    theirs = invitation["support"] or invitation["invited_by"] is not None
    if invitation["support"] or (theirs and record["role"] != invitation["role"]):
        judged.errors.append(("role", "role_differs"))
    if theirs and "desks" in values and record["desk_ids"] != _open(invitation["desk_ids"], called):
        judged.errors.append(("desks", "invited_desks_differ"))
    elif (
        record["desk_ids"] == ()
        and _says_none(values.get("desks") or ())
        and _open(invitation["desk_ids"], called) != ()
    ):
        # As the form refuses it: whoever joins with no desk would see nothing.
        judged.errors.append(("desks", "desks_none"))
    _tell_changes(judged, values, owner, called)


def _open(desk_ids: tuple[UUID, ...] | None, called: dict[UUID, str]) -> tuple[UUID, ...] | None:
    """Without those that were closed since, which no file can name."""
    return None if desk_ids is None else tuple(desk for desk in desk_ids if desk in called)


def _tell_changes(
    judged: Judged, values: dict[str, Any], owner: Organisation, called: dict[UUID, str]
) -> None:
    if not judged.errors:
        before = texts(owner, judged.present, called)
        judged.changes = differences(KIND, values, before, texts(owner, judged.record, called))


def texts(owner: Organisation, person: Record, called: dict[UUID, str]) -> dict[str, str]:
    desks = _open(person.get("desk_ids"), called)
    names = tuple(sorted(called[desk] for desk in desks or ()))
    if desks == ():
        names = (NO_DESK,)
    whole = {**person, "organisation": owner.reference, "organisation_name": owner.name}
    return texts_of(COLUMNS, {**whole, "desks": names})


async def write(
    scope: NetworkScope,
    rows: Sequence[Judged],
    who: Who,
    places: Places,  # noqa: ARG001 - what every kind's is given
) -> None:
    updates = [row for row in rows if row.fate == "update"]
    changed = [row.record for row in updates]
    await written.rename_members(scope, [one for one in changed if one["member"]])
    await written.update_invitations(scope, [one for one in changed if not one["member"]])
    await _tell_changed(scope, updates, who)
    new = [row.record for row in rows if row.fate == "create"]
    for one in new:
        one["id"] = uuid7()
    await written.add_invitations(scope, new, scope.now + INVITATION_LASTS)
    await written.order_all(
        scope,
        "people.send_invitation",
        [(one["tenant_id"], {"invitation_id": str(one["id"])}) for one in new],
    )
    await written.tell(
        scope,
        who,
        [
            (
                one["tenant_id"],
                "invitation.sent",
                {"invitation": str(one["id"]), "role": one["role"]},
            )
            for one in new
        ],
    )
    await written.touch_all(scope, {one["tenant_id"] for one in (*new, *changed)})


async def _tell_changed(scope: NetworkScope, rows: Sequence[Judged], who: Who) -> None:
    told: list[tuple[UUID, str, dict[str, str]]] = []
    for row in rows:
        one, about = row.record, str(row.record["id"])
        if one["member"]:
            action, codes = "membership.renamed", {"member": about}
        else:
            action, codes = "invitation.changed", {"invitation": about, "role": one["role"]}
        told.append((one["tenant_id"], action, {**codes, "fields": row.fields}))
    await written.tell(scope, who, told)


async def export(
    scope: NetworkScope,
    places: Places,  # noqa: ARG001 - what every kind's is given
) -> list[dict[str, str]]:
    people = await found.all_people(scope)
    names = await found.desk_names(scope, list({owner.id for owner, _person in people}))
    called = {desk: name for _owner, desk, name in names}
    return [texts(owner, person, called) for owner, person in people]


KIND = Kind("operators", COLUMNS, keys, ("organisation", "email"), judge, write, export)
