"""Statements that make set-ups with their points and desks, and end them. All are the network's."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from hub.db import NetworkScope
from hub.ids import uuid7


class NewDesk(NamedTuple):
    id: UUID
    name: str
    municipality_code: str
    address: str
    opening_hours: str


async def is_admitted(scope: NetworkScope, application_id: UUID, first_desk_id: UUID) -> bool:
    """Whether a set-up was made of this application, or its desks joined one that was running."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM setups WHERE application_id = $1)
          OR EXISTS (SELECT FROM desks WHERE id = $2)
        """,
        application_id,
        first_desk_id,
    )
    return found


async def desk_names(scope: NetworkScope, organisation_id: UUID) -> list[str]:
    """Those that are taken; a desk that was closed before it ever opened takes none."""
    rows = await scope.fetch(
        "SELECT name FROM desks WHERE tenant_id = $1 AND (state <> 'closed' OR opened_on IS NOT NULL)",
        organisation_id,
    )
    return [row[0] for row in rows]


async def add_desks(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID, desks: Sequence[NewDesk]
) -> None:
    await scope.executemany(
        """
        INSERT INTO desks (id, tenant_id, setup_id, name, state, municipality_code, region_code,
          address, opening_hours, latitude, longitude)
        SELECT $1, $2, $3, $4, 'setting_up', istat_code, region_code, $6, $7, latitude, longitude
        FROM municipalities WHERE istat_code = $5
        """,
        [
            (
                desk.id,
                organisation_id,
                setup_id,
                desk.name,
                desk.municipality_code,
                desk.address,
                desk.opening_hours,
            )
            for desk in desks
        ],
    )


async def running_setup(
    scope: NetworkScope, organisation_id: UUID
) -> tuple[UUID, tuple[str, ...]] | None:
    """Id and kinds; nobody else changes it until the transaction ends."""
    row = await scope.fetchrow(
        "SELECT id, kinds FROM setups WHERE tenant_id = $1 AND state = 'running' FOR UPDATE",
        organisation_id,
    )
    return (row[0], tuple(row[1])) if row else None


async def add_setup(
    scope: NetworkScope,
    organisation_id: UUID,
    coordinator_id: UUID,
    kinds: Sequence[str],
    *,
    application_id: UUID | None,
    contact: tuple[str, str, str, str],
    due_on: date,
) -> UUID:
    """`contact` is name, e-mail address, telephone and locale."""
    setup_id = uuid7()
    await scope.execute(
        """
        INSERT INTO setups (id, tenant_id, coordinator_id, application_id, kinds, contact_name,
          contact_email, contact_phone, locale, started_at, due_on)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        setup_id,
        organisation_id,
        coordinator_id,
        application_id,
        list(kinds),
        *contact,
        scope.now,
        due_on,
    )
    return setup_id


async def widen_setup(scope: NetworkScope, setup_id: UUID, kinds: Sequence[str]) -> None:
    await scope.execute(
        """
        UPDATE setups SET kinds = $2, version = version + 1 WHERE id = $1
        """,
        setup_id,
        list(kinds),
    )


async def narrow_setup(
    scope: NetworkScope, setup_id: UUID, kinds: Sequence[str], codes: Sequence[str]
) -> None:
    """To these kinds, and these points."""
    await widen_setup(scope, setup_id, kinds)
    await scope.execute(
        """
        UPDATE setup_exceptions SET state = 'withdrawn'
        WHERE setup_id = $1 AND code <> ALL ($2::text[]) AND state = 'asked'
        """,
        setup_id,
        list(codes),
    )
    await scope.execute(
        "DELETE FROM setup_points WHERE setup_id = $1 AND code <> ALL ($2::text[])",
        setup_id,
        list(codes),
    )


async def add_points(
    scope: NetworkScope,
    organisation_id: UUID,
    setup_id: UUID,
    points: Sequence[tuple[int, str, date]],
) -> None:
    """(position, code, due day); those that are there stay."""
    await scope.executemany(
        """
        INSERT INTO setup_points (id, tenant_id, setup_id, code, position, due_on, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, setup_id, code) DO NOTHING
        """,
        [
            (uuid7(), organisation_id, setup_id, code, position, due_on, scope.now)
            for position, code, due_on in points
        ],
    )


