"""Statements of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from hub.api.paging import Position
from hub.db import TenantScope
from hub.referrals.cases.schemas import TEST, FilterCases
from hub.referrals.desks import Desks, within

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
    is_test: bool

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
    is_test: bool
    assigned_to: UUID
    in_charge: str
    in_charge_here: bool
    """Whether who is in charge still belongs to the organisation."""


_ROW = """
SELECT c.id, c.number, z.family_name, z.given_name, d.name AS desk_name, c.kind, c.amount_cents,
       c.currency, c.state, c.milestone, c.updated_at, c.is_test
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
    in_charge: UUID | None = None,
    after: Position | None = None,
    limit: int,
) -> list[CaseRow]:
    """The last changed first. Real cases, or test cases where the filter's state says so."""
    args: list[object] = []
    tests = filters.state == TEST
    conditions = [within(desks, "desk_id", args), "is_test" if tests else "NOT is_test"]
    for column, value in (
        ("state", None if tests else filters.state),
        ("milestone", filters.milestone),
        ("desk_id", filters.desk),
        ("assigned_to", in_charge),
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
    """How many cases there are, by state and furthest milestone; test cases have a state of their own."""
    args: list[object] = []
    rows = await scope.fetch(
        f"""
        SELECT CASE WHEN is_test THEN '{TEST}' ELSE state END, milestone, count(*) FROM cases
        WHERE {within(desks, "desk_id", args)} GROUP BY 1, 2
        """,
        *args,
    )
    return {(row[0], row[1]): row[2] for row in rows}


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
    args: list[object] = [case_id, scope.now]
    row = await scope.fetchrow(
        f"""
        SELECT c.id, c.number, c.kind, c.purpose, c.amount_cents, c.currency, c.region_code,
               r.name, c.state, c.milestone, c.opened_at, o.name, c.desk_id, d.name,
               z.id, z.codice_fiscale, z.given_name, z.family_name, z.birth_date, z.email, z.phone,
               m.name, m.province_code, c.is_test, c.assigned_to, a.name,
               a.state = 'active' AND (a.expires_at IS NULL OR a.expires_at > $2)
        FROM cases c {_JOINED}
        JOIN regions r ON r.code = c.region_code
        JOIN memberships o ON o.tenant_id = c.tenant_id AND o.id = c.opened_by
        JOIN memberships a ON a.tenant_id = c.tenant_id AND a.id = c.assigned_to
        LEFT JOIN municipalities m ON m.istat_code = z.municipality_code
        WHERE c.id = $1 AND {within(desks, "c.desk_id", args)}
        """,
        *args,
    )
    return CaseDetails(*row) if row else None


async def desk_for_test(scope: TenantScope, desks: Desks) -> UUID | None:
    """One that is being set up rather than one that is open; never one that is closed."""
    args: list[object] = [scope.tenant_id]
    found: UUID | None = await scope.fetchval(
        f"""
        SELECT id FROM desks WHERE tenant_id = $1 AND state <> 'closed' AND {within(desks, "id", args)}
        ORDER BY state = 'setting_up' DESC, name, id LIMIT 1
        """,
        *args,
    )
    return found


async def open_test_case(scope: TenantScope, desk_id: UUID) -> UUID | None:
    """The desk's test case that can still be sent, or waits for its answer."""
    found: UUID | None = await scope.fetchval(
        """
        SELECT c.id FROM cases c
        WHERE c.desk_id = $1 AND c.is_test AND c.state = 'open' AND NOT EXISTS (
          SELECT FROM referrals r
          WHERE r.tenant_id = c.tenant_id AND r.case_id = c.id AND r.state = 'placed')
        ORDER BY c.updated_at DESC LIMIT 1
        """,
        desk_id,
    )
    return found


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
    is_test: bool = False,
) -> None:
    await scope.execute(
        """
        INSERT INTO cases
          (id, tenant_id, number, citizen_id, desk_id, kind, purpose, amount_cents, region_code,
           state, milestone, opened_at, opened_by, assigned_to, updated_at, is_test)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 'opened', $10, $11, $11, $10, $12)
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
        is_test,
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
