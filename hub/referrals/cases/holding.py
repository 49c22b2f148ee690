"""Statements that hold a case, and the desk at which it is, while somebody writes on it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hub.db import TenantScope
from hub.referrals.desks import Desks, within


@dataclass(frozen=True, slots=True)
class LockedCase:
    id: UUID
    citizen_id: UUID
    desk_id: UUID
    state: str
    milestone: str
    opened_at: datetime
    assigned_to: UUID
    is_test: bool


@dataclass(frozen=True, slots=True)
class Place:
    """At which desk a case is, and whether it is one of the test cases, which never changes."""

    desk_id: UUID
    is_test: bool


@dataclass(frozen=True, slots=True)
class Desk:
    id: UUID
    region_code: str
    state: str


async def place_of_case(scope: TenantScope, desks: Desks, case_id: UUID) -> Place | None:
    """Before the case is locked, since the desk's lock comes first; the case may move until then."""
    args: list[object] = [case_id]
    row = await scope.fetchrow(
        f"SELECT desk_id, is_test FROM cases WHERE id = $1 AND {within(desks, 'desk_id', args)}",
        *args,
    )
    return Place(*row) if row else None


async def lock_case(scope: TenantScope, case_id: UUID) -> LockedCase | None:
    """Whoever writes on a case waits here for who is already writing."""
    row = await scope.fetchrow(
        """
        SELECT id, citizen_id, desk_id, state, milestone, opened_at, assigned_to, is_test FROM cases
        WHERE id = $1 FOR UPDATE
        """,
        case_id,
    )
    return LockedCase(*row) if row else None


async def hold_desk(scope: TenantScope, desk_id: UUID) -> Desk | None:
    """Nobody closes it until the transaction is over; waits for whoever is closing it."""
    return await _desk(scope, desk_id, "FOR SHARE")


async def lock_desk(scope: TenantScope, desk_id: UUID) -> Desk | None:
    """The same, and one after the other."""
    return await _desk(scope, desk_id, "FOR NO KEY UPDATE")


async def _desk(scope: TenantScope, desk_id: UUID, lock: str) -> Desk | None:
    row = await scope.fetchrow(
        f"SELECT id, region_code, state FROM desks WHERE tenant_id = $1 AND id = $2 {lock}",
        scope.tenant_id,
        desk_id,
    )
    return Desk(*row) if row else None


async def consulted(scope: TenantScope, desk_id: UUID, held_on: date) -> None:
    """Move the day of the desk's last consultation forward; where it does not move, the desk is not locked."""
    await scope.execute(
        """
        UPDATE desks SET last_consultation_on = $3
        WHERE tenant_id = $1 AND id = $2
          AND (last_consultation_on IS NULL OR last_consultation_on < $3)
        """,
        scope.tenant_id,
        desk_id,
        held_on,
    )