async def end_setup(
    scope: NetworkScope, setup_id: UUID, state: str, by: UUID | None, reason: str = ""
) -> None:
    await scope.execute(
        """
        UPDATE setups SET state = $2, ended_at = $3, ended_by = $4, ended_reason = $5,
          version = version + 1 WHERE id = $1
        """,
        setup_id,
        state,
        scope.now,
        by,
        reason,
    )


async def settle_points(scope: NetworkScope, setup_id: UUID) -> None:
    await scope.execute(
        "UPDATE setup_points SET state = 'open' WHERE setup_id = $1 AND state = 'undone'", setup_id
    )


async def open_desks(scope: NetworkScope, setup_id: UUID, today: date) -> int:
    return await scope.execute(
        """
        UPDATE desks SET state = 'active', opened_on = $2, version = version + 1
        WHERE setup_id = $1 AND state = 'setting_up'
        """,
        setup_id,
        today,
    )


async def close_desks(
    scope: NetworkScope, setup_id: UUID, today: date, only: Sequence[UUID] | None = None
) -> int:
    """Those that were never opened; `only` some of them where a set-up has several applications' desks."""
    return await scope.execute(
        """
        UPDATE desks SET state = 'closed', closed_on = $2, closed_reason = 'abandoned',
          version = version + 1
        WHERE setup_id = $1 AND state = 'setting_up' AND ($3::uuid[] IS NULL OR id = ANY($3))
        """,
        setup_id,
        today,
        list(only) if only is not None else None,
    )


async def has_desks(scope: NetworkScope, setup_id: UUID, *, but: Sequence[UUID] = ()) -> bool:
    """Some that have not been opened yet."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM desks
          WHERE setup_id = $1 AND state = 'setting_up' AND id <> ALL ($2::uuid[]))
        """,
        setup_id,
        list(but),
    )
    return found


async def abandoned_desks(scope: NetworkScope, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """(id, name) of those that never opened, as their set-up came to nothing; the newest first."""
    rows = await scope.fetch(
        """
        SELECT id, name FROM desks
        WHERE tenant_id = $1 AND state = 'closed' AND opened_on IS NULL
          AND closed_reason = 'abandoned' ORDER BY closed_on DESC, id DESC
        """,
        organisation_id,
    )
    return [(row[0], row[1]) for row in rows]


async def take_over_desks(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID, desk_ids: Sequence[UUID]
) -> int:
    """Desks of an abandoned set-up are set up by the new one."""
    return await scope.execute(
        """
        UPDATE desks SET state = 'setting_up', setup_id = $2, closed_on = NULL, closed_reason = NULL,
          version = version + 1
        WHERE tenant_id = $1 AND id = ANY($3::uuid[])
        """,
        organisation_id,
        setup_id,
        desk_ids,
    )


async def setup_of_application(
    scope: NetworkScope, application_id: UUID
) -> tuple[UUID, UUID] | None:
    """(organisation, set-up)."""
    row = await scope.fetchrow(
        "SELECT tenant_id, id FROM setups WHERE application_id = $1", application_id
    )
    return (row[0], row[1]) if row else None


async def began_with_application(scope: NetworkScope, setup_id: UUID) -> bool:
    """Rather than with an invitation of the Ente's."""
    found: bool = await scope.fetchval(
        "SELECT application_id IS NOT NULL FROM setups WHERE id = $1", setup_id
    )
    return found


async def setup_of_desk(scope: NetworkScope, desk_id: UUID) -> tuple[UUID, UUID] | None:
    """(organisation, set-up) of a desk that joined one."""
    row = await scope.fetchrow(
        "SELECT tenant_id, setup_id FROM desks WHERE id = $1 AND setup_id IS NOT NULL", desk_id
    )
    return (row[0], row[1]) if row else None
