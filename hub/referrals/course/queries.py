"""Statements of what is recorded on a case: its consultations and milestones."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from asyncpg import Record

from hub.db import TenantScope
from hub.ids import uuid7
from hub.referrals.cases.holding import LockedCase


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


async def milestones_of(scope: TenantScope, case_id: UUID) -> Sequence[Record]:
    return await scope.fetch(
        """
        SELECT s.kind, s.reached_on, s.recorded_at, m.name AS recorded_by
        FROM milestones s LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.id = s.recorded_by
        WHERE s.case_id = $1
        """,
        case_id,
    )
