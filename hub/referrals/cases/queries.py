"""Statements of citizens, cases and what is recorded on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from hub.api.paging import Position
from hub.db import TenantScope
from hub.ids import uuid7
from hub.referrals.cases.schemas import FilterCases

# The desks whose cases a person sees; None for all of the organisation's.
Desks = frozenset[UUID] | None

# `name_search` holds small letters, digits and blanks only, all of which sort before this.
_BEHIND_LETTERS = "{"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list."""

    id: UUID
    number: str
    family_name: str
    given_name: str
    desk_name: str
    kind: str
    amount_cents: int
    currency: str
    state: str
    milestone: str
    updated_at: datetime

    @property
    def position(self) -> Position:
        return Position(self.updated_at, self.id)


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """A case with its citizen, as its page shows them."""

    id: UUID
    number: str
    kind: str
    purpose: str
    amount_cents: int
    currency: str
    region_code: str
    region_name: str
    state: str
    milestone: str
    opened_at: datetime
    opened_by: str
    desk_id: UUID
    desk_name: str
    citizen_id: UUID
    codice_fiscale: bytes | None
    given_name: str
    family_name: str
    birth_date: date | None
    email: str | None
    phone: str | None
    municipality: str | None
    province_code: str | None


@dataclass(frozen=True, slots=True)
class KnownCitizen:
    """`visible` where one of the citizen's cases is within the reader's desks."""

    id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    visible: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen to be. `codice_fiscale` is ciphertext, `token` what it is found by."""

    given_name: str
    family_name: str
    name_search: str
    codice_fiscale: bytes | None
    token: bytes | None
    birth_date: date | None
    email: str | None
    phone: str | None
    municipality_code: str | None


@dataclass(frozen=True, slots=True)
class LockedCase:
    id: UUID
    citizen_id: UUID
    desk_id: UUID
    state: str
    milestone: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    version: str
    text: str


def within(desks: Desks, column: str, args: list[object]) -> str:
    """The condition that keeps a person limited to some desks to them. There is no other place for it."""
    if desks is None:
        return "true"
    args.append(list(desks))
    return f"{column} = ANY(${len(args)})"


_ROW = """
SELECT c.id, c.number, z.family_name, z.given_name, d.name AS desk_name, c.kind, c.amount_cents,
       c.currency, c.state, c.milestone, c.updated_at
