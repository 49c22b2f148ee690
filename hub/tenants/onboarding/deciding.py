"""Statements by which the Ente decides: exceptions, days, suspensions."""

from datetime import date
from uuid import UUID

import msgspec

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.onboarding.schemas import SetupView, Suspension


async def add_exception(
    scope: NetworkScope, setup: SetupView, code: str, reason: str, by: UUID
) -> UUID | None:
    """Its id; None where one is asked for or agreed already."""
    exception_id = uuid7()
    added = await scope.execute(
        """
        INSERT INTO setup_exceptions (id, tenant_id, setup_id, code, reason, asked_by, asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, setup_id, code) WHERE state IN ('asked', 'agreed') DO NOTHING
        """,
        exception_id,
        setup.tenant_id,
        setup.id,
        code,
        reason,
        by,
        scope.now,
    )
    return exception_id if added else None


async def decide(
    scope: NetworkScope, exception_id: UUID, state: str, by: UUID, refused_reason: str | None = None
) -> None:
    await scope.execute(
        """
        UPDATE setup_exceptions
        SET state = $2, decided_by = $3, decided_at = $4, refused_reason = $5 WHERE id = $1
        """,
        exception_id,
        state,
        by,
        scope.now,
        refused_reason,
    )


async def move_point(scope: NetworkScope, setup_id: UUID, code: str, due_on: date) -> None:
    """A later day is reminded of anew; the whole is never due before one of its parts."""
    await scope.execute(
        """
        UPDATE setup_points SET due_on = $3, reminded_at = NULL WHERE setup_id = $1 AND code = $2
        """,
        setup_id,
        code,
        due_on,
    )
    await scope.execute(
        """
        UPDATE setups SET due_on = $2, overdue_told_at = NULL, version = version + 1
        WHERE id = $1 AND due_on < $2
        """,
        setup_id,
        due_on,
    )


async def move_setup(
    scope: NetworkScope, setup_id: UUID, due_on: date, reason: str, days: int
) -> None:
    """Without `days` the reason alone is another: whoever was reminded is not reminded again."""
    await scope.execute(
        """
        UPDATE setups SET due_on = $2, due_reason = $3, version = version + 1,
          overdue_told_at = CASE WHEN due_on = $2 THEN overdue_told_at END
        WHERE id = $1
        """,
        setup_id,
        due_on,
        reason,
    )
    if not days:
        return
    await scope.execute(
        """
        UPDATE setup_points SET due_on = due_on + $2::int, reminded_at = NULL
        WHERE setup_id = $1 AND state <> 'done'
        """,
        setup_id,
        days,
    )


async def suspensions_of(
    scope: NetworkScope | TenantScope, organisation_id: UUID
) -> list[Suspension]:
    """Newest first."""
    rows = await scope.fetch(
        """
        SELECT id, reason, note, suspended_at, suspended_by, lifted_at, lifted_by FROM suspensions
        WHERE tenant_id = $1 ORDER BY suspended_at DESC, id DESC
        """,
        organisation_id,
    )
    return [msgspec.convert(dict(row), Suspension) for row in rows]


async def suspension_of(
    scope: NetworkScope | TenantScope, organisation_id: UUID
) -> Suspension | None:
    """The one that holds; none for an organisation that is only being set up."""
    newest = next(iter(await suspensions_of(scope, organisation_id)), None)
    return None if newest is None or newest.lifted_at else newest


async def add_suspension(
    scope: NetworkScope, organisation_id: UUID, reason: str, note: str, by: UUID
) -> bool:
    """False where it is suspended already. The organisation's state changes with it."""
    added = await scope.execute(
        """
        INSERT INTO suspensions (id, tenant_id, reason, note, suspended_at, suspended_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id) WHERE lifted_at IS NULL DO NOTHING
        """,
        uuid7(),
        organisation_id,
        reason,
        note,
        scope.now,
        by,
    )
    if added:
        await scope.execute(
            """
            UPDATE tenants SET state = 'suspended', suspended_at = $2, version = version + 1,
              activated_at = CASE WHEN state = 'active' THEN coalesce(activated_at, created_at)
                ELSE activated_at END
            WHERE id = $1
            """,
            organisation_id,
            scope.now,
        )
    return bool(added)


async def lift_suspension(scope: NetworkScope, organisation_id: UUID, by: UUID) -> bool:
    """False where it is not suspended. What was active before is again; what was being set up still is."""
    lifted = await scope.execute(
        """
        UPDATE suspensions SET lifted_at = $2, lifted_by = $3
        WHERE tenant_id = $1 AND lifted_at IS NULL
        """,
        organisation_id,
        scope.now,
        by,
    )
    if lifted:
        await scope.execute(
            """
            UPDATE tenants SET suspended_at = NULL, version = version + 1,
              state = CASE WHEN state = 'closed' THEN 'closed'
                WHEN activated_at IS NULL THEN 'suspended' ELSE 'active' END
            WHERE id = $1
            """,
            organisation_id,
        )
    return bool(lifted)


async def what_stops(scope: NetworkScope, organisation_id: UUID) -> tuple[int, int, int]:
    """How many desks are open, people active and cases open."""
    row = await scope.fetchrow(
        """
        SELECT (SELECT count(*) FROM desks WHERE tenant_id = $1 AND state = 'active'),
          (SELECT count(*) FROM memberships WHERE tenant_id = $1 AND state = 'active'),
          coalesce((SELECT number FROM network_facts
            WHERE tenant_id = $1 AND name = 'open_cases'), 0)
        """,
        organisation_id,
    )
    return (row[0], row[1], row[2]) if row else (0, 0, 0)