"""
_JOINED = """
JOIN citizens z ON z.tenant_id = c.tenant_id AND z.id = c.citizen_id
JOIN desks d ON d.tenant_id = c.tenant_id AND d.id = c.desk_id
"""


async def list_cases(
    scope: TenantScope,
    desks: Desks,
    filters: FilterCases,
    *,
    after: Position | None = None,
    limit: int,
) -> list[CaseRow]:
    """The last changed first."""
    args: list[object] = []
    conditions = [within(desks, "desk_id", args)]
    for column, value in (
        ("state", filters.state),
        ("milestone", filters.milestone),
        ("desk_id", filters.desk),
    ):
        if value is not None:
            args.append(value)
            conditions.append(f"{column} = ${len(args)}")
    if after:
        args += [after.at, after.id]
        conditions.append(f"(updated_at, id) < (${len(args) - 1}, ${len(args)})")
    args.append(limit)
    # The page is cut before the joins, which then meet its rows only.
    rows = await scope.fetch(
        f"""
        {_ROW} FROM (
          SELECT * FROM cases WHERE {" AND ".join(conditions)}
          ORDER BY updated_at DESC, id DESC LIMIT ${len(args)}
        ) c {_JOINED}
        ORDER BY c.updated_at DESC, c.id DESC
        """,
        *args,
    )
    return [CaseRow(*row) for row in rows]


async def count_cases(scope: TenantScope, desks: Desks) -> dict[tuple[str, str], int]:
    """How many cases there are, by state and furthest milestone."""
    args: list[object] = []
    rows = await scope.fetch(
        f"""
        SELECT state, milestone, count(*) FROM cases
        WHERE {within(desks, "desk_id", args)} GROUP BY state, milestone
        """,
        *args,
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def cases_by_name(
    scope: TenantScope, desks: Desks, folded: Sequence[str], limit: int
) -> list[CaseRow]:
    """Cases of citizens whose folded name, family name first, begins with one of `folded`."""
    args: list[object] = [limit]
    ranges = []
    for name in folded:
        args += [name, name + _BEHIND_LETTERS]
        # Not LIKE, which is not leakproof and would lose the index to row security.
        ranges.append(f"z.name_search ~>=~ ${len(args) - 1} AND z.name_search ~<~ ${len(args)}")
    rows = await scope.fetch(
        f"""
        {_ROW} FROM citizens z
        JOIN cases c ON c.tenant_id = z.tenant_id AND c.citizen_id = z.id
        JOIN desks d ON d.tenant_id = c.tenant_id AND d.id = c.desk_id
        WHERE ({" OR ".join(ranges)}) AND {within(desks, "c.desk_id", args)}
        ORDER BY z.name_search, c.updated_at DESC LIMIT $1
        """,
        *args,
    )
    return [CaseRow(*row) for row in rows]


async def cases_by_token(
    scope: TenantScope, desks: Desks, token: bytes, limit: int
) -> list[CaseRow]:
    """Cases of the citizen with that codice fiscale."""
    args: list[object] = [token, limit]
    rows = await scope.fetch(
        f"""
        {_ROW} FROM citizens z
        JOIN cases c ON c.tenant_id = z.tenant_id AND c.citizen_id = z.id
        JOIN desks d ON d.tenant_id = c.tenant_id AND d.id = c.desk_id
        WHERE z.codice_fiscale_token = $1 AND {within(desks, "c.desk_id", args)}
        ORDER BY c.updated_at DESC LIMIT $2
        """,
        *args,
    )
    return [CaseRow(*row) for row in rows]


async def cases_of_citizen(scope: TenantScope, desks: Desks, citizen_id: UUID) -> list[CaseRow]:
    args: list[object] = [citizen_id]
    rows = await scope.fetch(
        f"""
        {_ROW} FROM cases c {_JOINED}
        WHERE c.citizen_id = $1 AND {within(desks, "c.desk_id", args)}
        ORDER BY c.opened_at DESC
        """,
        *args,
    )
    return [CaseRow(*row) for row in rows]


async def case_id_by_number(scope: TenantScope, desks: Desks, number: str) -> UUID | None:
    args: list[object] = [number]
    found: UUID | None = await scope.fetchval(
        f"SELECT id FROM cases WHERE number = $1 AND {within(desks, 'desk_id', args)}", *args
    )
    return found


async def case_details(scope: TenantScope, desks: Desks, case_id: UUID) -> CaseDetails | None:
    args: list[object] = [case_id]
    row = await scope.fetchrow(
        f"""
        SELECT c.id, c.number, c.kind, c.purpose, c.amount_cents, c.currency, c.region_code,
               r.name, c.state, c.milestone, c.opened_at, o.name, c.desk_id, d.name,
               z.id, z.codice_fiscale, z.given_name, z.family_name, z.birth_date, z.email, z.phone,
               m.name, m.province_code
        FROM cases c {_JOINED}
        JOIN regions r ON r.code = c.region_code
        JOIN memberships o ON o.tenant_id = c.tenant_id AND o.id = c.opened_by
        LEFT JOIN municipalities m ON m.istat_code = z.municipality_code
        WHERE c.id = $1 AND {within(desks, "c.desk_id", args)}
        """,
        *args,
    )
    return CaseDetails(*row) if row else None


async def lock_case(scope: TenantScope, desks: Desks, case_id: UUID) -> LockedCase | None:
    """Whoever writes on a case waits here for who is already writing."""
    args: list[object] = [case_id]
    row = await scope.fetchrow(
        f"""
        SELECT id, citizen_id, desk_id, state, milestone, opened_at FROM cases
        WHERE id = $1 AND {within(desks, "desk_id", args)} FOR UPDATE
        """,
        *args,
    )
    return LockedCase(*row) if row else None


async def known_citizen(scope: TenantScope, desks: Desks, citizen_id: UUID) -> KnownCitizen | None:
    """One of the organisation's citizens, also where `desks` has no case of theirs: see `visible`."""
    found = await _known(scope, desks, "z.id = $1", citizen_id)
    return found[0] if found else None


async def citizen_by_token(scope: TenantScope, desks: Desks, token: bytes) -> KnownCitizen | None:
    found = await _known(scope, desks, "z.codice_fiscale_token = $1", token)
    return found[0] if found else None


async def namesakes(
    scope: TenantScope,
    desks: Desks,
    folded: str,
    birth_date: date | None,
    *,
    without_code: bool,
) -> list[KnownCitizen]:
    """Citizens of that very name, born that day where both days are known, whom the reader may see.

    `without_code` looks only at those whose codice fiscale is not known: the others are surely someone else.
    """
    condition = "z.name_search = $1" + (" AND z.codice_fiscale IS NULL" if without_code else "")
    return [
        one
        for one in await _known(scope, desks, condition, folded)
        if one.visible and (birth_date is None or one.birth_date in (None, birth_date))
    ]


async def _known(
    scope: TenantScope, desks: Desks, condition: str, value: object
) -> list[KnownCitizen]:
    args: list[object] = [value]
    rows = await scope.fetch(
        f"""
        SELECT z.id, z.family_name, z.given_name, z.birth_date,
               EXISTS (SELECT FROM cases c WHERE c.tenant_id = z.tenant_id AND c.citizen_id = z.id
                       AND {within(desks, "c.desk_id", args)})
        FROM citizens z WHERE {condition} ORDER BY z.created_at LIMIT 5
        """,
        *args,
    )
    return [KnownCitizen(*row) for row in rows]


async def add_citizen(scope: TenantScope, person: Person, created_by: UUID) -> UUID | None:
    """None where someone has just added the same codice fiscale."""
    added: UUID | None = await scope.fetchval(
        """
        INSERT INTO citizens
          (id, tenant_id, given_name, family_name, name_search, codice_fiscale,
           codice_fiscale_token, birth_date, email, phone, municipality_code, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (tenant_id, codice_fiscale_token) DO NOTHING RETURNING id
        """,
        uuid7(),
        scope.tenant_id,
        person.given_name,
        person.family_name,
        person.name_search,
        person.codice_fiscale,
        person.token,
        person.birth_date,
        person.email,
        person.phone,
        person.municipality_code,
        scope.now,
        created_by,
    )
    return added


async def complete_citizen(scope: TenantScope, citizen_id: UUID, person: Person) -> bool:
    """Fill in what was not known of a citizen; nothing that is known is replaced. True where something was new."""
    return (
        await scope.execute(
            """
            UPDATE citizens SET
              codice_fiscale = CASE WHEN codice_fiscale_token IS NULL THEN $2 ELSE codice_fiscale END,
              codice_fiscale_token = coalesce(codice_fiscale_token, $3),
              birth_date = coalesce(birth_date, $4), email = coalesce(email, $5),
              phone = coalesce(phone, $6), municipality_code = coalesce(municipality_code, $7),
              version = version + 1
            WHERE id = $1 AND (
              (codice_fiscale_token IS NULL AND $3::bytea IS NOT NULL)
              OR (birth_date IS NULL AND $4::date IS NOT NULL) OR (email IS NULL AND $5::text IS NOT NULL)
              OR (phone IS NULL AND $6::text IS NOT NULL)
              OR (municipality_code IS NULL AND $7::text IS NOT NULL))
            """,
            citizen_id,
            person.codice_fiscale,
            person.token,
            person.birth_date,
            person.email,
            person.phone,
            person.municipality_code,
        )
        > 0
    )


async def next_serial(scope: TenantScope) -> int:
    serial: int = await scope.fetchval("SELECT nextval('case_numbers')")
    return serial


async def add_case(
    scope: TenantScope,
    *,
    case_id: UUID,
    number: str,
    citizen_id: UUID,
    desk_id: UUID,
    kind: str,
    purpose: str,
    amount_cents: int,
    region_code: str,
    opened_by: UUID,
) -> None:
    await scope.execute(
        """
        INSERT INTO cases
          (id, tenant_id, number, citizen_id, desk_id, kind, purpose, amount_cents, region_code,
           state, milestone, opened_at, opened_by, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 'opened', $10, $11, $10)
        """,
        case_id,
        scope.tenant_id,
        number,
        citizen_id,
        desk_id,
        kind,
        purpose,
        amount_cents,
        region_code,
        scope.now,
        opened_by,
    )


async def change_case(scope: TenantScope, case_id: UUID, *, state: str, milestone: str) -> None:
    """Also puts the case at the top of the list."""
    await scope.execute(
        """
        UPDATE cases SET state = $2, milestone = $3, updated_at = $4, version = version + 1,
          closed_at = CASE WHEN $2 = 'closed' THEN coalesce(closed_at, $4) END
        WHERE id = $1
        """,
        case_id,
        state,
        milestone,
        scope.now,
    )


async def add_consultation(
    scope: TenantScope,
    case: LockedCase,
    *,
    channel: str,
    held_on: date,
    minutes: int | None,
    topics: Sequence[str],
    notes: str,
    recorded_by: UUID,
) -> UUID:
    consultation_id = uuid7()
    await scope.execute(
        """
        INSERT INTO consultations
          (id, tenant_id, citizen_id, case_id, desk_id, channel, held_on, minutes, topics, notes,
           recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        consultation_id,
        scope.tenant_id,
        case.citizen_id,
        case.id,
        case.desk_id,
        channel,
        held_on,
        minutes,
        list(topics),
        notes,
        scope.now,
        recorded_by,
    )
    return consultation_id


async def consultations_of(scope: TenantScope, case_id: UUID) -> Sequence[Record]:
    """The latest first, with who recorded them."""
    return await scope.fetch(
        """
        SELECT k.id, k.channel, k.held_on, k.minutes, k.topics, k.notes, k.recorded_at,
               m.name AS recorded_by
        FROM consultations k JOIN memberships m ON m.tenant_id = k.tenant_id AND m.id = k.recorded_by
        WHERE k.case_id = $1 ORDER BY k.held_on DESC, k.recorded_at DESC
        """,
        case_id,
    )


async def milestones_of(scope: TenantScope, case_id: UUID) -> Sequence[Record]:
    return await scope.fetch(
        """
        SELECT s.kind, s.reached_on, s.recorded_at, m.name AS recorded_by
        FROM milestones s LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.id = s.recorded_by
        WHERE s.case_id = $1
        """,
        case_id,
    )


async def set_milestone(
    scope: TenantScope, case_id: UUID, kind: str, reached_on: date, recorded_by: UUID | None
) -> None:
    """A second recording of a milestone corrects its day."""
    await scope.execute(
        """
        INSERT INTO milestones (id, tenant_id, case_id, kind, reached_on, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, case_id, kind) DO UPDATE SET reached_on = excluded.reached_on,
          recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
        """,
        uuid7(),
        scope.tenant_id,
        case_id,
        kind,
        reached_on,
        scope.now,
        recorded_by,
    )


async def bring_milestone_forward(
    scope: TenantScope, case_id: UUID, kind: str, reached_on: date
) -> None:
    """Set the milestone's day, unless it was reached earlier already."""
    await scope.execute(
        """
        INSERT INTO milestones (id, tenant_id, case_id, kind, reached_on, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, case_id, kind) DO UPDATE SET reached_on = excluded.reached_on
        WHERE milestones.reached_on > excluded.reached_on
        """,
        uuid7(),
        scope.tenant_id,
        case_id,
        kind,
        reached_on,
        scope.now,
    )


async def remove_milestone(scope: TenantScope, case_id: UUID, kind: str) -> None:
    await scope.execute("DELETE FROM milestones WHERE case_id = $1 AND kind = $2", case_id, kind)


async def desks_to_choose(scope: TenantScope, desks: Desks) -> Sequence[Record]:
    """The organisation's desks that receive citizens. Desks are directory data, which row security shows to all."""
    args: list[object] = [scope.tenant_id]
    return await scope.fetch(
        f"""
        SELECT id, name, region_code, state FROM desks
        WHERE tenant_id = $1 AND {within(desks, "id", args)} ORDER BY name, id
        """,
        *args,
    )


async def current_notice(scope: TenantScope, locale: str, day: date) -> Notice | None:
    """The privacy notice in force, in the reader's language where there is a translation, else in Italian."""
    row = await scope.fetchrow(
        """
        SELECT version, text FROM privacy_notices WHERE valid_from <= $1 AND locale IN ($2, 'it')
        ORDER BY valid_from DESC, version DESC, locale = $2 DESC LIMIT 1
        """,
        day,
        locale,
    )
    return Notice(*row) if row else None
